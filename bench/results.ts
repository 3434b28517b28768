import { TooSlow } from './too-slow.ts'
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

/** Whether any answer was wrong. */
export function anyWrongAnswer({ cpu, latency, memory }: Results): boolean {
  const all = [...[...cpu, ...latency].flatMap(({ columns }) => columns), ...memory]
  return all.some(({ sentOff }) => sentOff !== undefined && !(sentOff instanceof TooSlow))
}
