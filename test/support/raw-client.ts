import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A client that writes bytes and reads bytes, and believes nothing about either. */
export interface RawClient {
  socket: Socket
  send(bytes: string | Uint8Array): void
  /** Everything that came so far. */
  received(): string
  /** Resolves with everything so far once `text` is in it. Throws when it does not come in time. */
  until(text: string, ms?: number): Promise<string>
  /** Resolves with everything when the server has closed. Throws when it does not in time. */
  closed(ms?: number): Promise<string>
  /** Hangs up without a word. */
  leave(): void
}

/** An answer as it came over the wire. */
export interface RawReply {
  status: number
  headers: Headers
  body: string
}

/** Connects to the host of a URL. */
export async function connectRaw(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const pieces: Buffer[] = []
  socket.on('data', (piece) => pieces.push(piece))
  // A reset is an end like any other here; what came before it is what is looked at.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const received = () => Buffer.concat(pieces).toString()
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received,
    async until(text, ms = 5_000) {
      const signal = AbortSignal.timeout(ms)
      while (!received().includes(text)) {
        if (socket.closed) throw new Error(`closed before ${text}: ${received()}`)
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        await Promise.race([once(socket, 'data', { signal }), once(socket, 'close', { signal })])
      }
      return received()
    },
    async closed(ms = 5_000) {
      if (!socket.closed) await once(socket, 'close', { signal: AbortSignal.timeout(ms) })
      return received()
    },
    leave: () => void socket.destroy(),
  }
}

/** Sends bytes on a connection of their own and reads until the server closes it. */
export async function sendRaw(url: string, bytes: string | Uint8Array): Promise<RawReply> {
  const client = await connectRaw(url)
  try {
    client.send(bytes)
    return readReply(await client.closed())
  } finally {
    client.leave()
  }
}

/** A request in HTTP/1.1 that asks for the connection to be closed after the answer. */
export function toHttp(
  line: string,
  body?: string,
  headers: Record<string, string> = {},
): string {
  const all = {
    host: 'localhost',
    connection: 'close',
    ...(body !== undefined && {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    }),
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return `${[`${line} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n${body ?? ''}`
}

/** Reads a reply with a content-length, or whose end is the connection's. */
export function readReply(text: string): RawReply {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [line = '', ...fields] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(line)?.[1])
  if (Number.isNaN(status)) throw new Error(`not HTTP: ${JSON.stringify(text.slice(0, 200))}`)
  const headers = new Headers(
    fields.map((field) => {
      const at = field.indexOf(':')
      return [field.slice(0, at), field.slice(at + 1).trim()] as [string, string]
    }),
  )
  return { status, headers, body: rest.join('\r\n\r\n') }
}

/** The data of the events in the body of a chunked stream, `[DONE]` included. */
export function eventsIn(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data.trimEnd())
}
