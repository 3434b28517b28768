import type { Call } from '../call.ts'
import type { GenerationConfig } from '../request.ts'
import type { LogprobsResult, TokenProbability } from '../response.ts'
import type { Saying } from './saying.ts'

/** Probabilities for a stretch of text, if the request asks for them. */
export function logprobsOf(
  text: string,
  { responseLogprobs, logprobs = 0 }: GenerationConfig = {},
): LogprobsResult | undefined {
  if (!responseLogprobs || text === '') return undefined
  const chosenCandidates = tokens(text).map((token) => probability(token, 0))
  const topCandidates = chosenCandidates.map((chosen) => ({
    candidates: [
      chosen,
      ...Array.from({ length: logprobs - 1 }, (_, i) => probability(`alt${i + 1}`, i + 1)),
    ],
  }))
  return logprobs > 0 ? { chosenCandidates, topCandidates } : { chosenCandidates }
}

/** The mean over a stretch of text. */
export function avgLogprobs({ chosenCandidates }: LogprobsResult): number {
  const sum = chosenCandidates.reduce((total, { logProbability }) => total + logProbability, 0)
  return sum / chosenCandidates.length
}

function tokens(text: string): string[] {
  return text.match(/\s*\S{1,6}|\s+$/gu) ?? []
}

// Unlikely by rank, and by length for variety.
function probability(token: string, rank: number): TokenProbability {
  const tokenId = Array.from(token).reduce(
    (sum, letter) => sum * 7 + (letter.codePointAt(0) ?? 0),
    0,
  )
  return { token, tokenId: tokenId % 200_000, logProbability: -(rank * 2 + token.length / 100) }
}

/** Probabilities nobody asked for: whole answers of 2.0, and those of Vertex AI up to 3.0, have a mean. */
export function unaskedAverage(
  { thoughts, steps, text, media, calls, sources }: Saying,
  { backend, model }: Call,
): number | undefined {
  const tells = model.generation < 2.5 || (backend === 'vertex' && model.generation <= 3)
  const isPlain = [thoughts.summaries, steps, media].every(({ length }) => length === 0)
  if (!isPlain || sources) return undefined
  const said = text + calls.map(({ name = '' }) => name).join('')
  if (!tells || said === '') return undefined
  return avgLogprobs({ chosenCandidates: tokens(said).map((token) => probability(token, 0)) })
}
