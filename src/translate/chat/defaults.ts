import type { JsonObject } from '../gemini.ts'
import { isObject, lookUp } from '../json.ts'
import { mergeDeep, toCamel } from './google.ts'

/** Parameters of a chat completion that the operator gives; members of `extra_body` beside the others. */
export type Defaults = Readonly<Record<string, unknown>>

/** Parameters that say the same in different words: where the client says one, no default says another. */
const synonyms: readonly (readonly string[])[] = [
  ['max_tokens', 'max_completion_tokens'],
  ['tools', 'functions'],
  ['tool_choice', 'function_call'],
]

/** Under `google` or its `generation_config`, what says the same as a parameter of OpenAI's. */
const inGoogle: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  topP: 'top_p',
  topK: 'top_k',
  candidateCount: 'n',
  maxOutputTokens: 'max_completion_tokens',
  stopSequences: 'stop',
  seed: 'seed',
  presencePenalty: 'presence_penalty',
  frequencyPenalty: 'frequency_penalty',
  responseLogprobs: 'logprobs',
  logprobs: 'top_logprobs',
  responseMimeType: 'response_format',
  responseSchema: 'response_format',
  responseJsonSchema: 'response_format',
  responseModalities: 'modalities',
  speechConfig: 'audio',
  toolConfig: 'tool_choice',
  serviceTier: 'service_tier',
}

/**
 * A request with defaults where it says nothing, in any words; `null` is nothing, as everywhere. What
 * stands under `google` is merged with what the client put there.
 */
export function withDefaults(body: unknown, defaults: Defaults): unknown {
  if (!isObject(body) || Object.keys(defaults).length === 0) return body
  const said = saidIn(body)
  const { google, ...others } = defaults
  const unsaid = Object.entries(others).filter(([name]) => !said.has(name))
  const filled = { ...body, ...Object.fromEntries(unsaid) }
  if (!isObject(google)) return filled
  const given = toCamel(google) as JsonObject
  const { generationConfig } = given
  const ours = {
    ...unsaidOf(given, said),
    ...(isObject(generationConfig) && { generationConfig: unsaidOf(generationConfig, said) }),
  }
  // All that the client says in any of the places for it is read after this one, and wins.
  const theirs = isObject(body.google) ? (toCamel(body.google) as JsonObject) : {}
  return { ...filled, google: mergeDeep(ours, theirs) }
}

/** The parameters that a client says, in any words for them. */
function saidIn(body: JsonObject): Set<string> {
  const outer = isObject(body.extra_body) ? body.extra_body : {}
  const inner = isObject(outer.extra_body) ? outer.extra_body : {}
  const said = namesIn(body)
  for (const google of [body.google, outer.google, inner.google].map(toCamel).filter(isObject)) {
    for (const config of [google, google.generationConfig].filter(isObject)) {
      said.push(...namesIn(config).flatMap((name) => lookUp(inGoogle, name) ?? []))
      if (saysHowLong(config.thinkingConfig)) said.push('reasoning_effort')
    }
  }
  const synonymous = synonyms.filter((words) => words.some((word) => said.includes(word)))
  return new Set([...said, ...synonymous.flat()])
}

function namesIn(object: JsonObject): string[] {
  return Object.keys(object).filter((name) => object[name] !== undefined && object[name] !== null)
}

/** Whether it says how long to think, in Google's words; to show it is another matter. */
function saysHowLong(config: unknown): boolean {
  return (
    isObject(config) && (config.thinkingBudget !== undefined || config.thinkingLevel !== undefined)
  )
}

/** What of Google's own parameters the client does not say in OpenAI's words. */
function unsaidOf(given: JsonObject, said: ReadonlySet<string>): JsonObject {
  const { thinkingConfig, ...others } = given
  const unsaid = Object.entries(others).filter(([name]) => {
    const word = lookUp(inGoogle, name)
    return word === undefined || !said.has(word)
  })
  const thinking = said.has('reasoning_effort') ? onlyShown(thinkingConfig) : thinkingConfig
  return {
    ...Object.fromEntries(unsaid),
    ...(thinking !== undefined && { thinkingConfig: thinking }),
  }
}

/** Whether thoughts are shown is another question than how long they may be. */
function onlyShown(config: unknown): JsonObject | undefined {
  if (!isObject(config) || config.includeThoughts === undefined) return undefined
  return { includeThoughts: config.includeThoughts }
}
