import { setTimeout as sleep } from 'node:timers/promises'
import type { Contestant, Running } from './contestants/contestant.ts'

/** A contestant that runs. */
export interface Entrant {
  contestant: Contestant
  running: Running
}

/** What one contestant did, round by round: undefined where it took no part. */
export interface Column<T> {
  name: string
  rounds: (T | undefined)[]
  /** Why it was sent off. */
  wrong?: string
}

/**
 * All contestants in turn, A B C A B C …, after one round that is not counted. Who gives a wrong answer
 * takes part no longer.
 */
export async function inRounds<T>(
  entrants: Entrant[],
  count: number,
  measure: (entrant: Entrant) => Promise<T | undefined>,
): Promise<Column<T>[]> {
  const columns = entrants.map(({ contestant: { name } }): Column<T> => ({ name, rounds: [] }))
  for (let round = -1; round < count; round += 1) {
    for (const [at, entrant] of entrants.entries()) {
      const column = columns[at]
      if (column === undefined || column.wrong !== undefined) continue
      const absent = round >= 0 && round % entrant.contestant.every !== 0
      try {
        const figures = absent ? undefined : await measure(entrant)
        if (round >= 0) column.rounds.push(figures)
      } catch (error) {
        column.wrong = error instanceof Error ? error.message : String(error)
        console.error(`✖ ${column.name}: ${column.wrong}`)
        // It may still be busy with what nobody awaits any more.
        await sleep(5_000)
      }
    }
  }
  for (const column of columns) {
    if (column.wrong === undefined && present(column).length === 0)
      column.wrong = 'no answer in time'
  }
  return columns
}

/** Figures of the rounds in which it took part. */
export function present<T>({ rounds }: Column<T>): T[] {
  return rounds.filter((figures) => figures !== undefined)
}
