import type { RequestListener, ServerOptions } from 'node:http'
import type { Socket } from 'node:net'
import { type H2c, openH2c } from './h2c.ts'

// An import asks for all that the module has, and behind its WebSocket is Node's own `fetch`, which nobody
// here uses: 50 ms of the processor's time, and 3 MB of the heap.
const { Server } = process.getBuiltinModule('node:http')

/** What is kept over both protocols; times in milliseconds. */
export interface PortLimits {
  /** The longest head of a request, in bytes. */
  maxHeaderSize: number
  /** How long a head may take, and whatever a client says before it. */
  headersTimeout: number
  /** How long a whole request may take. */
  requestTimeout: number
  /** How long a connection may be idle. */
  keepAliveTimeout: number
  /** How often it is looked who is late. */
  connectionsCheckingInterval: number
}

/** What a client says first that speaks HTTP/2 without TLS. Source: RFC 9113 3.4. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/**
 * One port for HTTP/1 and for HTTP/2 with prior knowledge (h2c). Whatever does not begin with the
 * preface is HTTP/1's, as if nobody had looked; a request of either comes to the same listener.
 */
export class PortServer extends Server {
  /** Who has not said enough to tell which protocol it is. */
  readonly #strangers = new Set<Socket>()
  readonly #patienceMs: number
  readonly #toHttp1: (socket: Socket) => void
  readonly #toH2c: (socket: Socket) => void
  // Most gateways never need it.
  #h2c: H2c | undefined

  constructor(options: ServerOptions & PortLimits, listener: RequestListener) {
    super(options, listener)
    this.#patienceMs = options.headersTimeout
    // Node's own, which is how it takes connections: there is no other.
    const listeners = this.listeners('connection')
    this.removeAllListeners('connection')
    this.#toHttp1 = (socket) => {
      for (const take of listeners) take.call(this, socket)
      socket.resume()
    }
    this.#toH2c = (socket) => {
      this.#h2c ??= openH2c(options, listener)
      // Whoever ends his side has left, as Node's servers of HTTP/2 take it; those of HTTP/1 wait.
      socket.allowHalfOpen = false
      this.#h2c.take(socket)
    }
    this.on('connection', (socket: Socket) => this.#meet(socket))
  }

  /** No connection takes new requests; those of HTTP/2 are told so, and end with their last answer. */
  override closeIdleConnections(): void {
    super.closeIdleConnections()
    for (const socket of this.#strangers) socket.destroy()
    this.#h2c?.farewell()
  }

  override closeAllConnections(): void {
    super.closeAllConnections()
    for (const socket of this.#strangers) socket.destroy()
    this.#h2c?.destroy()
  }

  /** Hands a connection over as soon as its first bytes tell whose it is. */
  #meet(socket: Socket): void {
    let said: Buffer = Buffer.alloc(0)
    const listen = (bytes: Buffer) => {
      said = said.length === 0 ? bytes : Buffer.concat([said, bytes])
      const compared = Math.min(said.length, preface.length)
      const alike = said.compare(preface, 0, compared, 0, compared) === 0
      if (alike && compared < preface.length) return
      part()
      socket.off('error', ignore)
      // Whoever takes it reads these bytes again; until then nothing more may flow.
      socket.pause()
      socket.unshift(said)
      if (alike) this.#toH2c(socket)
      else this.#toHttp1(socket)
    }
    const part = () => {
      clearTimeout(timer)
      this.#strangers.delete(socket)
      socket.off('data', listen).off('end', end).off('close', part)
    }
    const giveUp = (code: string) => {
      part()
      this.emit('clientError', Object.assign(new Error('No request.'), { code }), socket)
    }
    const end = () => {
      if (said.length > 0) giveUp('HPE_INVALID_EOF_STATE')
      else socket.end()
    }
    const timer = setTimeout(giveUp, this.#patienceMs, 'ERR_HTTP_REQUEST_TIMEOUT')
    this.#strangers.add(socket)
    socket.on('data', listen).once('end', end).once('close', part).on('error', ignore)
  }
}

/** Who resets a connection has left, and it closes. */
function ignore(): void {}
