import { ApiError, type ErrorType, type GoogleError } from '../errors.ts'
import { isObject, tryParseJson } from './json.ts'

/** Whose credential Google saw: a bad one is the client's to mend, or ours. */
export type Owner = 'gateway' | 'client'

/** A refusal as it came: the status line, the body's text and the one header that matters. */
export interface Refusal {
  status: number
  body: string
  retryAfter?: string | undefined
}

interface Row {
  status: number
  type: ErrorType
  code?: string
  param?: string
}

/** Google's canonical codes in OpenAI's words. Source: ai.google.dev/gemini-api/docs/troubleshooting. */
const byStatus: Record<string, Row> = {
  INVALID_ARGUMENT: { status: 400, type: 'invalid_request_error' },
  FAILED_PRECONDITION: { status: 400, type: 'invalid_request_error', code: 'failed_precondition' },
  OUT_OF_RANGE: { status: 400, type: 'invalid_request_error' },
  UNAUTHENTICATED: { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' },
  PERMISSION_DENIED: { status: 403, type: 'invalid_request_error', code: 'permission_denied' },
  NOT_FOUND: {
    status: 404,
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
  },
  ABORTED: { status: 409, type: 'conflict_error' },
  ALREADY_EXISTS: { status: 409, type: 'conflict_error' },
  RESOURCE_EXHAUSTED: { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  CANCELLED: { status: 500, type: 'server_error', code: 'cancelled' },
  UNKNOWN: { status: 500, type: 'server_error', code: 'internal_error' },
  INTERNAL: { status: 500, type: 'server_error', code: 'internal_error' },
  DATA_LOSS: { status: 500, type: 'server_error', code: 'internal_error' },
  UNIMPLEMENTED: { status: 400, type: 'invalid_request_error', code: 'unsupported' },
  UNAVAILABLE: { status: 503, type: 'service_unavailable_error', code: 'server_is_overloaded' },
  DEADLINE_EXCEEDED: { status: 504, type: 'server_error', code: 'timeout' },
}

/** Where the body does not say which canonical code it is. */
const byHttp: Record<number, string> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  499: 'CANCELLED',
  500: 'INTERNAL',
  501: 'UNIMPLEMENTED',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
}

const tooLarge: Row = { status: 413, type: 'invalid_request_error', code: 'request_too_large' }
const gateway: Row = { status: 502, type: 'server_error', code: 'bad_gateway' }
const ourKey: Row = { status: 502, type: 'server_error', code: 'upstream_authentication_error' }
const quota: Row = { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' }

const tooLong: Row = {
  status: 400,
  type: 'invalid_request_error',
  code: 'context_length_exceeded',
}

/** Words in Google's message that say more than its code does. */
const refinements: [RegExp, Row][] = [
  [
    /location is not supported/i,
    { status: 403, type: 'invalid_request_error', code: 'unsupported_country_region_territory' },
  ],
  [
    /input token count .{0,200}(?:exceeds|only supports up to)|exceeds the maximum number of tokens/i,
    tooLong,
  ],
  [
    /^Invalid JSON payload received\. Unknown name/,
    { status: 400, type: 'invalid_request_error', code: 'unknown_parameter' },
  ],
]

/** Google's refusal as a client gets it, with Google's own words beside OpenAI's. */
export function toApiError(refusal: Refusal, owner: Owner): ApiError {
  const error = readError(refusal.body)
  const status = error?.status ?? byHttp[error?.code ?? refusal.status] ?? byHttp[refusal.status]
  const message = toMessage(error?.message, refusal.status)
  const details = error?.details ?? []
  const row = toRow(refusal.status, status, message, details, owner)
  const wait =
    row === quota ? undefined : (toSeconds(details, message) ?? toNumber(refusal.retryAfter))
  // Our own credential's troubles are for the log: a client gets no details of them.
  const google: GoogleError | undefined =
    row === ourKey || error === undefined
      ? undefined
      : { status, code: error.code, details: withoutProjects(details) }
  const shown =
    row === ourKey
      ? 'The gateway’s own credential was refused by Google. Tell its operator.'
      : row === tooLong
        ? withLengths(message)
        : message
  return new ApiError(row.status, row.type, shown, {
    code: row.code,
    param: row.param ?? violatedField(row, details),
    google,
    headers: toHeaders(row, wait),
    cause: row === ourKey ? message : undefined,
  })
}

/** OpenAI's sentence before Google's: many clients know by it, not by the code, that they must say less. */
function withLengths(message: string): string {
  const [, count, limit] = /token count (?:is )?\(?(\d+)\)?[^\d]{1,100}(\d+)/.exec(message) ?? []
  if (limit === undefined) return message
  return `This model's maximum context length is ${limit} tokens. However, your messages resulted in ${count} tokens. ${message}`
}

/** The error object inside an event or an array of a stream that had begun well. */
export function toStreamError(event: string, owner: Owner): ApiError {
  return toApiError({ status: readError(event)?.code ?? 502, body: event }, owner)
}

function toRow(
  http: number,
  status: string | undefined,
  message: string,
  details: unknown[],
  owner: Owner,
): Row {
  const badKey =
    status === 'UNAUTHENTICATED' || /API key (not valid|expired)|valid API key/i.test(message)
  if (badKey || hasReason(details, 'API_KEY_INVALID')) {
    return owner === 'client'
      ? { status: 401, type: 'invalid_request_error', code: 'invalid_api_key' }
      : ourKey
  }
  if (http === 413) return tooLarge
  if (status === 'RESOURCE_EXHAUSTED') return isSpent(message, details) ? quota : known(status)
  const refined = refinements.find(([words]) => words.test(message))?.[1]
  return refined ?? (status === undefined ? gateway : known(status))
}

function known(status: string): Row {
  return byStatus[status] ?? gateway
}

/** A daily quota, or one of nothing at all: waiting a little does not help. */
function isSpent(message: string, details: unknown[]): boolean {
  const ids = details
    .filter(isObject)
    .flatMap(({ violations }) => (Array.isArray(violations) ? violations : []))
  const daily = ids.some(
    (one) => isObject(one) && typeof one.quotaId === 'string' && /PerDay/i.test(one.quotaId),
  )
  return daily || /limit: 0\b|billing account|prepayment|credits are depleted/i.test(message)
}

interface GoogleBody {
  code: number | undefined
  status: string | undefined
  message: string | undefined
  details: unknown[]
}

/** Google's error object: bare, inside an array, or a mere string; undefined for HTML and the like. */
function readError(body: string): GoogleBody | undefined {
  const parsed = tryParseJson(body)
  const first = Array.isArray(parsed) ? parsed[0] : parsed
  const error = isObject(first) ? first.error : undefined
  if (typeof error === 'string')
    return { code: undefined, status: undefined, message: error, details: [] }
  if (!isObject(error)) return undefined
  const { code, status, message, details } = error
  return {
    code: typeof code === 'number' ? code : undefined,
    status: typeof status === 'string' && Object.hasOwn(byStatus, status) ? status : undefined,
    message: typeof message === 'string' ? message : undefined,
    details: Array.isArray(details) ? details : [],
  }
}

const longest = 2000
const longestDetails = 20_000

/** Google's sentence, in the client's words and without anything that is not the client's business. */
function toMessage(message: string | undefined, http: number): string {
  if (message === undefined || message.trim() === '') {
    return `Gemini answered with HTTP ${http} and no reason.`
  }
  // Cut first: what is scrubbed may be as long as what a client sent.
  const clean = scrub(message.slice(0, 2 * longest))
  return clean.length > longest ? `${clean.slice(0, longest)}…` : clean
}

const scrubbed: [RegExp, string][] = [
  [/([?&]key=)[^&\s"]+/g, '$1[redacted]'],
  [/\b(?:AIz[\w-]{10,}|(?:ya29|AQ)\.[\w.-]+)/g, '[redacted]'],
  [/\b(project(?:_?number|s)?[\s:=/"']{1,4})\d+/gi, '$1-'],
  [/("(?:consumer|containerInfo)":\s*")[^"]*/g, '$1-'],
  // The namespace that Google shows functions in: clients know their names without it.
  [/\bdefault_api[.:](?=\w)/g, ''],
]

function scrub(text: string): string {
  return scrubbed.reduce((clean, [pattern, instead]) => clean.replace(pattern, instead), text)
}

/** Details without project numbers; Google's notes for its own engineers are left out. */
function withoutProjects(details: unknown[]): unknown[] {
  const shown = details.filter(
    (detail) => !isObject(detail) || !toWord(detail['@type']).endsWith('.DebugInfo'),
  )
  const text = JSON.stringify(shown)
  // They may repeat a whole request.
  const parsed = text.length > longestDetails ? [] : tryParseJson(scrub(text))
  return Array.isArray(parsed) ? parsed : []
}

function toWord(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function hasReason(details: unknown[], reason: string): boolean {
  return details.some((detail) => isObject(detail) && detail.reason === reason)
}

function violatedField(row: Row, details: unknown[]): string | undefined {
  if (row.code !== 'unknown_parameter') return undefined
  const [violation] = details
    .filter(isObject)
    .flatMap(({ fieldViolations }) => (Array.isArray(fieldViolations) ? fieldViolations : []))
  return isObject(violation) && typeof violation.field === 'string' ? violation.field : undefined
}

/** `RetryInfo.retryDelay` ("38.9s"), else what the sentence says. */
function toSeconds(details: unknown[], message: string): number | undefined {
  const info = details.find((detail) => isObject(detail) && typeof detail.retryDelay === 'string')
  const delay = isObject(info) ? toWord(info.retryDelay) : /retry in ([\d.]+)s/i.exec(message)?.[1]
  return toNumber(delay?.replace(/s$/, ''))
}

function toNumber(text: string | undefined): number | undefined {
  const seconds = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(seconds) && seconds >= 0
    ? seconds
    : undefined
}

/** OpenAI's SDKs read the milliseconds first, and obey `x-should-retry`. */
function toHeaders(row: Row, seconds: number | undefined): Record<string, string> {
  if (row === quota) return { 'x-should-retry': 'false' }
  if (seconds === undefined) return {}
  return {
    'retry-after': String(Math.ceil(seconds)),
    'retry-after-ms': String(Math.ceil(seconds * 1000)),
    // They would not wait so long, but ask twice more before.
    ...(seconds > 60 && { 'x-should-retry': 'false' }),
  }
}
