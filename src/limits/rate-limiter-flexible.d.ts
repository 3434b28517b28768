/**
 * The two counters alone: the library's index brings those for a dozen databases along (40 ms, 8 MB), and
 * its `RateLimiterMemory` makes promises of what the storage below it knows at once.
 */
declare module 'rate-limiter-flexible/lib/component/MemoryStorage/MemoryStorage.js' {
  import type { RateLimiterRes } from 'rate-limiter-flexible'
  export default class MemoryStorage {
    get(key: string): RateLimiterRes | null
    /** Adds to a count, which is gone so many seconds after it began. */
    incrby(key: string, value: number, seconds: number): RateLimiterRes
  }
}
declare module 'rate-limiter-flexible/lib/RateLimiterRedis.js' {
  import { RateLimiterRedis } from 'rate-limiter-flexible'
  export default RateLimiterRedis
}
