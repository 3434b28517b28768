/** What a request without a limit of its own is thought to answer. */
const usualAnswer = 1_000

/** No model answers more. */
const longestAnswer = 65_536

const bytesPerToken = 4

/** Tokens of what a part of a message carries, and in which of its members: not counted by their bytes. */
const media: Record<string, { member: string; tokens: number }> = {
  // As Gemini 3 sees it by default.
  image_url: { member: 'image_url', tokens: 1_120 },
  input_image: { member: 'image_url', tokens: 1_120 },
  // A minute.
  input_audio: { member: 'input_audio', tokens: 1_920 },
  audio_url: { member: 'audio_url', tokens: 1_920 },
  video_url: { member: 'video_url', tokens: 6_000 },
  input_video: { member: 'video_url', tokens: 6_000 },
  // Ten pages.
  file: { member: 'file', tokens: 5_600 },
}

/** More choices than any model gives. */
const mostAnswers = 128

/**
 * How many tokens a body of `/chat/completions` may use, its answer included: roughly, without a
 * tokenizer, in one walk. A quarter of the bytes of its texts, a fixed number for each picture, sound,
 * video and file, and `max_completion_tokens` (or Google's own word for it; 1,000 where neither is given) for
 * each of `n` answers.
 */
export function estimateTokens(body: unknown): number {
  const { max_completion_tokens, max_tokens, n, extra_body } = toFields(body)
  const { generation_config } = toFields(toFields(extra_body).google)
  const { max_output_tokens } = toFields(generation_config)
  const longest =
    toCount(max_output_tokens) ??
    toCount(max_completion_tokens) ??
    toCount(max_tokens) ??
    usualAnswer
  const answers = Math.min(toCount(n) ?? 1, mostAnswers)
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
      const carried = typeof fields.type === 'string' ? toMedia(fields.type) : undefined
      tokens += carried?.tokens ?? 0
      for (const name in fields) {
        const weighed = carried !== undefined && (name === 'type' || name === carried.member)
        if (!weighed) waiting.push(name, fields[name])
      }
    } else bytes += bytesPerToken
  }
  return tokens + Math.ceil(bytes / bytesPerToken)
}

function toMedia(type: string): { member: string; tokens: number } | undefined {
  return Object.hasOwn(media, type) ? media[type] : undefined
}

function toFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function toCount(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.ceil(value) : undefined
}
