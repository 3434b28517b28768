import type { Figure } from '../suite.ts'

/** The value below which a share of the values are, e.g. `percentile(times, 0.99)`. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Up to `width` workers at a time, over all items. */
export async function inParallel<T>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = rest.next(); next.done !== true; next = rest.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

/** Pseudo-random numbers from 0 to 1, the same for the same seed: a failure can be run again. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A list that must be empty; the first of what is in it are shown. */
export function none(promise: string, found: string[]): Figure {
  const shown = found.slice(0, 8).map((one) => one.slice(0, 300))
  const seen = found.length === 0 ? '0' : `${found.length}:\n      ${shown.join('\n      ')}`
  return { promise, seen, kept: found.length === 0 }
}

/** A value measured at a time, in seconds. */
export interface Sample {
  at: number
  value: number
}

/** How much a value grows a second: the line through the samples with the least squares. */
export function slope(samples: readonly Sample[]): number {
  const at = mean(samples.map((sample) => sample.at))
  const value = mean(samples.map((sample) => sample.value))
  const over = samples.reduce((sum, one) => sum + (one.at - at) * (one.value - value), 0)
  return over / samples.reduce((sum, one) => sum + (one.at - at) ** 2, 0)
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
