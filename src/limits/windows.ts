import RateLimiterMemory from 'rate-limiter-flexible/lib/RateLimiterMemory.js'
import RateLimiterRedis from 'rate-limiter-flexible/lib/RateLimiterRedis.js'
import type { RateLimiterRes } from 'rate-limiter-flexible'
import type { Redis } from '../redis.ts'

/** So much of something in a minute. */
export interface Limit {
  kind: 'requests' | 'tokens'
  /** Of the key. */
  name: string
  most: number
}

/** What was taken of a limit, or was not. */
export interface Use {
  limit: Limit
  taken: number
  fits: boolean
  /** What is counted in the minute, with this where it fits. */
  used: number
  /** Until the minute is over and the limit is whole again. */
  endsInMs: number
  /** Puts what it really was in place of what was taken; once. */
  correct(amount: number): Promise<void>
}

/** Counts uses of limits. A key's minute begins with its first use. */
export interface Windows {
  /** Takes so much, or nothing where that is not left. */
  take(limit: Limit, amount: number): Promise<Use>
  /** Counts what was taken elsewhere, whether it fits or not. */
  note(limit: Limit, amount: number): Promise<Use>
}

/** In this process alone. */
export function memoryWindows(seconds: number): Windows {
  const limiters = {
    requests: new RateLimiterMemory({ ...unlimited, duration: seconds, keyPrefix: 'requests' }),
    tokens: new RateLimiterMemory({ ...unlimited, duration: seconds, keyPrefix: 'tokens' }),
  }
  // Looking and taking are two steps, and nobody may come between them.
  let last: Promise<unknown> = Promise.resolve()
  return toWindows(
    (limit, amount) => {
      const taken = last.then(() => takeWhatFits(limit, amount))
      last = taken
      return taken
    },
    ({ kind, name }, amount) => limiters[kind].penalty(name, amount),
  )

  async function takeWhatFits({ kind, name, most }: Limit, amount: number): Promise<Counted> {
    const counted = await limiters[kind].get(name)
    const left = counted?.msBeforeNext ?? 0
    const used = left > 0 ? (counted?.consumedPoints ?? 0) : 0
    if (used + amount <= most) return limiters[kind].penalty(name, amount)
    return { consumedPoints: used + amount, msBeforeNext: left > 0 ? left : seconds * 1000 }
  }
}

/** Shared through Redis. What is asked of it rejects where Redis is away, but for corrections. */
export function redisWindows(redis: Redis, seconds: number): Windows {
  const limiters = new Map<string, RateLimiterRedis>()
  return toWindows(
    (limit, amount) => limiterOf(limit.kind, limit.most).consume(limit.name, amount).catch(orThrow),
    ({ kind, name }, amount) => limiterOf(kind, unlimited.points).penalty(name, amount),
    (correction) => redis.ask(correction, undefined),
  )

  /** They hold no count of their own; there is one for each limit that somebody has. */
  function limiterOf(kind: Limit['kind'], points: number): RateLimiterRedis {
    const known = limiters.get(`${kind} ${points}`)
    if (known !== undefined) return known
    const limiter = new RateLimiterRedis({
      storeClient: redis.client,
      useRedisPackage: true,
      customIncrTtlLuaScript: takeWhatFitsScript,
      keyPrefix: `pollux:limit:${kind}`,
      duration: seconds,
      points,
    })
    limiters.set(`${kind} ${points}`, limiter)
    return limiter
  }
}

const unlimited = { points: Number.MAX_SAFE_INTEGER }

/**
 * In place of the library's own, which counts what it refuses as well: a request that is too large for what
 * is left must not keep out smaller ones. A minute that is over takes no tokens back.
 */
const takeWhatFitsScript = `
local amount = tonumber(ARGV[1])
local left = redis.call('pttl', KEYS[1])
local used = amount
if left > 0 then used = used + tonumber(redis.call('get', KEYS[1])) end
if used > tonumber(ARGV[3]) then
  return {used, left > 0 and left or ARGV[2] * 1000}
end
if left > 0 then
  redis.call('incrby', KEYS[1], amount)
  return {used, left}
end
if amount > 0 then redis.call('set', KEYS[1], amount, 'EX', ARGV[2]) end
return {used, ARGV[2] * 1000}
`

type Counted = Pick<RateLimiterRes, 'consumedPoints' | 'msBeforeNext'>

type Count = (limit: Limit, amount: number) => Promise<Counted>

/** The library rejects with what it counted where that is too much. */
function orThrow(reason: unknown): Counted {
  if (reason instanceof Error) throw reason
  // All that it rejects with besides errors.
  return reason as Counted
}

/** So long before the end of a minute nothing is given back: it might come to the next one. */
const lastMomentMs = 500

function toWindows(
  take: Count,
  count: Count,
  correctly: (correction: () => Promise<unknown>) => Promise<unknown> = (correction) =>
    correction(),
): Windows {
  return {
    take: async (limit, amount) => toUse(limit, amount, await take(limit, amount)),
    note: async (limit, amount) => toUse(limit, amount, await count(limit, amount)),
  }

  function toUse(limit: Limit, taken: number, counted: Counted): Use {
    const { consumedPoints, msBeforeNext: endsInMs } = counted
    const fits = consumedPoints <= limit.most
    const endsAt = performance.now() + endsInMs
    return {
      limit,
      taken,
      fits,
      used: fits ? consumedPoints : consumedPoints - taken,
      endsInMs,
      async correct(amount) {
        const more = amount - taken
        // What is less than was taken belongs to its own minute; what is more was used in any case.
        const counts = more > 0 || (more < 0 && performance.now() < endsAt - lastMomentMs)
        if (counts) await correctly(() => count(limit, more))
      },
    }
  }
}
