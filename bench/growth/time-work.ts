import { growingWorks } from '../../test/suites/support/growth.ts'
import { translate, type Work } from '../../test/suites/support/work.ts'

/**
 * `node time-work.ts <name>`: does one growing work in its three sizes, again and again and in turn, and
 * prints what each has cost, as JSON.
 */

/** What a piece of work costs in one size. */
export interface Cost {
  size: number
  /** Microseconds of the processor for each unit. */
  cpu: number
  /** Resident memory of the process in MB, at its most. */
  peak: number
}

const [name = ''] = process.argv.slice(2)
const growing = growingWorks[name]
if (growing === undefined) throw new Error(`There is no work '${name}'.`)

/** A size is done for so long in each round, in milliseconds, or once. */
const spell = 40
const rounds = 7

const sizes: { size: number; work: Work; peak: number; cpus: number[] }[] = []
for (const size of growing.sizes) {
  const work = growing.of(size)
  // Until the compilers have seen it.
  await repeated(work, 4 * spell)
  sizes.push({ size, work, peak: process.resourceUsage().maxRSS / 1024, cpus: [] })
}
for (let round = 0; round < rounds; round += 1) {
  for (const { work, size, cpus } of sizes) {
    cpus.push((await repeated(work, spell)) / size)
  }
}
const costs = sizes.map(({ size, peak, cpus }): Cost => ({ size, peak, cpu: median(cpus) }))
console.log(JSON.stringify(costs))

/** Microseconds of the processor for one time. */
async function repeated(work: Work, ms: number): Promise<number> {
  const end = performance.now() + ms
  const before = process.cpuUsage()
  let times = 0
  do {
    await translate(work)
    times += 1
  } while (performance.now() < end)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / times
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
