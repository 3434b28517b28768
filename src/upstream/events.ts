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
  return new HeardEvents(body, hearing)
}

class HeardEvents<T> implements Source<T[]> {
  readonly #body: Source<Buffer>
  readonly #hearing: Hearing<T>
  readonly #reader = new EventReader()
  #over = false
  /** What came before it in the same read was given first. */
  #failure: { error: unknown } | undefined

  constructor(body: Source<Buffer>, hearing: Hearing<T>) {
    this.#body = body
    this.#hearing = hearing
  }

  async next(): Promise<T[] | undefined> {
    while (!this.#over) {
      const heard = this.#hear(await this.#body.next())
      if (heard.length > 0) return heard
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return undefined
  }

  cancel(): void {
    this.#body.cancel()
  }

  #hear(bytes: Buffer | undefined): T[] {
    const heard: T[] = []
    try {
      const events = bytes === undefined ? this.#reader.finish() : this.#reader.push(bytes)
      for (const data of events) {
        this.#over = this.#hearing.hear(data, heard, bytes === undefined)
        if (this.#over) break
      }
      if (bytes === undefined && !this.#over) {
        this.#over = true
        this.#hearing.end?.()
      }
    } catch (error) {
      this.#over = true
      this.#failure = { error }
    }
    if (this.#over) this.#body.cancel()
    return heard
  }
}
