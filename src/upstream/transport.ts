import { Agent, type Dispatcher, request } from 'undici'
import { ApiError, badGateway, interrupted } from '../errors.ts'
import { tryParseJson } from '../translate/json.ts'

export interface Post {
  url: string
  headers: Record<string, string>
  body: string
  signal: AbortSignal
  /** Milliseconds until the first byte, where it is not the usual time. */
  patience?: number | undefined
}

/** What came back: status and headers at once, the body as it arrives. */
export interface Reply {
  status: number
  header(name: string): string | undefined
  /** The body piece by piece. Throws 502 or 504 where it breaks off. */
  bytes(): AsyncGenerator<Uint8Array>
  /** A text from there without the credentials that it was asked with: refusals may repeat them. */
  redact: (text: string) => string
  /** The whole body. Throws like `bytes`, and 502 where it is longer than 64 MiB. */
  text(): Promise<string>
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
    async post({ url, headers, body, signal, patience }) {
      const answer = await request(url, {
        method: 'POST',
        headers,
        body,
        signal,
        dispatcher,
        ...(patience !== undefined && { headersTimeout: patience }),
      }).catch((error: unknown) => Promise.reject(toFault(error, signal, unreachable)))
      return toReply(answer, signal, credentialsIn(headers))
    },
    close: () => dispatcher.destroy(),
  }
}

function toReply(
  answer: Dispatcher.ResponseData,
  signal: AbortSignal,
  secrets: readonly string[],
): Reply {
  return {
    status: answer.statusCode,
    header(name) {
      const value = answer.headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    redact: (text) => without(secrets, text),
    async *bytes() {
      try {
        yield* answer.body
      } catch (error) {
        throw toFault(error, signal, interrupted)
      }
    },
    async text() {
      try {
        return await readText(answer.body)
      } catch (error) {
        throw error instanceof ApiError ? error : toFault(error, signal, interrupted)
      }
    },
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

/** The longest body that is held in memory: several pictures fit. */
const longestBody = 64 * 1024 * 1024

/** Leaving the loop early closes the connection. */
async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of body) {
    length += piece.length
    if (length > longestBody) throw badGateway('Gemini sent an answer longer than 64 MiB.')
    pieces.push(piece)
  }
  // Like `fetch`, without a byte order mark.
  return new TextDecoder().decode(Buffer.concat(pieces, length))
}

/** What went wrong on the way, as a client gets it; the network's own words stay in `cause`. */
function toFault(
  error: unknown,
  signal: AbortSignal,
  otherwise: (cause: unknown) => ApiError,
): unknown {
  if (signal.aborted) return error
  const timeout = timeouts[error instanceof Error && 'code' in error ? String(error.code) : '']
  if (timeout === undefined) return otherwise(error)
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
