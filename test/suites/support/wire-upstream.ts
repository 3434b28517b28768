import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'

/** Stands where Google stands, and writes whatever bytes it is told to: they need not be HTTP. */
export interface WireUpstream {
  url: string
  /** How often it was asked. */
  readonly asked: number
  close(): Promise<void>
}

/** An answer to the last byte. */
export interface WireAnswer {
  /** Each is a write of its own, so that the reader sees the cuts between them. */
  writes: readonly (string | Uint8Array)[]
  /** Whether the connection is kept for the next request, closed, or reset. */
  ends: 'kept' | 'closed' | 'reset'
}

/** What was asked, as far as an answer depends on it. */
export interface WireRequest {
  path: string
  body: string
}

/** Listens on a free port. Only requests with a content-length are understood: Pollux sends no others. */
export async function startWireUpstream(
  answer: (request: WireRequest) => WireAnswer,
): Promise<WireUpstream> {
  const sockets = new Set<Socket>()
  let asked = 0
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Whoever leaves is looked at from the other side.
    socket.on('error', () => undefined)
    let rest = Buffer.alloc(0)
    socket.on('data', (piece: Buffer) => {
      rest = Buffer.concat([rest, piece])
      for (let next = readRequest(rest); next !== undefined; next = readRequest(rest)) {
        rest = rest.subarray(next.length)
        asked += 1
        void reply(socket, answer(next.request))
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  // Only a server on a pipe has a string for an address, and only a closed one has none.
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get asked() {
      return asked
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function readRequest(bytes: Buffer): { request: WireRequest; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = bytes.toString('latin1', 0, end)
  const [, path = ''] = /^\w+ (\S+)/.exec(head) ?? []
  const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
  const length = end + 4 + size
  if (bytes.length < length) return undefined
  return { request: { path, body: bytes.toString('utf8', end + 4, length) }, length }
}

async function reply(socket: Socket, { writes, ends }: WireAnswer): Promise<void> {
  for (const bytes of writes) {
    if (socket.destroyed) return
    await new Promise((resolve) => void socket.write(bytes, resolve))
    // Turned over to the network before the next: two writes in a row would arrive as one.
    await setImmediate()
  }
  if (ends === 'closed') socket.end()
  if (ends === 'reset') socket.resetAndDestroy()
}

/** The head of an HTTP answer. */
export function toHead(status: string, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status}\r\n${lines.join('')}\r\n`
}

/** One HTTP chunk; an empty one ends the body. */
export function toChunk(bytes: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`${bytes.length.toString(16)}\r\n`),
    bytes,
    Buffer.from('\r\n'),
  ])
}

/** The head of a stream of Google's. */
export const streamHead = toHead('200 OK', {
  'content-type': 'text/event-stream',
  'transfer-encoding': 'chunked',
})

/** A stream of Google's, each piece in an HTTP chunk and a write of its own. */
export function streamOf(...pieces: (string | Uint8Array)[]): WireAnswer {
  return {
    writes: [
      streamHead,
      ...pieces.map((piece) => toChunk(Buffer.from(piece))),
      toChunk(Buffer.alloc(0)),
    ],
    ends: 'kept',
  }
}

/** A whole answer with its length. */
export function wholeOf(
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): WireAnswer {
  const bytes = Buffer.from(body)
  const head = toHead('200 OK', {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': String(bytes.length),
    ...headers,
  })
  return { writes: [Buffer.concat([Buffer.from(head), bytes])], ends: 'kept' }
}
