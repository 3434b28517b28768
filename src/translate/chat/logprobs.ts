import type { LogprobsCandidate, LogprobsResult } from '../gemini.ts'

export interface Logprobs {
  content: TokenLogprob[] | null
  refusal: null
}

export interface TokenLogprob extends TokenChance {
  top_logprobs: TokenChance[]
}

interface TokenChance {
  token: string
  logprob: number
  /** UTF-8; null for a token that is only a piece of a character. */
  bytes: number[] | null
}

/** Gemini's log probabilities in OpenAI's arrays, with `top` alternatives for each token. */
export function toLogprobs(result: LogprobsResult | undefined, top: number): Logprobs | null {
  if (result?.chosenCandidates === undefined) return null
  const content = result.chosenCandidates.map((chosen, at) => ({
    ...toChance(chosen),
    top_logprobs: (result.topCandidates?.[at]?.candidates ?? []).slice(0, top).map(toChance),
  }))
  return { content, refusal: null }
}

/** A log probability of 0 is left out on Gemini's wire, one of minus infinity comes as null. */
function toChance({ token: said, logProbability = 0 }: LogprobsCandidate): TokenChance {
  const token = typeof said === 'string' ? said : ''
  const whole = !token.includes('\uFFFD')
  return {
    token,
    logprob: Number.isFinite(logProbability) ? logProbability : -9999,
    bytes: whole ? [...new TextEncoder().encode(token)] : null,
  }
}
