import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer, type Http2Session, type ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { Answer, Asked, stopReading } from './h2c-messages.ts'
import { headTooLarge, noTunnel, refuseByHand, refuseExpectation } from './parser-errors.ts'
import type { PortLimits } from './protocols.ts'

/** The side of a port that speaks HTTP/2 without TLS. */
export interface H2c {
  /** Serves a connection that begins with the preface, of which nothing has been read. */
  take(socket: Socket): void
  /** Connections take no new requests, their clients are told so, and they end with their last answer. */
  farewell(): void
  /** Ends them at once. */
  destroy(): void
}

/** Requests come to a listener that need not know of HTTP/2. */
export function openH2c(limits: PortLimits, listener: RequestListener): H2c {
  const connections = new Map<Http2Session, Connection>()
  // There is nothing to look at as long as nobody speaks HTTP/2.
  let looking: NodeJS.Timeout | undefined
  const server = createServer(toOptions(limits))
  server.on('request', (asked: Asked, answer: Answer) => {
    const { stream } = answer
    // Reset in the same breath as it was opened: there is nobody to answer.
    const { session } = stream
    const connection = session && !stream.closed ? connections.get(session) : undefined
    if (connection === undefined) return
    connection.owe(asked, answer)
    if (sizeOf(asked.rawHeaders) > limits.maxHeaderSize) refuseByHand(answer, headTooLarge)
    // They have all of HTTP/1's that is used here: the messages see to it.
    else listener(asked as unknown as IncomingMessage, answer as unknown as ServerResponse)
  })
  server.on('checkExpectation', (_asked, answer) => refuseExpectation(answer))
  server.on('connect', (_asked, answer) => refuseByHand(answer, noTunnel))

  return {
    take(socket) {
      server.once('session', (session) => {
        connections.set(session, new Connection(session, socket))
        looking ??= setInterval(look, limits.connectionsCheckingInterval).unref()
        socket.once('close', () => forget(session))
      })
      server.emit('connection', socket)
    },
    farewell() {
      for (const connection of connections.values()) connection.farewell()
    },
    destroy() {
      for (const connection of connections.values()) connection.destroy()
    },
  }

  function look(): void {
    for (const connection of connections.values()) connection.look(performance.now(), limits)
  }

  function forget(session: Http2Session): void {
    connections.delete(session)
    if (connections.size > 0) return
    clearInterval(looking)
    looking = undefined
  }
}

/**
 * What Node and nghttp2 keep as they come is not written here: 1,000 resets or odd frames at once and 33
 * a second more (rapid reset), 10 pings and settings unanswered, 8 continuations of a head, 100 streams
 * refused, 1,000 invalid frames; who goes beyond is told to calm down, and the connection ends.
 */
function toOptions({ maxHeaderSize }: PortLimits) {
  return {
    Http2ServerRequest: Asked,
    Http2ServerResponse: Answer,
    // In MB, of one connection: headers, and what waits to be sent. Cloud Run brings all clients on a few
    // connections, and each of hundreds may have 64 KiB waiting; Node's 10 would refuse them.
    maxSessionMemory: 100,
    // As many fields as over HTTP/1.
    maxHeaderListPairs: 2_000,
    settings: {
      // As many requests as Cloud Run sends to an instance at the most. How many are answered at a time
      // is the door's matter, which says so in OpenAI's words.
      maxConcurrentStreams: 1_000,
      // Beyond it a stream is reset without a word; up to there it gets a 431 like any other.
      maxHeaderListSize: 2 * maxHeaderSize,
      // With Node's 64 KiB a picture from another continent would take a minute.
      initialWindowSize: streamWindow,
      enablePush: false,
    },
  }
}

/** How many bytes a client may send ahead of us, on a stream and on a connection. */
const streamWindow = 256 * 1024
const connectionWindow = 1024 * 1024

/** How long a client has to hang up when all is said, in milliseconds. */
const lastWordMs = 1_000

class Connection {
  readonly #session: ServerHttp2Session
  readonly #socket: Socket
  /** Its answers that are under way. */
  readonly #owed = new Map<Answer, Asked>()
  // The last request whose head was complete: nghttp2 may know of a later one.
  #lastHead = 0
  #greeted = false
  // Whether it was in the middle of something when it had last nothing to answer, and since when.
  #halfway = true
  #quietSince = performance.now()

  constructor(session: ServerHttp2Session, socket: Socket) {
    this.#session = session
    this.#socket = socket
    session.setLocalWindowSize(connectionWindow)
    session.once('remoteSettings', () => (this.#greeted = true))
    session.on('stream', ({ id = 0 }) => (this.#lastHead = id))
  }

  owe(asked: Asked, answer: Answer): void {
    this.#owed.set(answer, asked)
    const { stream } = answer
    if (!stream.endAfterHeaders) stream.once('wantTrailers', () => stopReading(stream))
    answer.once('close', () => {
      this.#owed.delete(answer)
      this.#quietSince = performance.now()
      this.#part()
    })
  }

  farewell(): void {
    this.#session.close()
    this.#part()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Ends what takes too long. */
  look(now: number, { headersTimeout, requestTimeout, keepAliveTimeout }: PortLimits): void {
    for (const [answer, asked] of this.#owed) {
      asked.hurry(requestTimeout)
      answer.dropStalled(now)
    }
    const { lastProcStreamID = 0 } = this.#session.state
    const halfway = !this.#greeted || lastProcStreamID > this.#lastHead
    if (halfway !== this.#halfway) this.#quietSince = now
    this.#halfway = halfway
    const limit = halfway ? headersTimeout : keepAliveTimeout
    if (this.#owed.size === 0 && now - this.#quietSince > limit) this.farewell()
  }

  /** Whoever does not hang up after the last answer would hold the connection for ever. */
  #part(): void {
    if (!this.#session.closed || this.#owed.size > 0) return
    setTimeout(() => this.#socket.destroy(), lastWordMs).unref()
  }
}

/** Names and values, without what HTTP/2 saves. */
function sizeOf(rawHeaders: readonly string[]): number {
  let size = 0
  for (const text of rawHeaders) size += text.length
  return size
}
