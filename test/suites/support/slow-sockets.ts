import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Sockets that take their time, and remember how long the server bore with each of them. */
export interface SlowSockets {
  /** Seconds from the connection to its end, of those that have ended. */
  lives(): number[]
  /** How many are open. */
  open(): number
  /** Resolves when all have ended, or after so many seconds. */
  ended(seconds: number): Promise<void>
  leave(): void
}

export interface Slowness {
  /** What each socket sends at once. */
  begins: string
  /** What it sends every two seconds. */
  trickles?: string
  /** Whether it reads what comes. */
  reads: boolean
}

export async function openSlowSockets(
  url: string,
  count: number,
  slowness: Slowness,
): Promise<SlowSockets> {
  const { hostname, port } = new URL(url)
  const lives: number[] = []
  const open = new Set<Socket>()
  const ended = Promise.withResolvers<void>()
  for (let at = 0; at < count; at += 1) {
    const socket = connect(Number(port), hostname)
    open.add(socket)
    // A reset is an end like any other.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    const since = performance.now()
    const { begins, trickles, reads } = slowness
    socket.write(begins)
    if (reads) socket.resume()
    // Who does not read sees no end either: writing shows it.
    const timer = setInterval(() => socket.write(trickles ?? ''), 2_000)
    socket.once('close', () => {
      clearInterval(timer)
      open.delete(socket)
      lives.push((performance.now() - since) / 1000)
      if (lives.length === count) ended.resolve()
    })
  }
  return {
    lives: () => lives,
    open: () => open.size,
    async ended(seconds) {
      const timer = new AbortController()
      const late = sleep(seconds * 1000, undefined, { signal: timer.signal })
      await Promise.race([ended.promise, late])
      timer.abort()
      late.catch(() => undefined)
    },
    leave() {
      for (const socket of open) socket.destroy()
    },
  }
}
