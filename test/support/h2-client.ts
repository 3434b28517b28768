import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import { within } from './within.ts'

/** A connection that speaks HTTP/2 from its first byte on. */
export interface H2Client {
  session: ClientHttp2Session
  /** Sends a request: `POST` where it has a body. */
  ask(path: string, body?: string | object, headers?: Record<string, string>): H2Exchange
  /** Ends the connection, whatever goes on. */
  close(): void
}

export interface H2Exchange {
  stream: ClientHttp2Stream
  /** The body, as far as it has come. */
  received(): string
  /** Resolves with everything so far once this is in it. Throws when it does not come in time. */
  until(wanted: string, ms?: number): Promise<string>
  /** Resolves when the stream is closed, however. */
  answer(ms?: number): Promise<H2Answer>
}

export interface H2Answer {
  /** 0 where none came. */
  status: number
  headers: IncomingHttpHeaders
  body: string
  /** What the stream was reset with; 0 where it ended well. */
  code: number
}

type Head = IncomingHttpHeaders & IncomingHttpStatusHeader

export async function connectH2(url: string): Promise<H2Client> {
  // Heads may be longer than the client would send by itself: what becomes of them is the question.
  const session = connect(url, { maxSendHeaderBlockLength: 2 ** 20 })
  // However a connection ends, its streams tell.
  session.on('error', () => undefined)
  await once(session, 'connect')
  return {
    session,
    ask(path, body, headers = {}) {
      const json = { ':method': 'POST', 'content-type': 'application/json' }
      const stream = session.request({ ':path': path, ...(body !== undefined && json), ...headers })
      if (body === undefined) stream.end()
      else stream.end(typeof body === 'string' ? body : JSON.stringify(body))
      return listen(stream)
    },
    close: () => session.destroy(),
  }
}

/** Hears a stream whose request is sent already, or not yet. */
export function listen(stream: ClientHttp2Stream): H2Exchange {
  const pieces: Buffer[] = []
  let head: Head = {}
  stream.on('response', (headers) => (head = headers))
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  stream.on('error', () => undefined)
  const closed = new Promise<void>((resolve) => stream.once('close', resolve))
  const received = () => Buffer.concat(pieces).toString()
  return {
    stream,
    received,
    async until(wanted, ms = 5_000) {
      const signal = AbortSignal.timeout(ms)
      while (!received().includes(wanted)) {
        if (stream.closed) throw new Error(`closed before ${wanted}: ${received()}`)
        await Promise.race([once(stream, 'data', { signal }), once(stream, 'close', { signal })])
      }
      return received()
    },
    async answer(ms = 5_000) {
      await within(ms, closed, 'the stream did not close')
      const { ':status': status = 0, ...headers } = head
      return { status, headers, body: received(), code: stream.rstCode ?? 0 }
    },
  }
}
