import type { LogEntry } from '../../../src/emulator/log.ts'

/** The markers of the requests that reached the model, in order. */
export function reachedIn(entries: LogEntry[]): string[] {
  return entries.flatMap(
    ({ body }) => /Repeat: ([\w-]+)/.exec(JSON.stringify(body) ?? '')?.[1] ?? [],
  )
}
