import { ApiError, brief, type SpentLimit } from '../errors.ts'
import type { Limited } from './limiter.ts'
import type { Use } from './windows.ts'

const full = {
  requests: 'requests per min (RPM)',
  tokens: 'tokens per min (TPM)',
}

/** 429: a limit per minute is used up, or what is left of it is too little. */
export function usedUp(use: Use): ApiError {
  const { limit, taken: requested, used, endsInMs } = use
  const { kind, name, most } = limit
  const message = `Rate limit reached for ${brief(name)} on ${full[kind]}: Limit ${most}, Used ${used}, Requested ${requested}.`
  return refusal(`${kind}_per_minute`, message, endsInMs, toHeaders([use]))
}

/** Nobody knows when one of them ends; OpenAI's SDKs wait longer each time. */
const placeMs = 1_000

/** 429: as many requests as the key may have at the same time are running. */
export function allTaken({ name, parallelRequests }: Limited): ApiError {
  const message = `Rate limit reached for ${brief(name)} on parallel requests: Limit ${parallelRequests}, Used ${parallelRequests}, Requested 1.`
  return refusal('parallel_requests', message, placeMs)
}

/** 429: not even a whole minute has so many tokens, so that trying again is in vain. */
export function tooLarge({ name, tokensPerMinute }: Limited, requested: number): ApiError {
  return new ApiError(
    429,
    'tokens',
    `Request too large for ${brief(name)} on ${full.tokens}: Limit ${tokensPerMinute}, Requested ${requested}. Shorten the messages, or lower max_completion_tokens.`,
    { code, turnedAway: 'tokens_per_minute', headers: { 'x-should-retry': 'false' } },
  )
}

const code = 'rate_limit_exceeded'

function refusal(
  turnedAway: SpentLimit,
  message: string,
  waitMs: number,
  limits: Record<string, string> = {},
): ApiError {
  const ms = Math.max(1, Math.ceil(waitMs))
  const seconds = Math.ceil(ms / 1000)
  const type = turnedAway === 'tokens_per_minute' ? 'tokens' : 'requests'
  return new ApiError(429, type, `${message} Please try again in ${toDuration(ms)}.`, {
    code,
    turnedAway,
    headers: { ...limits, 'retry-after': String(seconds), 'retry-after-ms': String(ms) },
  })
}

/** OpenAI's headers about the limits that were asked. */
export function toHeaders(uses: Use[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const { limit, used, endsInMs } of uses) {
    const { kind, most } = limit
    headers[`x-ratelimit-limit-${kind}`] = String(most)
    headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, most - used))
    headers[`x-ratelimit-reset-${kind}`] = toDuration(endsInMs)
  }
  return headers
}

/** A time as OpenAI writes it: `120ms`, `7.66s`, `6m0s`. */
export function toDuration(ms: number): string {
  const whole = Math.ceil(ms)
  if (whole < 1000) return `${whole}ms`
  const minutes = Math.floor(whole / 60_000)
  const seconds = `${(whole % 60_000) / 1000}s`
  return minutes === 0 ? seconds : `${minutes}m${seconds}`
}
