import { LRUCache } from 'lru-cache'
import type { ApiError } from '../errors.ts'
import { isSpent } from './retry.ts'

/**
 * The health of several places that serve the same models: locations, or keys. One that fails again
 * and again is left alone for a while, and one that has had too much of a model is spared it.
 */
export interface Places {
  /** The nearest that is well; where none is, the one that will be soonest. */
  best(model: string): number
  /** Another that is well, of those that a request has not asked yet; `enter` it before asking. */
  other(model: string, asked: ReadonlySet<number>): number | undefined
  /** A request goes there: where the place was ejected, it is its probe. */
  enter(place: number): void
  /** Whether nothing failed there since it last answered. */
  isSound(place: number): boolean
  /** Whether it is left alone, but for a probe. */
  isEjected(place: number): boolean
  /** It answered, if only with a refusal. */
  answered(place: number): void
  /** It failed. `shared` says that the credential is ours, so that its limits are everybody's. */
  failed(place: number, model: string, error: ApiError, shared: boolean): void
}

/** How many failures in a row eject a place. */
const mostInARow = 5
/** For how long, times the number of ejections in a row. */
const ejectionMs = 30_000
const longestMs = 300_000
/** Until a probe is answered, the others do not follow it. */
const probeMs = 10_000
/** After a 429 that names no time. */
const coolingMs = 5_000

const gatewayFailures = new Set([500, 502, 503, 504])

interface Health {
  /** Failures since it last answered. */
  inARow: number
  /** Ejections since it last answered. */
  ejections: number
  /** When it may be asked again. */
  ejectedUntil: number
  /** Whether somebody was sent to see if it is well again. */
  probed: boolean
}

/** `now` gives milliseconds. */
export function watchedPlaces(count: number, now: () => number = Date.now): Places {
  const healths: Health[] = Array.from({ length: count }, () => ({
    inARow: 0,
    ejections: 0,
    ejectedUntil: 0,
    probed: false,
  }))
  // Clients choose the models' names, so there may be no end of them.
  const coolingUntil = new LRUCache<string, number>({ max: 1000 })
  const mostEjected = Math.floor(count / 2)

  return {
    best(model) {
      const place = choose(model, new Set())
      if (place === undefined) return soonest(model)
      enter(place)
      return place
    },
    other: choose,
    enter,
    isSound: (place) => healthOf(place).inARow === 0,
    isEjected: (place) => healthOf(place).ejections > 0,
    answered,
    failed(place, model, error, shared) {
      if (gatewayFailures.has(error.status) && !isSpent(error)) return countFailure(place)
      answered(place)
      if ((error.status !== 429 && !isSpent(error)) || !shared) return
      const usual = isSpent(error) ? longestMs : coolingMs
      const asked = Number(error.headers['retry-after-ms'] ?? usual)
      coolingUntil.set(keyOf(place, model), now() + Math.min(asked, longestMs))
    },
  }

  function answered(place: number): void {
    Object.assign(healthOf(place), { inARow: 0, ejections: 0, ejectedUntil: 0, probed: false })
  }

  function countFailure(place: number): void {
    const health = healthOf(place)
    health.inARow += 1
    const ejected = healths.filter((one) => one.ejections > 0 && one !== health).length
    if (health.inARow < mostInARow || ejected >= mostEjected) return
    // Those that were under way when it was ejected tell nothing new; the probe does.
    if (health.ejections > 0 && !health.probed) return
    health.probed = false
    health.ejections += 1
    health.ejectedUntil = now() + Math.min(longestMs, ejectionMs * health.ejections)
  }

  function choose(model: string, asked: ReadonlySet<number>): number | undefined {
    const place = healths.findIndex(
      (_, place) => !asked.has(place) && wellAt(place, model) <= now(),
    )
    return place === -1 ? undefined : place
  }

  /** The first to come back to an ejected place is its probe; until it is answered nobody follows. */
  function enter(place: number): void {
    const health = healthOf(place)
    if (health.ejections > 0) Object.assign(health, { probed: true, ejectedUntil: now() + probeMs })
  }

  function soonest(model: string): number {
    const times = healths.map((_, place) => wellAt(place, model))
    return times.indexOf(Math.min(...times))
  }

  function wellAt(place: number, model: string): number {
    return Math.max(healthOf(place).ejectedUntil, coolingUntil.get(keyOf(place, model)) ?? 0)
  }

  function healthOf(place: number): Health {
    const health = healths[place]
    if (health === undefined) throw new Error(`There is no place ${place}.`)
    return health
  }
}

function keyOf(place: number, model: string): string {
  return `${place} ${model}`
}
