import { setTimeout as sleep } from 'node:timers/promises'
import type { Contestant } from '../contestants/contestant.ts'

/** Who takes ten seconds to start need not show it ten times. */
const mostMs = 15_000

/** Starts each once, uncounted: who keeps what was compiled finds it from the second start on. */
export async function fillCaches(
  contestants: readonly Contestant[],
  upstream: number,
): Promise<void> {
  for (const contestant of contestants) {
    const running = await contestant.start({ upstream })
    await sleep(1_000)
    running.stop()
  }
}

/** Milliseconds from the start of a process until it took a connection, by name, of several starts in turn. */
export async function measureStarts(
  contestants: Contestant[],
  upstream: number,
  count: number,
): Promise<Map<string, number[]>> {
  const starts = new Map(contestants.map(({ name }): [string, number[]] => [name, []]))
  for (let round = 0; round < count; round += 1) {
    for (const contestant of contestants) {
      const times = starts.get(contestant.name)
      if (times === undefined || sum(times) > mostMs) continue
      const running = await contestant.start({ upstream })
      running.stop()
      times.push(running.startMs)
    }
  }
  return starts
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
