import type { Cpu } from './parts/cpu.ts'
import type { Latency } from './parts/latency.ts'
import type { Memory } from './parts/memory.ts'

/** All that a run measured. */
export interface Results {
  cpu: Cpu[]
  latency: Latency[]
  memory: Memory[]
  /** Milliseconds, by name. */
  starts: Map<string, number[]>
}

/** Whether any answer was wrong; who is too slow for a rate, or for so many streams, has given none. */
export function anyWrongAnswer({ cpu, latency, memory }: Results): boolean {
  return [...[...cpu, ...latency].flatMap(({ columns }) => columns), ...memory].some(({ wrong }) =>
    wrong?.includes('wrong answer'),
  )
}
