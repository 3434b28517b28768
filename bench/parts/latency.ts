import type { rated } from '../cases.ts'
import { load, type Seen } from '../load.ts'
import { TooSlow } from '../too-slow.ts'
import { type Column, type Entrant, inRounds } from '../rounds.ts'

type Rated = (typeof rated)[number]

/** Times at one fixed rate. */
export interface Latency {
  given: Rated
  columns: Column<Seen>[]
}

/** Requests at fixed moments, however long the answers take. Who cannot keep the rate is sent off. */
export async function measureLatency(
  entrants: Entrant[],
  upstream: number,
  given: Rated,
  count: number,
): Promise<Latency> {
  const { rate } = given
  const columns = await inRounds(entrants, upstream, count, async (contestant, running) => {
    const seen = await load(contestant, running, given, { rate })
    if (seen.completed < seen.due) {
      throw new TooSlow(`cannot keep the rate: ${seen.completed} of ${seen.due} answers in time`)
    }
    return seen
  })
  return { given, columns }
}
