import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Hangs up on clients that take nothing of what is written to them. Silence is no stall: the model may
 * think, or the client have nothing to ask. (A socket's own time-out counts from the last write, and
 * once more from when a part of it was taken.)
 */
export function dropStalled(
  server: Server,
  { patienceMs, everyMs } = { patienceMs: 60_000, everyMs: 5_000 },
): void {
  // What each connection has still to take, and since when that has not changed.
  const seen = new Map<Socket, { written: number; waiting: number; since: number }>()
  server.on('connection', (socket: Socket) => {
    seen.set(socket, { written: 0, waiting: 0, since: performance.now() })
    socket.once('close', () => seen.delete(socket))
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [socket, { written, waiting, since }] of seen) {
      const { bytesWritten, writableLength } = socket
      const stands = writableLength > 0 && bytesWritten === written && writableLength === waiting
      if (!stands) seen.set(socket, { written: bytesWritten, waiting: writableLength, since: now })
      else if (now - since >= patienceMs) socket.destroy()
    }
  }, everyMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}
