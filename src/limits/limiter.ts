import type { RedisLog } from '../redis.ts'

/** A key, as far as it is limited; undefined where it is not. */
export interface Limited {
  /** For sentences and counters: limits are counted by it. */
  name: string
  requestsPerMinute: number | undefined
  tokensPerMinute: number | undefined
  parallelRequests: number | undefined
}

/** Lets as many requests in as their keys may send. */
export interface Limiter {
  /**
   * Lets a request in, or rejects with ApiError 429 in OpenAI's shape, with when to come back. `tokens` is
   * an estimate of what it will use. A request that is refused is not counted.
   */
  admit(key: Limited, tokens: number): Promise<Admission>
  /** When the last request has been settled: frees everything. */
  close(): Promise<void>
}

/** A request that was let in. */
export interface Admission {
  /** `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, for the limits that the key has. */
  headers: Record<string, string>
  /**
   * At the request's end, however it ended; a second time does nothing. `tokens` is what it really
   * used, 0 where no model was asked. Where that is undefined, because nobody knows, the estimate
   * stays counted.
   */
  settle: (tokens: number | undefined) => void
}

export interface LimiterSettings {
  /** Where limits are shared; without it each process counts for itself. */
  redisUrl: string | undefined
  log: RedisLog
  /** The length of a minute, in whole seconds; default 60. */
  windowSeconds?: number
  /** How long Redis holds the places of a process of which it hears nothing, in ms; default 15,000. */
  leaseMs?: number
}

/** Whether there is anything to ask a limiter about; for all other keys it costs nothing. */
export function isLimited(key: Limited): boolean {
  return (
    key.requestsPerMinute !== undefined ||
    key.tokensPerMinute !== undefined ||
    key.parallelRequests !== undefined
  )
}

/** A limiter whose parts, and whose connection to Redis, are loaded with the first key that needs them. */
export function lazyLimiter(settings: LimiterSettings): Limiter & {
  /** Loads them now, so that no request has to wait for it. */
  load(): Promise<void>
} {
  let opening: Promise<Limiter> | undefined
  let opened: Limiter | undefined
  return {
    admit: (key, tokens) =>
      opened === undefined
        ? open().then((limiter) => limiter.admit(key, tokens))
        : opened.admit(key, tokens),
    load: async () => void (await open()),
    close: async () => (await opening)?.close(),
  }

  function open(): Promise<Limiter> {
    opening ??= import('./gate.ts').then(async ({ openGate }) => {
      opened = await openGate(settings)
      return opened
    })
    return opening
  }
}
