import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A connection whose answers are looked at byte by byte. */
export interface Connection {
  send(bytes: Buffer | string): void
  /** One byte a write, each in a packet of its own. */
  sendSlowly(bytes: Buffer): Promise<void>
  /** Says that nothing more comes, but goes on listening. */
  end(): void
  /** All that has come so far. */
  received(): Buffer
  /** Whether the server has closed. */
  closed(): boolean
  /** Waits until this is true, looked at whenever something comes; false where it is not in time. */
  until(wanted: () => boolean, ms: number): Promise<boolean>
  /** Waits until nothing has come for so long, or the server closed. */
  quiet(ms: number): Promise<void>
  /** Hangs up without a word, as crashing clients and impatient proxies do. */
  leave(): void
}

/** Connects to the host of a URL. */
export async function openConnection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true, noDelay: true })
  const pieces: Buffer[] = []
  let over = false
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  socket.on('end', () => {
    over = true
  })
  // A reset is an end like any other here; what came before it is what is looked at.
  socket.on('error', () => undefined)
  socket.on('close', () => {
    over = true
  })
  await once(socket, 'connect')
  const changed = (signal: AbortSignal) =>
    Promise.race([
      once(socket, 'data', { signal }),
      once(socket, 'end', { signal }),
      once(socket, 'close', { signal }),
    ]).catch(() => undefined)
  return {
    send: (bytes) => void socket.write(bytes),
    async sendSlowly(bytes) {
      for (const byte of bytes) {
        socket.write(Buffer.of(byte))
        await sleep(0)
      }
    },
    end: () => void socket.end(),
    received: () => Buffer.concat(pieces),
    closed: () => over,
    async until(wanted, ms) {
      const limit = AbortSignal.timeout(ms)
      while (!wanted()) {
        if (limit.aborted || over) return wanted()
        const round = new AbortController()
        await changed(AbortSignal.any([limit, round.signal]))
        round.abort()
      }
      return true
    },
    async quiet(ms) {
      let seen = -1
      while (seen !== pieces.length && !socket.readableEnded) {
        seen = pieces.length
        await sleep(ms)
      }
    },
    leave: () => void socket.resetAndDestroy(),
  }
}
