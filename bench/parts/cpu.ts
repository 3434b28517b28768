import type { Case } from '../cases.ts'
import { load, type Seen } from '../load.ts'
import { type Column, type Entrant, inRounds } from '../rounds.ts'

/** CPU of one case. */
export interface Cpu {
  given: Case
  columns: Column<Seen>[]
}

/** As many requests as each contestant takes: every connection asks again as soon as it is answered. */
export async function measureCpu(
  entrants: Entrant[],
  given: Case,
  count: number,
  seconds: number,
): Promise<Cpu> {
  const manner = { seconds: given.seconds * seconds }
  const columns = await inRounds(entrants, count, async ({ contestant, running }) => {
    const seen = await load(contestant, running, given, manner)
    // Where other programs take the core, a round may have nothing to divide by.
    return seen.events > 0 && seen.answers > 0 ? seen : undefined
  })
  return { given, columns }
}

/** Microseconds of the gateway's CPU for each request or event. */
export function cpuUs({ per }: Case, { cpuNs, events, answers }: Seen): number {
  return cpuNs / 1000 / (per === 'event' ? events : answers)
}
