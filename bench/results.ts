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

/** Whether any answer was wrong or missing. */
export function anythingWrong({ cpu, memory }: Results): boolean {
  return [...cpu.flatMap(({ columns }) => columns), ...memory].some(
    ({ wrong }) => wrong !== undefined,
  )
}
