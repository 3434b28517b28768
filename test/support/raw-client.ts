import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'

/** A client that writes bytes and reads bytes, and believes nothing about either. */
export interface RawClient {
  socket: Socket
  send(bytes: string | Uint8Array): void
  /** Everything that came so far. */
  received(): string
  /** Resolves with everything so far once this is in it. Throws when it does not come in time. */
  until(wanted: string | RegExp, ms?: number): Promise<string>
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
  socket.on('data', (piece: Buffer) => pieces.push(piece))
  // A reset is an end like any other here; what came before it is what is looked at.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const received = () => Buffer.concat(pieces).toString()
  return {
    socket,
    send: (bytes) => void socket.write(bytes),
    received,
    async until(wanted, ms = 5_000) {
      const signal = AbortSignal.timeout(ms)
      while (received().search(wanted instanceof RegExp ? wanted : RegExp.escape(wanted)) === -1) {
        if (socket.closed) throw new Error(`closed before ${wanted}: ${received()}`)
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

/** Posts many JSON bodies at once and resolves with all answers; fetch would take three times as long. */
export async function postAll(
  url: string,
  bodies: object[],
  { sockets = 64, headers = {} }: { sockets?: number; headers?: Record<string, string> } = {},
): Promise<RawReply[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  const post = async (body: object): Promise<RawReply> => {
    const json = JSON.stringify(body)
    const asked = request(url, {
      method: 'POST',
      agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json),
        ...headers,
      },
      signal: AbortSignal.timeout(20_000),
    })
    const [response] = await once(asked.end(json), 'response')
    const fields = Object.entries<string | string[]>(response.headers)
    return {
      status: response.statusCode,
      headers: new Headers(fields.map(([name, value]) => [name, String(value)])),
      body: await text(response),
    }
  }
  try {
    return await Promise.all(bodies.map(post))
  } finally {
    agent.destroy()
  }
}

/** A request in HTTP/1.1 that asks for the connection to be closed after the answer. */
export function toHttp(line: string, body?: string, headers: Record<string, string> = {}): string {
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

/** Reads a reply, whose body ends with the connection or with its last chunk. */
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
  const body = rest.join('\r\n\r\n')
  const chunked = headers.get('transfer-encoding') === 'chunked'
  return { status, headers, body: chunked ? joinChunks(body) : body }
}

/** The content of the chunks of a body; lengths are of bytes. */
function joinChunks(body: string): string {
  const bytes = Buffer.from(body)
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const line = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    if (line === -1 || !(size > 0)) break
    pieces.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
  return Buffer.concat(pieces).toString()
}

/** The data of the events in the body of a chunked stream, `[DONE]` included. */
export function eventsIn(text: string): string[] {
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data.trimEnd())
}
