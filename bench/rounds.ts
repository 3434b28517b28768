import { toError, TooSlow } from './too-slow.ts'
import type { Contestant, Running } from './contestants/contestant.ts'

/** A contestant, and its process while there is one. */
export interface Entrant {
  contestant: Contestant
  running?: Running
}

/** What one contestant did, round by round: undefined where it took no part. */
export interface Column<T> {
  name: string
  rounds: (T | undefined)[]
  /** Why it was sent off. */
  sentOff?: Error
}

/**
 * All contestants in turn, A B C A B C …, after one round that is not counted. Who gives a wrong answer, or
 * is too slow, takes part no longer.
 */
export async function inRounds<T>(
  entrants: Entrant[],
  upstream: number,
  count: number,
  measure: (contestant: Contestant, running: Running, warmUp: boolean) => Promise<T | undefined>,
): Promise<Column<T>[]> {
  const columns = entrants.map(({ contestant: { name } }): Column<T> => ({ name, rounds: [] }))
  for (let round = -1; round < count; round += 1) {
    for (const [at, entrant] of entrants.entries()) {
      const column = columns[at]
      if (column === undefined || column.sentOff !== undefined) continue
      const { contestant } = entrant
      const absent = round >= 0 && round % contestant.every !== 0
      try {
        entrant.running ??= await contestant.start({ upstream })
        const figures = absent ? undefined : await measure(contestant, entrant.running, round < 0)
        if (round >= 0) column.rounds.push(figures)
      } catch (error) {
        column.sentOff = toError(error)
        console.error(`✖ ${column.name}: ${column.sentOff.message}`)
        // It may still be busy with what nobody awaits any more.
        entrant.running?.stop()
        entrant.running = undefined
      }
    }
  }
  for (const column of columns) {
    if (present(column).length === 0) column.sentOff ??= new TooSlow('no answer in time')
  }
  return columns
}

/** Figures of the rounds in which it took part. */
export function present<T>({ rounds }: Column<T>): T[] {
  return rounds.filter((figures) => figures !== undefined)
}
