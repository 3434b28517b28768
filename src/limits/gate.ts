import { ApiError } from '../errors.ts'
import type { Redis, RedisLog } from '../redis.ts'
import type { Admission, Limited, Limiter, LimiterSettings } from './limiter.ts'
import { type OwnPlaces, ownPlaces, type Places, sharedPlaces } from './places.ts'
import { allTaken, toHeaders, tooLarge, usedUp } from './refusals.ts'
import { type Limit, ownWindows, sharedWindows, type Use, type Windows } from './windows.ts'

/** Each of 10,000 waiting questions is a script and a name: less than a kilobyte. */
const patience = { answerMs: 250, pauseMs: 5_000, mostCommands: 10_000 }

/**
 * Counts in Redis where there is one; where it is away, or silent for a quarter of a second, in the
 * process's own memory, where all that this process has let in is noted.
 */
export async function openGate(settings: LimiterSettings): Promise<Limiter> {
  const { redisUrl, log, windowSeconds = 60, leaseMs = 15_000 } = settings
  const redis = redisUrl === undefined ? undefined : await connect(redisUrl, log)
  const own = { windows: ownWindows(windowSeconds), places: ownPlaces() }
  const shared = redis && share(redis, own.places, windowSeconds, leaseMs)
  return {
    async admit(key, tokens) {
      const amount = toAmount(tokens)
      if (amount > (key.tokensPerMinute ?? Infinity)) throw tooLarge(key, amount)
      const known = shared && (await shared.tryToEnter(key, amount))
      const entry = known ?? (await enter(own, key, amount))
      if (entry instanceof ApiError) throw entry
      const elsewhere = known === undefined ? [] : entry.uses
      const noted = elsewhere.map(({ limit, taken }) => own.windows.note(limit, taken))
      return toAdmission(entry, noted)
    },
    async close() {
      shared?.close()
      // Redis answers in turn: by then it knows of all that has ended.
      await redis?.ask(() => redis.client.ping(), '')
      redis?.close()
    },
  }
}

/** Loaded where it is asked for: most gateways are alone. */
async function connect(url: string, log: RedisLog): Promise<Redis> {
  const { connectRedis } = await import('../redis.ts')
  return connectRedis(url, log, patience)
}

/** Where limits are counted. */
interface Counters {
  windows: Windows
  places: Places
}

/** A request that was let in, and what of. */
interface Entry {
  uses: Use[]
  leave: () => void
}

function share(redis: Redis, own: OwnPlaces, seconds: number, leaseMs: number) {
  const places = sharedPlaces(redis, own, leaseMs)
  const counters = { windows: sharedWindows(redis, seconds), places }
  return {
    /** Undefined where Redis did not answer all that was asked, all in all in time. */
    async tryToEnter(key: Limited, tokens: number): Promise<Entry | ApiError | undefined> {
      let entering: Promise<Entry | ApiError> | undefined
      const entry = await redis.ask<Entry | ApiError | undefined>(
        () => (entering = enter(counters, key, tokens)),
        undefined,
      )
      // What comes later than anybody waits for it is given back.
      if (entry === undefined) void entering?.then(giveBack, () => undefined)
      return entry
    },
    close: () => places.close(),
  }
}

/** Takes of each limit in turn: all, or nothing. */
async function enter(counters: Counters, key: Limited, tokens: number): Promise<Entry | ApiError> {
  const { name, parallelRequests: most } = key
  const leave = most === undefined ? () => undefined : await counters.places.enter(name, most)
  if (leave === undefined) return allTaken(key)
  const entry: Entry = { uses: [], leave }
  try {
    for (const { limit, amount } of toWishes(key, tokens)) {
      const use = await counters.windows.take(limit, amount)
      if (use.fits) entry.uses.push(use)
      else {
        giveBack(entry)
        return usedUp(use)
      }
    }
    return entry
  } catch (error) {
    giveBack(entry)
    throw error
  }
}

/** How much a request wants of the limits that its key has. */
function toWishes({ name, requestsPerMinute, tokensPerMinute }: Limited, tokens: number) {
  const wishes: { limit: Limit; amount: number }[] = []
  if (requestsPerMinute !== undefined) {
    wishes.push({ limit: { kind: 'requests', name, most: requestsPerMinute }, amount: 1 })
  }
  if (tokensPerMinute !== undefined) {
    wishes.push({ limit: { kind: 'tokens', name, most: tokensPerMinute }, amount: tokens })
  }
  return wishes
}

function giveBack(entry: Entry | ApiError): void {
  if (entry instanceof ApiError) return
  entry.leave()
  for (const use of entry.uses) use.correct(0)
}

function toAdmission({ uses, leave }: Entry, noted: Use[]): Admission {
  let settled = false
  // For as long as the answer goes on nothing else is held of them.
  const corrections = [...uses, ...noted]
    .filter(({ limit }) => limit.kind === 'tokens')
    .map(({ correct }) => correct)
  return {
    headers: toHeaders(uses),
    settle(tokens) {
      if (settled) return
      settled = true
      leave()
      // Usage comes from far away, and may be anything.
      if (tokens === undefined || !Number.isFinite(tokens)) return
      for (const correct of corrections) correct(toAmount(tokens))
    },
  }
}

/** Whole, as Redis counts. */
function toAmount(tokens: number): number {
  return Math.min(Math.max(0, Math.ceil(tokens)), 1e9)
}
