/**
 * Several streams as one, in the order in which their pieces come; `read` gets each piece with the
 * index of its stream. The first failure ends all of them, and so does an early end of reading.
 */
export async function* interleave<T>(
  streams: AsyncGenerator<T>[],
  read: (piece: T, index: number) => T,
  /** Ends what feeds the streams: those that wait for a piece cannot be ended from here. */
  end: () => void,
): AsyncGenerator<T> {
  const next = async (index: number) => ({ index, result: await streams[index]?.next() })
  const pending = new Map(streams.map((_, index) => [index, next(index)]))
  try {
    while (pending.size > 0) {
      const { index, result } = await Promise.race(pending.values())
      if (result === undefined || result.done === true) {
        pending.delete(index)
        continue
      }
      pending.set(index, next(index))
      yield read(result.value, index)
    }
  } finally {
    end()
    // Nobody hears of those any more that still wait for a piece.
    for (const waiting of pending.values()) waiting.catch(() => undefined)
    await Promise.allSettled(streams.map((stream) => stream.return(undefined)))
  }
}

/** A stream whose first piece was taken already, with that piece in front again. */
export async function* resumed<T>(
  first: IteratorResult<T>,
  rest: AsyncGenerator<T>,
): AsyncGenerator<T> {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    // Whoever stops reading early ends what feeds the stream too.
    await rest.return(undefined)
  }
}
