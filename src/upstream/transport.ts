import type { Dispatcher } from 'undici'
import Agent from 'undici/lib/dispatcher/agent.js'
import { ApiError, badGateway, interrupted } from '../errors.ts'
import { tryParseJson } from '../translate/json.ts'
import { Exchange } from './exchange.ts'
import { Arrival, Waiting } from './record.ts'
import type { Source } from './source.ts'

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

/** What came back: status and headers at once, the body as it arrives. */
export interface Reply {
  status: number
  header(name: string): string | undefined
  /** The body, all at a time that has come. Its failures are 502 or 504. */
  body: Source<Buffer>
  /** The whole body. Throws like `body`, and 502 where it is longer than 64 MiB. */
  text(): Promise<string>
  /** A text from there without the credentials that it was asked with: refusals may repeat them. */
  redact: (text: string) => string
}

export interface Transport {
  /** Throws 502 or 504 where no answer came, and the abort's reason where the client has left. */
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
  return {
    async post(post) {
      const { url, headers, body, signal, patience } = post
      const { waiting = new Waiting(), arrival = new Arrival() } = post
      signal.throwIfAborted()
      // In normal form: what an operator configured may hold spaces, or lead to a parent.
      const { origin, pathname, search } = new URL(url)
      const path = pathname + search
      const exchange = new Exchange(signal, toFault, waiting, arrival)
      const headersTimeout = patience ?? limits.headersTimeout
      dispatcher.dispatch({ origin, path, method: 'POST', headers, body, headersTimeout }, exchange)
      await waiting.for(exchange.begun)
      return {
        status: exchange.status,
        header: (name) => exchange.header(name),
        body: exchange,
        text: () => exchange.text(),
        redact: (text) => without(credentialsIn(headers), text),
      }
    },
    close: () => dispatcher.destroy(),
  }
}

/** JSON is written anew first: its letters may be escaped. */
function without(secrets: readonly string[], text: string): string {
  const parsed = tryParseJson(text)
  const plain = parsed === undefined ? text : JSON.stringify(parsed)
  return secrets.reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), plain)
}

function credentialsIn(headers: Record<string, string>): string[] {
  const { authorization = '', 'x-goog-api-key': key = '' } = headers
  // A shorter one is nobody's secret, and its letters may be part of any word.
  return [authorization.replace(/^Bearer +/i, ''), key].filter((secret) => secret.length >= 8)
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
