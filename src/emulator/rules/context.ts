import type { Call } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { promptTokens } from '../says/usage.ts'

/** Refuses what is longer than the model reads, by the emulator's own count. */
export function checkContext(call: Call): void {
  const { inputTokenLimit } = call.model
  const count = promptTokens(call).reduce((sum, { tokenCount }) => sum + tokenCount, 0)
  if (count > inputTokenLimit) throw tooLong[call.backend](count, inputTokenLimit)
}

const tooLong = {
  'gemini-api': (count: number, limit: number) =>
    invalidArgument(
      `The input token count (${count}) exceeds the maximum number of tokens allowed (${limit}).`,
    ),
  vertex: (count: number, limit: number) =>
    invalidArgument(
      `Unable to submit request because the input token count is ${count} but model only supports up to ${limit}. Reduce the input token count and try again. You can also use the CountTokens API to calculate prompt token count and billable characters. Learn more: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/models`,
    ),
}
