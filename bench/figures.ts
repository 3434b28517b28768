/** A figure of several rounds: its median, and from where to where. */
export interface Spread {
  median: number
  low: number
  high: number
}

/** Median, smallest and largest. */
export function range(numbers: number[]): Spread {
  return { median: quantile(numbers, 0.5), low: quantile(numbers, 0), high: quantile(numbers, 1) }
}

/** Median and quartiles. */
export function quartiles(numbers: number[]): Spread {
  return {
    median: quantile(numbers, 0.5),
    low: quantile(numbers, 0.25),
    high: quantile(numbers, 0.75),
  }
}

/** The number that a share of them does not exceed, between neighbours in proportion; NaN of none. */
export function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}

/** What two contestants' figures of the same round make; rounds in which one of them took no part are left out. */
export function paired<T>(
  rounds: (T | undefined)[],
  others: (T | undefined)[],
  make: (one: T, other: T) => number,
): number[] {
  return rounds.flatMap((one, at) => {
    const other = others[at]
    return one === undefined || other === undefined ? [] : [make(one, other)]
  })
}
