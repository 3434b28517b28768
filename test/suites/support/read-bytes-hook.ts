import { subscribe } from 'node:diagnostics_channel'
import { appendFileSync } from 'node:fs'
import type { Socket } from 'node:net'

/**
 * Loaded into the gateway by `--import`: whenever a connection of a client ends, it adds a line with
 * the number of bytes that were read from it to the file `READ_BYTES`.
 */
subscribe('net.server.socket', (message) => {
  // What Node documents for this channel.
  const { socket } = message as { socket: Socket }
  socket.on('close', () => {
    appendFileSync(process.env.READ_BYTES ?? '', `${socket.bytesRead}\n`)
  })
})
