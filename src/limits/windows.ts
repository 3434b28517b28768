import MemoryStorage from 'rate-limiter-flexible/lib/component/MemoryStorage/MemoryStorage.js'
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
  correct: (amount: number) => void
}

/** Counts uses of limits. A key's minute begins with its first use. */
export interface Windows {
  /** Takes so much, or nothing where that is not left. */
  take(limit: Limit, amount: number): Use | Promise<Use>
}

export interface OwnWindows extends Windows {
  take(limit: Limit, amount: number): Use
  /** Counts what was taken elsewhere, whether it fits or not. */
  note(limit: Limit, amount: number): Use
}

/** In this process alone. At once: nobody comes between looking and taking. */
export function ownWindows(seconds: number): OwnWindows {
  const counts = { requests: new MemoryStorage(), tokens: new MemoryStorage() }
  return {
    take(limit, amount) {
      const counted = counts[limit.kind].get(limit.name)
      const left = counted?.msBeforeNext ?? 0
      const used = amount + (left > 0 ? (counted?.consumedPoints ?? 0) : 0)
      if (used <= limit.most) return note(limit, amount)
      const refused = { consumedPoints: used, msBeforeNext: left > 0 ? left : seconds * 1000 }
      return toUse(limit, amount, refused, count)
    },
    note,
  }

  function note(limit: Limit, amount: number): Use {
    return toUse(limit, amount, count(limit, amount), count)
  }

  function count({ kind, name }: Limit, amount: number): Counted {
    return counts[kind].incrby(name, amount, seconds)
  }
}

/** Shared through Redis. What is asked of it rejects where Redis is away, but for corrections. */
export function sharedWindows(redis: Redis, seconds: number): Windows {
  const limiters = new Map<string, RateLimiterRedis>()
  return {
    async take(limit, amount) {
      const counting = limiterOf(limit.kind, limit.most).consume(limit.name, amount)
      return toUse(limit, amount, await counting.catch(orThrow), correct)
    },
  }

  function correct({ kind, name }: Limit, amount: number): void {
    void redis.ask<unknown>(
      () => limiterOf(kind, unlimited.points).penalty(name, amount),
      undefined,
    )
  }

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

/** The library rejects with what it counted where that is too much. */
function orThrow(reason: unknown): Counted {
  if (reason instanceof Error) throw reason
  // All that it rejects with besides errors.
  return reason as Counted
}

/** So long before the end of a minute nothing is given back: it might come to the next one. */
const lastMomentMs = 500

/** What was counted where so much was taken, or was not; `count` adds to it. */
function toUse(
  limit: Limit,
  taken: number,
  { consumedPoints, msBeforeNext: endsInMs }: Counted,
  count: (limit: Limit, amount: number) => void,
): Use {
  const fits = consumedPoints <= limit.most
  const endsAt = performance.now() + endsInMs
  return {
    limit,
    taken,
    fits,
    used: fits ? consumedPoints : consumedPoints - taken,
    endsInMs,
    correct(amount) {
      const more = amount - taken
      // What is less than was taken belongs to its own minute; what is more was used in any case.
      const counts = more > 0 || (more < 0 && performance.now() < endsAt - lastMomentMs)
      if (counts) count(limit, more)
    },
  }
}
