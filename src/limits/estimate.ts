/** What a request without a limit of its own is thought to answer. */
const usualAnswer = 1_000

/** No model answers more. */
const longestAnswer = 65_536

const bytesPerToken = 4

/** Tokens of a part of a message, by its type: they are not counted by their bytes. */
const media: Record<string, number> = {
  // As Gemini 3 sees it by default.
  image_url: 1_120,
  // A minute.
  input_audio: 1_920,
  audio_url: 1_920,
  video_url: 6_000,
  // Ten pages.
  file: 5_600,
}

/**
 * How many tokens a body of `/chat/completions` may use, its answer included: roughly, without a
 * tokenizer, in one walk. A quarter of the bytes of its texts, a fixed number for each picture, sound,
 * video and file, and `max_completion_tokens` (1,000 where it is not given) for each of `n` answers.
 */
export function estimateTokens(body: unknown): number {
  const { max_completion_tokens, max_tokens, n } = toFields(body)
  const longest = toCount(max_completion_tokens) ?? toCount(max_tokens) ?? usualAnswer
  const answers = Math.min(toCount(n) ?? 1, 8)
  return weigh(body) + answers * Math.min(longest, longestAnswer)
}

/** A body may be nested deeply, so there is no recursion. */
function weigh(body: unknown): number {
  let bytes = 0
  let tokens = 0
  const waiting: unknown[] = [body]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value === 'string') bytes += Buffer.byteLength(value)
    else if (Array.isArray(value)) for (const item of value) waiting.push(item)
    else if (typeof value === 'object' && value !== null) {
      const fields = toFields(value)
      const weight = typeof fields.type === 'string' ? mediaWeight(fields.type) : undefined
      if (weight === undefined) for (const name in fields) waiting.push(name, fields[name])
      else tokens += weight
    } else bytes += bytesPerToken
  }
  return tokens + Math.ceil(bytes / bytesPerToken)
}

function mediaWeight(type: string): number | undefined {
  return Object.hasOwn(media, type) ? media[type] : undefined
}

function toFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.ceil(value) : undefined
}
