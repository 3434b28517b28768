import type { FastifyReply } from 'fastify'
import { estimateTokens } from '../limits/estimate.ts'
import type { Limited, Limiter } from '../limits/limiter.ts'
import type { CallRecord } from '../upstream/record.ts'
import { atEnd } from './answered.ts'

/** A request that wants to come in. */
export interface Applicant {
  key: Limited
  body: unknown
  /** What will be known of it when it has ended. */
  record: CallRecord
  /** Aborts when nobody waits for it any more. */
  signal: AbortSignal
}

/** Throws 429 where the key has used up its limits; else settles with what was used at the answer's end. */
export async function admit(
  limiter: Limiter,
  { key, body, record, signal }: Applicant,
  reply: FastifyReply,
): Promise<void> {
  const tokens = key.tokensPerMinute === undefined ? 0 : estimateTokens(body)
  const { headers, settle: settleWith } = await record.waiting.for(limiter.admit(key, tokens))
  const settle = () => settleWith(toSpent(record))
  // Who has left meanwhile does not leave a second time.
  if (signal.aborted) settle()
  else atEnd(reply.raw, settle)
  reply.headers(headers)
}

/** What an answer has cost; nothing where nobody gave one, undefined where one did not say. */
function toSpent({ tokens, asks }: CallRecord): number | undefined {
  if (tokens !== undefined) return tokens.input + tokens.output
  return asks.every(({ failure }) => failure !== undefined && failure !== 'cancelled')
    ? 0
    : undefined
}
