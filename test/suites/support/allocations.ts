import { join } from 'node:path'
import { measured, measuredWith } from './allocation-limits.ts'
import { allocatedByGateway, gatewayWorks } from './allocating-gateway.ts'
import { count } from './counted.ts'
import { type GuardedWork, guardedWorks, heldWorks } from './guarded-works.ts'
import { startServer } from './upstream-process.ts'

/** What was allocated for one of something, or is held by one, in bytes. */
export interface Allocation {
  name: string
  unit: GuardedWork['unit']
  bytes: number
  overNetwork: boolean
}

/** All that is guarded. */
export async function measureAll(): Promise<Allocation[]> {
  const [alone, held, gateway] = await Promise.all([
    countAll(guardedWorks),
    countAll(heldWorks, 'held'),
    measureGateway(),
  ])
  return [...alone, ...held, ...gateway]
}

async function countAll(
  works: Record<string, GuardedWork>,
  ...how: string[]
): Promise<Allocation[]> {
  const counts = await count(...how, ...Object.keys(works))
  return Object.entries(works).map(([name, work], at) =>
    toAllocation(name, work, counts[at]?.bytes[0]),
  )
}

async function measureGateway(): Promise<Allocation[]> {
  const google = await startServer(join(import.meta.dirname, 'long-google.ts'))
  try {
    const bytes = await allocatedByGateway(google.url)
    return Object.entries(gatewayWorks).map(([name, work], at) => ({
      ...toAllocation(`${name}, over the network`, work, bytes[at]),
      overNetwork: true,
    }))
  } finally {
    await google.close()
  }
}

function toAllocation(
  name: string,
  { unit, units }: Pick<GuardedWork, 'unit' | 'units'>,
  bytes = Number.NaN,
): Allocation {
  return { name, unit, bytes: Math.round(bytes / units), overNetwork: false }
}

/** The smallest object with something in it takes more than this, in bytes. */
const lessThanAnObject = 24

/**
 * How much may be allocated or held. An event may not even have one object more; over the network a little
 * depends on when timers come.
 */
export function limitOf({ name, unit, overNetwork }: Allocation): number {
  const known = measured[name] ?? Number.NaN
  const strict = unit === 'event' ? known + lessThanAnObject : known * 1.02
  const limit = overNetwork ? strict + (unit === 'event' ? 16 : known * 0.02) : strict
  return Math.floor(process.version === measuredWith ? limit : limit * 1.1)
}
