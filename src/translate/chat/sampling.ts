import { z } from 'zod'
import { invalidRequest } from '../../errors.ts'
import type { Abilities } from '../abilities.ts'
import type { GenerationConfig } from '../gemini.ts'
import { optional } from '../parse.ts'

/** How the answer is drawn, how long it may get, and how many there are. */
export const sampling = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),
  top_k: optional(z.number().min(1)),
  n: optional(z.int().min(1).max(8, 'Invalid value of n: should be between 1 and 8.')),
  max_tokens: optional(z.int().min(1)),
  max_completion_tokens: optional(z.int().min(1)),
  stop: optional(
    z.union([z.string(), z.array(z.string())], 'Expected a string or an array of strings.'),
  ),
  seed: optional(z.int()),
  presence_penalty: optional(z.number().min(-2).max(2)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.int().min(0).max(20)),
}

const fragment = z.object(sampling)
export type Sampling = z.output<typeof fragment>

/** Throws 400 where two of the parameters contradict each other. */
export function toSampling(request: Sampling, can: Abilities): GenerationConfig {
  const { temperature, top_p, top_k, n, max_tokens, max_completion_tokens, stop, seed, ...rest } =
    request
  const { presence_penalty, frequency_penalty, logprobs, top_logprobs, ...forgotten } = rest
  forgotten satisfies Record<string, never>
  if (top_logprobs !== undefined && logprobs !== true) {
    throw invalidRequest('Set logprobs to true to use top_logprobs.', 'top_logprobs')
  }
  return {
    temperature: can.sampling ? temperature : undefined,
    topP: can.sampling ? top_p : undefined,
    topK: can.sampling ? top_k : undefined,
    candidateCount: n !== undefined && n > 1 && can.candidates ? n : undefined,
    maxOutputTokens: max_completion_tokens ?? max_tokens,
    stopSequences: toStopSequences(stop),
    // Gemini's seed is an int32; a longer one is folded, so that equal seeds stay equal.
    seed: seed === undefined ? undefined : Number(BigInt.asIntN(32, BigInt(seed))),
    presencePenalty: toPenalty(presence_penalty, can),
    frequencyPenalty: toPenalty(frequency_penalty, can),
    responseLogprobs: logprobs === true ? true : undefined,
    logprobs: top_logprobs,
  }
}

function toStopSequences(stop: string | string[] | undefined): string[] | undefined {
  const sequences = (typeof stop === 'string' ? [stop] : (stop ?? [])).filter((text) => text !== '')
  if (sequences.length > 5) {
    throw invalidRequest('Gemini takes at most 5 stop sequences; send fewer.', 'stop')
  }
  return sequences.length > 0 ? sequences : undefined
}

/** Models that know no penalties refuse even a zero; those that do stop just short of 2. */
function toPenalty(penalty: number | undefined, can: Abilities): number | undefined {
  if (penalty === undefined || (penalty === 0 && !can.penalties)) return undefined
  return Math.min(penalty, 1.99)
}
