import type { Case } from '../cases.ts'
import { load, type Seen } from '../load.ts'
import { type Column, type Entrant, inRounds } from '../rounds.ts'
import { TooSlow } from '../too-slow.ts'

/** CPU of one case. */
export interface Cpu {
  given: Case
  columns: Column<Seen>[]
}

/**
 * How long those who are measured most closely answer before it counts. V8 compiles what is hot only by
 * and by: after a second a gateway in Node costs twice what it costs for the rest of its life.
 */
const warmUpSeconds = 8

/** As many requests as each contestant takes: every connection asks again as soon as it is answered. */
export async function measureCpu(
  entrants: Entrant[],
  upstream: number,
  given: Case,
  count: number,
  seconds: number,
): Promise<Cpu> {
  const manner = { seconds: given.seconds * seconds }
  const columns = await inRounds(entrants, upstream, count, async (contestant, running, warmUp) => {
    // Streams are not awaited in each round, but once they are, so that somebody looks whether they are complete.
    const warming = { seconds: contestant.every === 1 ? warmUpSeconds : manner.seconds, drain: 6 }
    const seen = await load(contestant, running, given, warmUp ? warming : manner)
    if (warmUp && seen.completed === 0) throw new TooSlow('no answer is complete in time')
    // Where other programs take the core, a round may have nothing to divide by.
    return workOf(given, seen) > 0 ? seen : undefined
  })
  return { given, columns }
}

/** Microseconds of the gateway's CPU for each request or event. */
export function cpuUs(given: Case, seen: Seen): number {
  return seen.cpuNs / 1000 / workOf(given, seen)
}

function workOf({ per }: Case, { events, answers }: Seen): number {
  return per === 'event' ? events : answers
}
