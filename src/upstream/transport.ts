import { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import Agent from 'undici/lib/dispatcher/agent.js'
import { LRUCache } from 'lru-cache'
import { ApiError, badGateway, interrupted } from '../errors.ts'
import { Exchange, type Reply, toError } from './exchange.ts'
import { Arrival, Waiting } from './record.ts'

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  signal: AbortSignal
  /** Milliseconds until the first byte, where it is not the usual time. */
  patience?: number | undefined
  /** Gets the time that the answer is waited for. */
  waiting?: Waiting
  /** Gets how the answer's body came. */
  arrival?: Arrival
}

export interface Transport {
  /** Rejects with 502 or 504 where no answer came, and with the abort's reason where the client has left. */
  post(post: Post): Promise<Reply>
  close(): Promise<void>
}

/** Times in milliseconds. */
export interface Limits {
  connectTimeout: number
  /** Until the first byte: a thinking model may be silent for minutes. */
  headersTimeout: number
  /** Between two pieces of a body. */
  idleTimeout: number
}

/** HTTP/1.1 over pooled connections. Never follows a redirect, never sends a request twice. */
export function createTransport(limits: Limits): Transport {
  const dispatcher: Dispatcher = new Agent({
    allowH2: false,
    connect: { timeout: limits.connectTimeout },
    headersTimeout: limits.headersTimeout,
    bodyTimeout: limits.idleTimeout,
  })
  // A few models are asked again and again: their addresses need not be parsed each time.
  const addresses = new LRUCache<string, Address>({ max: 100, memoMethod: toAddress })
  return {
    post(post) {
      const { url, headers, body, signal, patience } = post
      const { waiting = new Waiting(), arrival = new Arrival() } = post
      if (signal.aborted) return Promise.reject(toError(signal.reason))
      const { origin, path } = addresses.memo(url)
      const exchange = new Exchange({ signal, toFault, waiting, arrival, asked: headers })
      const headersTimeout = patience ?? limits.headersTimeout
      const sent = body.length < longBody ? body : passing(body)
      dispatcher.dispatch(
        { origin, path, method: 'POST', headers, body: sent, headersTimeout },
        exchange,
      )
      return exchange.begun()
    },
    close: () => dispatcher.destroy(),
  }
}

/** From so many characters on it matters for how long a body is held. */
const longBody = 16 * 1024

/**
 * A body that is let go of as soon as it is sent. The bytes of a string undici holds until the answer has ended: for a
 * picture that is a megabyte, for as many minutes as a stream takes.
 */
function passing(body: string): Readable {
  const readOnce = new Readable({ read: () => undefined })
  readOnce.push(Buffer.from(body))
  // It ends before it is read, so that its length is known.
  readOnce.push(null)
  return readOnce
}

/** Where a request goes, in normal form: what an operator configured may hold spaces, or lead to a parent. */
interface Address {
  origin: string
  path: string
}

function toAddress(url: string): Address {
  const { origin, pathname, search } = new URL(url)
  return { origin, path: pathname + search }
}

/** What went wrong on the way, as a client gets it; the network's own words stay in `cause`. */
function toFault(error: unknown, begun: boolean): ApiError {
  const timeout = timeouts[error instanceof Error && 'code' in error ? String(error.code) : '']
  if (timeout === undefined) return begun ? interrupted(error) : unreachable(error)
  const message = 'Gemini did not answer in time. Send the request again.'
  return new ApiError(504, 'server_error', message, { code: timeout, cause: error })
}

const timeouts: Record<string, string> = {
  UND_ERR_HEADERS_TIMEOUT: 'upstream_timeout',
  UND_ERR_BODY_TIMEOUT: 'upstream_idle_timeout',
}

function unreachable(cause: unknown): ApiError {
  return badGateway('Gemini could not be reached. Send the request again.', { cause })
}
