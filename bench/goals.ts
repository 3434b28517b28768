import { quartiles, paired, quantile } from './figures.ts'
import { cpuUs } from './parts/cpu.ts'
import type { Results } from './results.ts'

/** What this gateway promises of itself, everything switched on. */
export interface Goal {
  promise: string
  most: number
  unit: string
  digits: number
  /** NaN where it was not measured. */
  of(results: Results): number
}

/** Who keeps the promises. */
export const promised = 'pollux-full'

export const goals: Goal[] = [
  cpuGoal('CPU of a whole answer, against the floor', 'unary', 'floor', 1.8),
  cpuGoal('CPU of an event of a burst, against the floor', 'burst', 'floor', 3),
  cpuGoal('CPU of a paced event, against the floor', 'paced', 'floor', 1.15),
  cpuGoal('CPU of a whole answer, against Portkey', 'unary', 'portkey', 1 / 8),
  cpuGoal('CPU of an event of a burst, against Portkey', 'burst', 'portkey', 1 / 8),
  {
    promise: 'memory of an open, silent stream',
    most: 30,
    unit: 'kB',
    digits: 1,
    of: ({ memory }) => {
      const perStream = memory.filter(({ name }) => name === promised).map((one) => one.perStream)
      const most = Math.max(0, ...perStream.flatMap((one) => [...one.keys()]))
      return quantile(
        perStream.flatMap((one) => one.get(most) ?? []),
        0.5,
      )
    },
  },
  {
    promise: 'memory before the first request',
    most: 110,
    unit: 'MB',
    digits: 0,
    of: ({ memory }) => {
      const all = memory.filter(({ name }) => name === promised)
      return quantile(
        all.map(({ fresh }) => fresh / 1024),
        0.5,
      )
    },
  },
  {
    promise: 'from the start of the process to listening',
    most: 250,
    unit: 'ms',
    digits: 0,
    of: ({ starts }) => quantile(starts.get(promised) ?? [], 0.5),
  },
  {
    promise: 'added to the 99th percentile at 200 requests a second',
    most: 2,
    unit: 'ms',
    digits: 2,
    of: ({ latency }) => {
      const columns = latency.find(({ given }) => given.name === 'unary')?.columns ?? []
      const rounds = (name: string) => columns.find((one) => one.name === name)?.rounds ?? []
      const added = paired(
        rounds(promised),
        rounds('direct'),
        (one, other) => one.wholeUs.p99 - other.wholeUs.p99,
      )
      return quantile(added, 0.5) / 1000
    },
  },
]

function cpuGoal(promise: string, name: string, against: string, most: number): Goal {
  return {
    promise,
    most,
    unit: '×',
    digits: most < 1 ? 3 : 2,
    of: ({ cpu }) => {
      const found = cpu.find(({ given }) => given.name === name)
      if (found === undefined) return Number.NaN
      const rounds = (of: string) => found.columns.find((one) => one.name === of)?.rounds ?? []
      const us = cpuUs.bind(undefined, found.given)
      const ratios = paired(rounds(promised), rounds(against), (one, other) => us(one) / us(other))
      return quartiles(ratios).median
    },
  }
}
