import { EventReader } from './sse.ts'
import type { Source } from './source.ts'

/** Who understands the events of a stream. */
export interface Hearing<T> {
  /**
   * Adds what an event says to `heard`, and tells whether it was the last. `cut`: the stream ended before
   * the event did. Throws ApiError where it cannot be understood.
   */
  hear(data: string, heard: T[], cut: boolean): boolean
  /** The stream is over without its last event. Throws ApiError where it should not be. */
  end?(): void
}

/** What a stream of events says, all at a time that one read of it gave. */
export function readEvents<T>(body: Source<Buffer>, hearing: Hearing<T>): Source<T[]> {
  const reader = new EventReader()
  let over = false
  let failure: { error: unknown } | undefined
  return { next, cancel: () => body.cancel() }

  async function next(): Promise<T[] | undefined> {
    while (!over) {
      const bytes = await body.next()
      const heard: T[] = []
      try {
        const events = bytes === undefined ? reader.finish() : reader.push(bytes)
        for (const data of events) {
          over = hearing.hear(data, heard, bytes === undefined)
          if (over) break
        }
        if (bytes === undefined && !over) {
          over = true
          hearing.end?.()
        }
      } catch (error) {
        over = true
        failure = { error }
      }
      if (over) body.cancel()
      // What came before a failure in the same read is the client's all the same.
      if (heard.length > 0) return heard
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }
}
