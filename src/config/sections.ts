import type { KeyConfig } from '../key.ts'
import { digestOf } from '../key.ts'
import type { ModelConfig, Price } from '../config.ts'
import type { WrittenEndpoint } from '../environment.ts'
import { isObject } from '../translate/json.ts'
import { toExpiry } from './expiry.ts'
import type { Sections } from './schema.ts'

/** The file's sections in the program's own words. */
export interface FileSettings {
  models: ModelConfig[]
  endpoints: Record<string, WrittenEndpoint>
  keys: KeyConfig[]
  prices: Record<string, Price>
}

export function toSettings({ models, endpoints, keys, prices }: Sections): FileSettings {
  return {
    models: Object.entries(models).map(([name, given]) => toModel(name, given)),
    endpoints: Object.fromEntries(
      Object.entries(endpoints).map(([name, given]) => [name, toEndpoint(given)]),
    ),
    keys: keys.map(toKey),
    prices: Object.fromEntries(
      Object.entries(prices).map(([name, price]) => [name, toPrice(price)]),
    ),
  }
}

function toModel(name: string, given: Sections['models'][string]): ModelConfig {
  if (typeof given === 'string') return { name, targets: [given], defaults: {}, price: undefined }
  if (Array.isArray(given)) return { name, targets: given, defaults: {}, price: undefined }
  const { targets, defaults = {}, price } = given
  return { name, targets, defaults: spread(defaults), price: price && toPrice(price) }
}

/** Members of `extra_body` beside the others, as OpenAI's SDK sends them. */
function spread({ extra_body, ...others }: Record<string, unknown>): Record<string, unknown> {
  if (extra_body === undefined) return others
  return isObject(extra_body) ? { ...extra_body, ...others } : { ...others, extra_body }
}

function toPrice({ input, cached_input, output }: Sections['prices'][string]): Price {
  return { input, cachedInput: cached_input ?? input, output }
}

function toEndpoint(given: Sections['endpoints'][string]): WrittenEndpoint {
  if (!('url' in given)) return given
  return { url: given.url, apiKey: given.api_key, model: given.model }
}

function toKey(given: Sections['keys'][number]): KeyConfig {
  return {
    name: given.name,
    // Whether one of them is there is looked at with the other mistakes.
    sha256: given.sha256?.toLowerCase() ?? digestOf(given.key ?? ''),
    models: given.models,
    requestsPerMinute: given.requests_per_minute,
    tokensPerMinute: given.tokens_per_minute,
    parallelRequests: given.parallel_requests,
    expires: given.expires === undefined ? undefined : toExpiry(given.expires),
  }
}
