import type { Server } from 'node:http'
import type { Socket } from 'node:net'

/** Node counts it once more from when the last part of a write was taken: twice this is the longest. */
const patienceMs = 30_000

/**
 * Hangs up on clients that take nothing of what is written to them, within a minute, and on those that
 * ask nothing more when the server's time for that is over. Silence is no stall where an answer is
 * `owed`: the model may think.
 */
export function dropStalled(
  server: Server,
  isOwed: (socket: Socket) => boolean,
  ms = patienceMs,
): void {
  server.setTimeout(ms, (socket: Socket) => {
    if (socket.writableLength > 0 || !isOwed(socket)) socket.destroy()
  })
}
