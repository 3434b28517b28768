/** OpenAI's error types, as their API and SDKs use them. */
export type ErrorType =
  | 'invalid_request_error'
  | 'rate_limit_error'
  /** OpenAI's words for limits of a key: which of them is reached. */
  | 'requests'
  | 'tokens'
  | 'insufficient_quota'
  | 'conflict_error'
  | 'server_error'
  | 'service_unavailable_error'

/** Why the gateway itself turned a request away that another moment would have let in. */
export type TurnedAway = Shed | SpentLimit

/** More than the process can serve well: no place, no place in time, a slow event loop, no memory. */
export type Shed = 'queue_full' | 'queue_timeout' | 'event_loop_lag' | 'heap_full' | 'bodies_full'

/** More than a key may ask for. */
export type SpentLimit = 'requests_per_minute' | 'tokens_per_minute' | 'parallel_requests'

export interface ErrorDetails {
  code?: string | undefined
  /** JSON path of the field at fault, e.g. `messages[1].content[0].type`. */
  param?: string | undefined
  /** Headers that travel with the answer, e.g. `retry-after`. */
  headers?: Record<string, string> | undefined
  /** What Google said in its own words: status, code, details. */
  google?: GoogleError | undefined
  /** For whoever watches the gateway: clients do not get it. */
  turnedAway?: TurnedAway | undefined
  cause?: unknown
}

export interface GoogleError {
  status?: string | undefined
  code?: number | undefined
  details?: unknown[] | undefined
}

/** What a client gets instead of an answer: an HTTP status and OpenAI's error object. */
export class ApiError extends Error {
  readonly status: number
  readonly type: ErrorType
  readonly code: string | null
  readonly param: string | null
  readonly headers: Record<string, string>
  readonly google: GoogleError | undefined
  readonly turnedAway: TurnedAway | undefined

  constructor(status: number, type: ErrorType, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause })
    this.name = 'ApiError'
    this.status = status
    this.type = type
    this.code = details.code ?? null
    this.param = details.param ?? null
    this.headers = details.headers ?? {}
    this.google = details.google
    this.turnedAway = details.turnedAway
  }

  /** Its code, or its status where that is not a word: endpoints may write anything where a code belongs. */
  get label(): string {
    return this.code !== null && /^\w{1,64}$/.test(this.code) ? this.code : String(this.status)
  }

  /** OpenAI's wire form, with Google's own details beside it where there are any. */
  toJSON() {
    const { type, param, code, google } = this
    return { error: { message: cut(this.message, longestMessage), type, param, code, google } }
  }
}

/** Google's sentences, and those of endpoints, may repeat a whole request. */
const longestMessage = 2_000

const longestQuote = 100

/** What a client sent, short enough to be quoted in the message of an error. */
export function brief(value: unknown): string {
  if (typeof value === 'string') return cut(value, longestQuote)
  // Not String(), which would call a toString that the client wrote. There is no JSON of undefined.
  return cut(JSON.stringify(value) ?? 'undefined', longestQuote)
}

/** Never ends in half a character, which strict JSON parsers refuse. */
function cut(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).toWellFormed()}…`
}

/** 400: the client can mend it. `param` is the JSON path of the field at fault. */
export function invalidRequest(message: string, param?: string, code?: string): ApiError {
  return new ApiError(400, 'invalid_request_error', message, { param, code })
}

/** 401: no key, or one that is not known here. Says the same for both, and never repeats the key. */
export function unauthorized(message: string): ApiError {
  return new ApiError(401, 'invalid_request_error', message, { code: 'invalid_api_key' })
}

/** 404: the model is neither one of Google's families nor configured here. */
export function unknownModel(message: string): ApiError {
  return new ApiError(404, 'invalid_request_error', message, {
    param: 'model',
    code: 'model_not_found',
  })
}

/** 404: no such route. */
export function unknownUrl(message: string): ApiError {
  return new ApiError(404, 'invalid_request_error', message, { code: 'unknown_url' })
}

/** 502: the model's side answered with something that is not an answer. */
export function badGateway(message: string, details: ErrorDetails = {}): ApiError {
  return new ApiError(502, 'server_error', message, { code: 'bad_gateway', ...details })
}

/** 503: the process ends, and this answer took longer than it may. */
export function shuttingDown(): ApiError {
  const message = 'The gateway is shutting down. Send the request again; another one will take it.'
  return new ApiError(503, 'service_unavailable_error', message, {
    code: 'server_shutting_down',
    headers: { 'retry-after': '1' },
  })
}

/** 502: the stream ended before the model had said why it stopped, so it must not look complete. */
export function interrupted(cause?: unknown): ApiError {
  const message = 'The model’s answer broke off before it was complete. Send the request again.'
  return new ApiError(502, 'server_error', message, { code: 'stream_interrupted', cause })
}

/** 500: a bug of ours. The details stay in the log. */
export function internalError(cause?: unknown): ApiError {
  const message = 'The gateway made a mistake. Send the request again, or report its x-request-id.'
  return new ApiError(500, 'server_error', message, { code: 'internal_error', cause })
}
