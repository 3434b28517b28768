import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { ApiError, type Shed } from '../errors.ts'

/** Lets so many requests in at a time as the process can serve well. */
export interface Door {
  /** Throws 503 at once where waiting would be in vain: asked before a body is read. */
  knock(): void
  /**
   * The function to call once when leaving, as soon as there is room. Throws 503, or rejects with it where it
   * takes too long. A signal that aborts gives the place in the queue away.
   */
  enter(signal: AbortSignal): (() => void) | Promise<() => void>
  /** How many are inside, and how many wait. */
  crowd(): Crowd
}

export interface Crowd {
  inside: number
  waiting: number
}

export interface DoorSettings {
  /** How many may be inside. */
  mostAtOnce: number
  /** Why the process is at its limits, whatever the number says; undefined where it is not. */
  strain?: () => Strain | undefined
}

const longestQueue = 64
const longestWaitMs = 2_000

/** A queue of 64 in front of a limited number of requests; nobody waits in it for longer than 2 s. */
export function door({ mostAtOnce, strain = () => undefined }: DoorSettings): Door {
  let inside = 0
  const queue = new Set<() => void>()

  return {
    knock,
    enter(signal) {
      knock()
      signal.throwIfAborted()
      if (inside >= mostAtOnce) return turn(signal)
      inside += 1
      return leave
    },
    crowd: () => ({ inside, waiting: queue.size }),
  }

  function knock(): void {
    const full = inside >= mostAtOnce && queue.size >= longestQueue
    const why = full ? 'queue_full' : strain()
    if (why !== undefined) throw overloaded(why)
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

  async function turn(signal: AbortSignal): Promise<() => void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const giveUp = () => reject(signal.aborted ? signal.reason : overloaded('queue_timeout'))
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
    if (!signal.aborted) return leave
    leave()
    throw signal.reason
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
  // How often in a row it was too much, and what at the last time.
  let inARow = 0
  let last: Strain | undefined
  const timer = setInterval(() => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    // Without a sample there is no mean: the loop was blocked all the time.
    const lags = mostLagMs > 0 && !(delay.mean / 1e6 <= mostLagMs)
    last = lags ? 'event_loop_lag' : used / limit > fullestHeap ? 'heap_full' : undefined
    inARow = last === undefined ? 0 : inARow + 1
    delay.reset()
  }, everyMs).unref()
  return {
    strain: () => (inARow > 1 ? last : undefined),
    close: () => {
      clearInterval(timer)
      delay.disable()
    },
  }
}

export type Strain = Extract<Shed, 'event_loop_lag' | 'heap_full'>

export interface ProcessWatch {
  strain: () => Strain | undefined
  close: () => void
}

/** 503: more than can be served well. Another instance may have room, and this one will have. */
export function overloaded(turnedAway: Shed): ApiError {
  const message = 'The gateway has more requests than it can serve. Try again in a second.'
  return new ApiError(503, 'service_unavailable_error', message, {
    code: 'server_overloaded',
    headers: { 'retry-after': '1' },
    turnedAway,
  })
}
