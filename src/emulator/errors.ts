/** A refusal as Google sends it: `{ error: { code, message, status, details } }`. */
export interface ErrorBody {
  error: { code: number; message: string; status: string; details?: ErrorDetail[] }
}

/** One entry of `details`, told apart by its `@type`. */
export interface ErrorDetail {
  '@type': string
  [field: string]: unknown
}

/** One offended field of a `google.rpc.BadRequest`. */
export interface FieldViolation {
  field?: string
  description: string
}

const statuses: Record<number, string> = {
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

const messages: Record<number, string> = {
  401: 'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.',
  403: 'The caller does not have permission',
  404: 'Requested entity was not found.',
  409: 'The operation was aborted.',
  429: 'Resource has been exhausted (e.g. check quota).',
  499: 'The operation was cancelled.',
  500: 'An internal error has occurred. Please retry or report in https://developers.generativeai.google/guide/troubleshooting',
  501: 'Operation is not implemented, or supported, or enabled.',
  503: 'The model is overloaded. Please try again later.',
  504: 'Deadline expired before operation could complete.',
}

/** A refusal on its way to the client. */
export class GoogleError extends Error {
  readonly code: number
  readonly status: string
  readonly details: ErrorDetail[] | undefined

  constructor(code: number, message: string, details?: ErrorDetail[], status = statuses[code]) {
    super(message)
    this.code = code
    this.status = status ?? 'UNKNOWN'
    this.details = details
  }

  toJSON(): ErrorBody {
    const { code, message, status, details } = this
    return { error: { code, message, status, ...(details && { details }) } }
  }
}

/** A refusal of one's own; what it leaves open is as Google says it with that code. */
export interface Refusal {
  code: number
  status?: string
  message?: string
  details?: ErrorDetail[]
}

/** The error a refusal of one's own makes. */
export function refusalError({ code, status, message, details }: Refusal): GoogleError {
  return new GoogleError(code, message ?? standardError(code).message, details, status)
}

/** 400 without details: what the model servers say, in contrast to the JSON front end. */
export function invalidArgument(message: string): GoogleError {
  return new GoogleError(400, message)
}

/** What the model servers say where they do not tell what is wrong. */
export const noReason = 'Request contains an invalid argument.'

/** 400 of the validator, which names the field by its path and ends each line in a newline. */
export function invalidField(path: string, problem: string): GoogleError {
  return new GoogleError(400, `* GenerateContentRequest.${path}: ${problem}\n`)
}

/** 400 of the JSON front end, which collects every offence of a body before it answers. */
export function badRequest(fieldViolations: FieldViolation[]): GoogleError {
  const message = fieldViolations.map(({ description }) => description).join('\n')
  return new GoogleError(400, message, [
    { '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations },
  ])
}

/** The refusal Google gives under an HTTP status, in its standard words. */
export function standardError(code: number): GoogleError {
  return new GoogleError(code, messages[code] ?? `HTTP ${code}`, standardDetails(code))
}

function standardDetails(code: number): ErrorDetail[] | undefined {
  if (code !== 429) return undefined
  return [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '2s' }]
}
