import type { BackendsConfig, Config, EndpointConfig } from './config.ts'
import type { SignatureSource } from './translate/chat/signatures.ts'
import {
  type Backend,
  type Backends,
  createBackends,
  type NamedEndpoint,
} from './upstream/backend.ts'
import { endpointBackend } from './upstream/endpoint.ts'
import { geminiBackend, type GeminiSettings } from './upstream/gemini.ts'
import {
  developerGate,
  endpointUrl,
  toToken,
  vertexBase,
  vertexGate,
  vertexHeaders,
} from './upstream/google.ts'
import type { RetryBudget } from './upstream/budget.ts'
import { type Places, watchedPlaces } from './upstream/places.ts'
import type { RetrySettings } from './upstream/retry.ts'
import type { SignatureStore } from './upstream/signatures.ts'
import type { TokenSource } from './upstream/token.ts'
import type { Transport } from './upstream/transport.ts'

/** What every backend is made of. */
export interface Means {
  transport: Transport
  retry: RetrySettings
  budget: RetryBudget
  tokens: TokenSource
  signatures: SignatureStore
  countSignature: (source: SignatureSource) => void
  thoughts: Config['thoughts']
  /** Told of places of which one stands in for another. */
  onPlaces?: (gate: GeminiSettings['gate'], places: Places) => void
}

/** Google's own, as far as it is configured. */
export interface Google {
  vertex: Backend | undefined
  gemini: Backend | undefined
}

/** They know how healthy each place is, and so outlive a change of the other settings. */
export function toGoogle({ vertex, gemini }: BackendsConfig, means: Means): Google {
  const backend = (gate: GeminiSettings['gate']) => {
    const places = watchedPlaces(gate.places.length)
    means.onPlaces?.(gate, places)
    return geminiBackend({ ...means, gate, places })
  }
  return {
    vertex: vertex && backend(vertexGate({ ...vertex, apiVersion: 'v1beta1' }, means.tokens)),
    gemini: gemini && backend(developerGate(gemini)),
  }
}

/** Whom this configuration can reach. */
export function toBackends(
  config: BackendsConfig,
  means: Means,
  google: Google = toGoogle(config, means),
): Backends {
  const { vertex, endpoints, preferred } = config
  return createBackends({
    vertex: vertex &&
      google.vertex && {
        ...vertex,
        backend: google.vertex,
        partners: (model) => partnerBackend(vertex, model, means),
      },
    gemini: google.gemini && { backend: google.gemini },
    endpoints: endpoints.map((endpoint) => toNamedEndpoint(endpoint, vertex?.baseUrl, means)),
    preferred,
  })
}

function toNamedEndpoint(
  { name, model, at }: EndpointConfig,
  baseUrl: string | undefined,
  { transport, tokens }: Means,
): NamedEndpoint {
  if ('url' in at) {
    const headers: Record<string, string> =
      at.apiKey === undefined ? {} : { authorization: `Bearer ${at.apiKey}` }
    const backend = endpointBackend({
      url: `${at.url}/chat/completions`,
      // Not Google's: the client's Google credential is none of its business.
      headers: () => headers,
      renew: () => false,
      owner: () => 'gateway',
      model: model ?? name,
      provider: 'openai',
      transport,
    })
    return { name, place: undefined, backend }
  }
  const url = endpointUrl(at, at.host, baseUrl)
  return { name, place: at, backend: ofGoogle(url, model, transport, tokens) }
}

/** A partner's model: Google's own OpenAI endpoint serves it, by its full name. */
function partnerBackend(
  { project, location, baseUrl }: NonNullable<BackendsConfig['vertex']>,
  model: string,
  { transport, tokens }: Means,
): Backend {
  const base = vertexBase(location, baseUrl)
  const place = `projects/${encodeURIComponent(project)}/locations/${encodeURIComponent(location)}`
  const url = `${base}/v1beta1/${place}/endpoints/openapi/chat/completions`
  return ofGoogle(url, model, transport, tokens)
}

function ofGoogle(
  url: string,
  model: string | undefined,
  transport: Transport,
  tokens: TokenSource,
): Backend {
  return endpointBackend({
    url,
    headers: (credential) => vertexHeaders(credential, tokens),
    renew(refused) {
      tokens.forget(toToken(refused))
      return true
    },
    owner: (credential) => (credential === undefined ? 'gateway' : 'client'),
    model,
    provider: 'gcp.vertex_ai',
    transport,
  })
}
