import { join } from 'node:path'
import { measured, measuredWith } from './allocation-limits.ts'
import { allocatedByGateway, gatewayWorks } from './allocating-gateway.ts'
import { count } from './counted.ts'
import { type GuardedWork, guardedWorks } from './guarded-works.ts'
import { startServer } from './upstream-process.ts'

/** What was allocated for one of something, in bytes. */
export interface Allocation {
  name: string
  unit: GuardedWork['unit']
  bytes: number
}

/** All that is guarded. */
export async function measureAll(): Promise<Allocation[]> {
  const works = Object.entries<GuardedWork>(guardedWorks)
  const [counts, gateway] = await Promise.all([
    count(...works.map(([name]) => name)),
    measureGateway(),
  ])
  const alone = works.map(([name, work], at) => toAllocation(name, work, counts[at]?.bytes[0]))
  return [...alone, ...gateway]
}

async function measureGateway(): Promise<Allocation[]> {
  const google = await startServer(join(import.meta.dirname, 'long-google.ts'))
  try {
    const bytes = await allocatedByGateway(google.url)
    return Object.entries(gatewayWorks).map(([name, work], at) =>
      toAllocation(`${name}, over the network`, work, bytes[at]),
    )
  } finally {
    await google.close()
  }
}

function toAllocation(
  name: string,
  { unit, units }: Pick<GuardedWork, 'unit' | 'units'>,
  bytes = Number.NaN,
): Allocation {
  return { name, unit, bytes: Math.round(bytes / units) }
}

/** The smallest object with something in it takes more than this, in bytes. */
const lessThanAnObject = 24

/** How much may be allocated for it. An event may not even have one object more. */
export function limitOf({ name, unit }: Allocation): number {
  const known = measured[name] ?? Number.NaN
  const strict = unit === 'event' ? known + lessThanAnObject : known * 1.02
  return Math.floor(process.version === measuredWith ? strict : strict * 1.1)
}
