import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { ApiError } from '../errors.ts'

/** Lets so many requests in at a time as the process can serve well. */
export interface Door {
  /** Throws 503 at once where waiting would be in vain: asked before a body is read. */
  knock(): void
  /**
   * Resolves when there is room, with the function to call once when leaving. Throws 503 where it takes
   * too long. A signal that aborts gives the place in the queue away.
   */
  enter(signal: AbortSignal): Promise<() => void>
}

export interface DoorSettings {
  /** How many may be inside. */
  mostAtOnce: number
  /** Whether the process is at its limits whatever the number says. */
  isStrained?: () => boolean
}

const longestQueue = 64
const longestWaitMs = 2_000

/** A queue of 64 in front of a limited number of requests; nobody waits in it for longer than 2 s. */
export function door({ mostAtOnce, isStrained = () => false }: DoorSettings): Door {
  let inside = 0
  const queue = new Set<() => void>()

  return {
    knock,
    async enter(signal) {
      knock()
      if (inside < mostAtOnce) inside += 1
      else await turn(signal)
      if (signal.aborted) {
        leave()
        throw signal.reason
      }
      return leave
    },
  }

  function knock(): void {
    const full = inside >= mostAtOnce && queue.size >= longestQueue
    if (full || isStrained()) throw overloaded()
  }

  /** Room is handed on, so that nobody overtakes those who wait. */
  function leave(): void {
    const [next] = queue
    if (next === undefined) {
      inside -= 1
      return
    }
    queue.delete(next)
    next()
  }

  async function turn(signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => reject(signal.aborted ? signal.reason : overloaded())
    const timer = setTimeout(giveUp, longestWaitMs)
    signal.addEventListener('abort', giveUp, { once: true })
    queue.add(resolve)
    try {
      await promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', giveUp)
      queue.delete(resolve)
    }
  }
}

const fullestHeap = 0.85

/**
 * Looks every second whether the event loop lags or the heap is nearly full. Twice in a row is too
 * much; once may be the start, or one long body. A `mostLagMs` of 0 leaves the loop out.
 */
export function watchProcess(mostLagMs: number, everyMs = 1_000): ProcessWatch {
  const delay = monitorEventLoopDelay({ resolution: 20 })
  delay.enable()
  let inARow = 0
  const timer = setInterval(() => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    // Without a sample there is no mean: the loop was blocked all the time.
    const lags = mostLagMs > 0 && !(delay.mean / 1e6 <= mostLagMs)
    inARow = lags || used / limit > fullestHeap ? inARow + 1 : 0
    delay.reset()
  }, everyMs).unref()
  return {
    isStrained: () => inARow > 1,
    close: () => {
      clearInterval(timer)
      delay.disable()
    },
  }
}

export interface ProcessWatch {
  isStrained: () => boolean
  close: () => void
}

/** 503: more than can be served well. Another instance may have room, and this one will have. */
export function overloaded(): ApiError {
  const message = 'The gateway has more requests than it can serve. Try again in a second.'
  return new ApiError(503, 'service_unavailable_error', message, {
    code: 'server_overloaded',
    headers: { 'retry-after': '1' },
  })
}
