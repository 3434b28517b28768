import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { ApiError } from '../errors.ts'
import { atEnd } from './answered.ts'

/** What the parser refuses, and its other events that end without a route, in OpenAI's shape of errors. */
export interface ParserErrors {
  /** Fastify's `clientErrorHandler`. */
  refuse: (error: NodeJS.ErrnoException, socket: Duplex) => void
  /** Has to know which connections owe an answer. */
  watch: (server: Server) => void
  /** After this request none is to be believed: where it ends is in doubt, or it was not read. */
  distrust: (request: IncomingMessage) => void
  /** Whether an answer is under way on a connection. */
  isOwed: (socket: Duplex) => boolean
  /** Whether this request came behind one of those. */
  isDistrusted: (request: IncomingMessage) => boolean
}

export function parserErrors(): ParserErrors {
  const connections = new WeakMap<Duplex, Connection>()
  // Their last requests: what the parser takes for a request behind them may be a part of theirs.
  const distrusted = new WeakMap<Duplex, IncomingMessage>()

  return {
    isOwed: (socket) => (connections.get(socket)?.owed.size ?? 0) > 0,
    distrust: (request) => void distrusted.set(request.socket, request),
    isDistrusted: (request) => (distrusted.get(request.socket) ?? request) !== request,
    refuse: (error, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') {
        socket.destroy()
        return
      }
      // What follows a last request is nobody's; its answer closes the connection.
      if (error.code === 'HPE_CLOSED_CONNECTION') return
      const connection = connections.get(socket) ?? { owed: new Map(), refusal: undefined }
      connection.refusal ??= refusals[error.code ?? ''] ?? notHttp
      // An answer to what has not arrived, and will not, is this refusal.
      for (const [response, request] of connection.owed) {
        if (!request.complete && !response.headersSent) connection.owed.delete(response)
      }
      tell(connection, socket)
    },
    watch: (server) => {
      server.on('request', (request: IncomingMessage, response: ServerResponse) => {
        const { socket } = request
        const connection = connections.get(socket) ?? { owed: new Map(), refusal: undefined }
        connections.set(socket, connection)
        connection.owed.set(response, request)
        atEnd(response, () => {
          connection.owed.delete(response)
          tell(connection, socket)
        })
      })
      server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
        // The body that was announced is not read.
        distrusted.set(request.socket, request)
        refuseExpectation(response)
      })
      server.on('connect', ({ socket }) => {
        // Node hands it over bare: without a listener, a client that resets it would end the process.
        socket.on('error', () => socket.destroy())
        const connection = connections.get(socket) ?? { owed: new Map(), refusal: undefined }
        connection.refusal ??= noTunnel
        tell(connection, socket)
      })
    },
  }
}

/** Clients may ask again before the first answer is there. */
interface Connection {
  /** The answers that are under way, with their requests. */
  owed: Map<ServerResponse, IncomingMessage>
  /** What comes after them: the last word on this connection. */
  refusal: Refusal | undefined
}

/** Written any earlier it would be read as, or into, the answer to an earlier request. */
function tell({ owed, refusal }: Connection, socket: Duplex): void {
  if (refusal === undefined || owed.size > 0 || !socket.writable) return
  socket.end(toBytes(refusal))
  // Whoever does not hang up then would keep the connection, and what half a request holds, for ever.
  setTimeout(() => socket.destroy(), lastWordMs).unref()
}

const lastWordMs = 1_000

type Refusal = [status: number, phrase: string, message: string]

const notHttp: Refusal = [400, 'Bad Request', 'The request is not valid HTTP.']
/** What CONNECT gets. */
export const noTunnel: Refusal = [405, 'Method Not Allowed', 'This gateway opens no tunnels.']
export const headTooLarge: Refusal = [
  431,
  'Request Header Fields Too Large',
  'The request’s headers are too large.',
]
const refusals: Record<string, Refusal> = {
  HPE_HEADER_OVERFLOW: headTooLarge,
  HPE_INVALID_VERSION: [505, 'HTTP Version Not Supported', 'Speak HTTP/1.1 to this port.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** No reply exists yet, or none ever will: the answer is written by hand. */
function toBytes([status, phrase, message]: Refusal): string {
  const body = JSON.stringify(new ApiError(status, 'invalid_request_error', message))
  return [
    `HTTP/1.1 ${status} ${phrase}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${randomUUID()}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}

const unexpected: Refusal = [
  417,
  'Expectation Failed',
  'The request expects what this gateway cannot do. Leave the Expect header out.',
]

/** `Expect:` something other than 100-continue. Node would answer without a body. */
export function refuseExpectation(response: Writing): void {
  refuseByHand(response, unexpected)
}

/** The answer to a request that gets no further than to the parser, over either protocol. */
export function refuseByHand(response: Writing, [status, _, message]: Refusal): void {
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': randomUUID(),
      connection: 'close',
    })
    .end(JSON.stringify(new ApiError(status, 'invalid_request_error', message)))
}

/** A response, as far as it is used here. */
interface Writing {
  writeHead(status: number, headers: Record<string, string>): { end(body: string): unknown }
}
