/**
 * Things that come one after another and wait for who takes them. (An async generator says the same,
 * and costs several times as much for each of the pieces that a stream is made of.)
 */
export interface Source<T> {
  /** The next; undefined at the end. Rejects where it breaks off, with an ApiError, or was given up. */
  next(): Promise<T | undefined>
  /** Lets go of what is not wanted any more, also while somebody waits for it. */
  cancel(): void
}

/** A source whose first piece was taken already, with that piece in front again. */
export function resumed<T>(first: T | undefined, rest: Source<T>): Source<T> {
  return new Resumed(first, rest)
}

class Resumed<T> implements Source<T> {
  /** Until it is taken, which an end may be as well. */
  #first: { piece: T | undefined } | undefined
  readonly #rest: Source<T>

  constructor(first: T | undefined, rest: Source<T>) {
    this.#first = { piece: first }
    this.#rest = rest
  }

  next(): Promise<T | undefined> {
    if (this.#first === undefined) return this.#rest.next()
    const { piece } = this.#first
    this.#first = undefined
    return Promise.resolve(piece)
  }

  cancel(): void {
    this.#rest.cancel()
  }
}

/**
 * Several sources as one, in the order in which their pieces come; `read` gets each piece with the
 * index of its source. The first failure ends all of them.
 */
export function interleaved<T>(
  sources: Source<T>[],
  read: (piece: T, index: number) => T,
): Source<T> {
  // Not `Promise.race`: each race would leave something behind at every source that is still silent.
  const arrived: Arrived<T>[] = []
  let open = sources.length
  let wake: (() => void) | undefined
  for (const index of sources.keys()) void listen(index)
  return { next, cancel }

  async function next(): Promise<T | undefined> {
    while (open > 0) {
      const first = arrived.shift()
      if (first === undefined) await new Promise<void>((resolve) => (wake = resolve))
      else if ('error' in first) return fail(first.error)
      else if (first.piece === undefined) open -= 1
      else {
        void listen(first.index)
        return read(first.piece, first.index)
      }
    }
    return undefined
  }

  /** Never rejects. */
  async function listen(index: number): Promise<void> {
    try {
      arrived.push({ index, piece: await sources[index]?.next() })
    } catch (error) {
      arrived.push({ error })
    }
    wake?.()
  }

  function fail(error: unknown): never {
    cancel()
    throw error
  }

  function cancel(): void {
    open = 0
    for (const source of sources) source.cancel()
  }
}

type Arrived<T> = { index: number; piece: T | undefined } | { error: unknown }
