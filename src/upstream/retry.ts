import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../errors.ts'

export interface RetrySettings {
  /** How often a request is sent again at the most; 0 for never. */
  retries: number
  /** From 0 to 1: spreads the tries of many clients. */
  random: () => number
}

/** Statuses after which another try may well succeed. Source: the retry policy of Google's own SDK. */
const passing = new Set([408, 429, 500, 502, 503, 504])

/** What has one of these statuses and yet will not pass, or has cost its time already. */
const lasting = new Set([
  'insufficient_quota',
  'upstream_authentication_error',
  'upstream_timeout',
  'upstream_idle_timeout',
  'credentials_unavailable',
])

const longestWaitMs = 10_000
const longestPauseMs = 8_000

/**
 * Milliseconds until the next try; undefined where there is to be none: the failure is not of the
 * passing kind, there were enough tries, or Google asks for a longer wait than a client has patience
 * for. `elsewhere` says that another location is asked next, which need not wait.
 */
export function waitBefore(
  error: ApiError,
  tries: number,
  waited: number,
  elsewhere: boolean,
  { retries, random }: RetrySettings,
): number | undefined {
  if (tries > retries) return undefined
  // Another place may have another key, and another quota.
  if (elsewhere && (isSpent(error) || error.status === 403)) return 0
  if (!passing.has(error.status) || lasting.has(error.code ?? '')) return undefined
  if (elsewhere) return 0
  const asked = Number(error.headers['retry-after-ms'] ?? Number.NaN)
  // Vertex AI asks for a second at least, where it asks for patience without saying how much.
  const least = error.status === 429 ? 1_000 : 0
  const pause = Math.max(least, random() * Math.min(longestPauseMs, 500 * 2 ** tries))
  const wait = Number.isNaN(asked) ? pause : asked
  return waited + wait <= longestWaitMs ? wait : undefined
}

/** A key that Google does not take, or a quota that is used up: waiting does not help. */
export function isSpent({ code }: ApiError): boolean {
  return code === 'upstream_authentication_error' || code === 'insufficient_quota'
}

/** Waits, unless the client leaves. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal })
}

/** A failure that stayed: OpenAI's SDKs would try twice more each, on top of our tries. */
export function exhausted(error: ApiError, tries: number): ApiError {
  const { status, type, message, code, param, google, cause } = error
  const headers = {
    ...error.headers,
    'x-pollux-attempts': String(tries),
    ...(status >= 500 && { 'x-should-retry': 'false' }),
  }
  return new ApiError(status, type, message, {
    code: code ?? undefined,
    param: param ?? undefined,
    google,
    cause,
    headers,
  })
}
