import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Node counts it once more from when the last part of a write was taken: twice this is the longest. */
const patienceMs = 30_000

/**
 * Hangs up on clients that take nothing of what is written to them, within a minute. Silence is no
 * stall: the model may think, or the client have nothing to ask.
 */
export function dropStalled(server: Server, ms = patienceMs): void {
  server.setTimeout(ms, (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy()
  })
}
