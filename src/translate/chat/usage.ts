import type { ModalityTokens, UsageMetadata } from '../gemini.ts'
import { isObject } from '../json.ts'

/** OpenAI's usage; every number is present, because typed clients stumble over null. */
export interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: Record<string, number>
  completion_tokens_details: Record<string, number>
  extra_properties?: { google: { traffic_type: string } }
}

/** Tokens by kind, as they are billed: cached ones are among the input, reasoning ones among the output. */
export interface Tokens {
  input: number
  cached: number
  output: number
  reasoning: number
}

/** What an answer has told of its cost; undefined until it has told anything. */
export function toTokens(usage: UsageMetadata | undefined): Tokens | undefined {
  // Vertex AI's first events have a `usageMetadata` without a count.
  if (usage?.promptTokenCount === undefined) return undefined
  const { candidatesTokenCount = 0, thoughtsTokenCount = 0 } = usage
  return {
    input: usage.promptTokenCount + (usage.toolUsePromptTokenCount ?? 0),
    cached: usage.cachedContentTokenCount ?? 0,
    output: candidatesTokenCount + thoughtsTokenCount,
    reasoning: thoughtsTokenCount,
  }
}

/** The same from the `usage` of somebody who speaks OpenAI. */
export function readTokens(usage: unknown): Tokens | undefined {
  if (!isObject(usage)) return undefined
  const input = toCount(usage.prompt_tokens)
  if (input === undefined) return undefined
  const { prompt_tokens_details: asked, completion_tokens_details: answered } = usage
  return {
    input,
    cached: (isObject(asked) ? toCount(asked.cached_tokens) : undefined) ?? 0,
    output: toCount(usage.completion_tokens) ?? 0,
    reasoning: (isObject(answered) ? toCount(answered.reasoning_tokens) : undefined) ?? 0,
  }
}

/**
 * `completion_tokens` includes the thinking, as OpenAI counts, so that prompt and completion make
 * the total; Google's own endpoint leaves it out.
 */
export function toUsage(usage: UsageMetadata): Usage {
  const { promptTokenCount = 0, toolUsePromptTokenCount = 0, candidatesTokenCount = 0 } = usage
  const { thoughtsTokenCount = 0, cachedContentTokenCount = 0, trafficType } = usage
  const prompt = promptTokenCount + toolUsePromptTokenCount
  const completion = candidatesTokenCount + thoughtsTokenCount
  const asked = usage.promptTokensDetails
  const answered = usage.candidatesTokensDetails
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: usage.totalTokenCount ?? prompt + completion,
    prompt_tokens_details: {
      cached_tokens: cachedContentTokenCount,
      audio_tokens: tokensOf('AUDIO', asked),
      ...present('image_tokens', tokensOf('IMAGE', asked)),
      ...present('text_tokens', tokensOf('TEXT', asked)),
    },
    completion_tokens_details: {
      reasoning_tokens: thoughtsTokenCount,
      audio_tokens: tokensOf('AUDIO', answered),
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
      ...present('image_tokens', tokensOf('IMAGE', answered)),
    },
    ...(trafficType !== undefined && {
      extra_properties: { google: { traffic_type: trafficType } },
    }),
  }
}

/**
 * What is known after one more event. Counts are cumulative, so the newest of each field holds;
 * Vertex AI's events before the last carry `trafficType` only.
 */
export function mergeUsage(
  known: UsageMetadata | undefined,
  news: UsageMetadata | undefined,
): UsageMetadata | undefined {
  return news === undefined ? known : { ...known, ...withNumbers(news) }
}

/** What is no count, list or word is left out, so that it cannot reach a client as one. */
function withNumbers(usage: UsageMetadata): UsageMetadata {
  const said: [string, unknown][] = []
  for (const [key, value] of Object.entries(usage)) {
    const read = key.endsWith('Count') ? toCount(value) : toWord(value)
    if (read !== undefined) said.push([key, read])
  }
  return Object.fromEntries(said)
}

/** Counts are int64, which JSON may also write as strings. */
function toCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

function toWord(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter(isObject).map((one) => withNumbers(one))
  return typeof value === 'string' ? value : undefined
}

function tokensOf(modality: string, details: ModalityTokens[] | undefined): number {
  return (details ?? [])
    .filter((detail) => detail.modality === modality)
    .reduce((sum, detail) => sum + (detail.tokenCount ?? 0), 0)
}

function present(name: string, tokens: number): Record<string, number> {
  return tokens > 0 ? { [name]: tokens } : {}
}
