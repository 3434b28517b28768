/**
 * Things that come one after another and wait for who takes them. (An async generator says the same,
 * and costs several times as much for each of the pieces that a stream is made of.)
 */
export interface Source<T> {
  /** The next; undefined at the end. Rejects with an ApiError where it breaks off. */
  next(): Promise<T | undefined>
  /** Lets go of what is not wanted any more, also while somebody waits for it. */
  cancel(): void
}

/** A source whose first piece was taken already, with that piece in front again. */
export function resumed<T>(first: T | undefined, rest: Source<T>): Source<T> {
  let again = true
  return {
    next() {
      if (!again) return rest.next()
      again = false
      return Promise.resolve(first)
    },
    cancel: () => rest.cancel(),
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
  const awaited = new Map(sources.map((source, index) => [index, pieceOf(source, index)]))
  return { next, cancel }

  async function next(): Promise<T | undefined> {
    try {
      while (awaited.size > 0) {
        const { source, index, piece } = await Promise.race(awaited.values())
        if (piece !== undefined) {
          awaited.set(index, pieceOf(source, index))
          return read(piece, index)
        }
        awaited.delete(index)
      }
      return undefined
    } catch (error) {
      cancel()
      throw error
    }
  }

  function cancel(): void {
    // Nobody hears of those any more that still wait for a piece.
    for (const piece of awaited.values()) piece.catch(() => undefined)
    awaited.clear()
    for (const source of sources) source.cancel()
  }
}

async function pieceOf<T>(source: Source<T>, index: number) {
  return { source, index, piece: await source.next() }
}
