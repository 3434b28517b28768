import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { ApiError } from '../errors.ts'

/** A request over HTTP/2 that fails, as one over HTTP/1 does, where its client breaks it off. */
export class Asked extends Http2ServerRequest {
  readonly #since = performance.now()

  constructor(...given: ConstructorParameters<typeof Http2ServerRequest>) {
    super(...given)
    // Node would let the body end here, as if it were whole.
    this.once('aborted', () => this.#fail(new Error('The client reset the stream.')))
  }

  /** Gives a body up that takes longer than this. */
  hurry(limitMs: number): void {
    if (this.complete || performance.now() - this.#since < limitMs) return
    const message = 'The request did not arrive in time.'
    this.#fail(new ApiError(408, 'invalid_request_error', message))
  }

  /** An error that nobody listens to would end the process. */
  #fail(error: Error): void {
    if (this.listenerCount('error') > 0) this.destroy(error)
  }
}

/** How long a client may take nothing of what is written to it, in milliseconds. */
const patienceMs = 30_000

/** Bytes in a millisecond. A long write is not taken until all of it is, however steadily. */
const slowest = 16

/** An answer over HTTP/2 that can be used like one over HTTP/1. */
export class Answer extends Http2ServerResponse<Asked> {
  // How much was written, how much of it had been taken when we last looked, and when it had become more.
  #written = 0
  #taken = 0
  #takenAt = performance.now()

  static {
    // Node's class has no `destroyed`, and takes an answer that was broken off for finished, because it
    // is ended then. (Properties, to the eyes of TypeScript, which accessors may not override.)
    Object.defineProperties(this.prototype, {
      destroyed: {
        get(this: Answer) {
          return this.stream.destroyed || this.stream.closed
        },
      },
      writableFinished: {
        get(this: Answer) {
          return this.stream.writableFinished && !this.stream.aborted
        },
      },
    })
  }

  // HTTP/2 has no `connection` (RFC 9113 8.2.2): a stream ends by itself, and its connection goes on.
  override setHeader(name: string, value: number | string | readonly string[]): void {
    if (name.toLowerCase() !== 'connection') super.setHeader(name, value)
  }

  override writeHead(status: number, given: string | object = {}): this {
    // Neither Fastify nor anybody here gives a phrase, or a list.
    const { connection: _, ...headers } = given as OutgoingHttpHeaders
    return super.writeHead(status, headers)
  }

  override write(
    piece: string | Uint8Array,
    ...rest: (BufferEncoding | Taken | undefined)[]
  ): boolean {
    this.#written += piece.length
    // In either order of Node's.
    return super.write(piece, ...(rest as [BufferEncoding, Taken]))
  }

  /**
   * Gives up who takes nothing of what is written, while other streams of the connection go on, and who
   * is answered and never ends his request.
   */
  dropStalled(now: number): void {
    const { stream } = this
    const pending = stream.writableLength
    const taken = this.#written - pending
    if (taken !== this.#taken || (pending === 0 && !stream.writableFinished)) {
      this.#taken = taken
      this.#takenAt = now
    } else if (now - this.#takenAt > patienceMs + pending / slowest) {
      if (pending > 0) stream.close(constants.NGHTTP2_CANCEL)
      else stopReading(stream)
    }
  }
}

/**
 * For a stream that is answered: whoever still sends would go on for nothing, or wait for our window to
 * open. What has come and nobody reads is thrown away, because it would keep the stream from closing.
 */
export function stopReading(stream: ServerHttp2Stream): void {
  if (stream.readableEnded) return
  // The end of the answer goes out in this turn.
  setImmediate(() => {
    stream.close(constants.NGHTTP2_NO_ERROR)
    stream.removeAllListeners('data').resume()
  })
}

type Taken = (error: Error) => void
