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

/** Quotients of figures of the same round. */
export function paired(numbers: number[], others: number[]): number[] {
  return numbers.flatMap((number, at) => {
    const other = others[at]
    return other === undefined ? [] : [number / other]
  })
}

/** The number that a share of them does not exceed, between neighbours in proportion; NaN of none. */
export function quantile(numbers: number[], share: number): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  const at = share * (sorted.length - 1)
  const below = sorted[Math.floor(at)] ?? Number.NaN
  const above = sorted[Math.ceil(at)] ?? Number.NaN
  return below + (above - below) * (at - Math.floor(at))
}
