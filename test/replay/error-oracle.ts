// What a client must get for an error of Google, written from the specification's §8 alone.

import { isRecord } from '../support/shared.ts'

/** Whose key or token Google refused. */
export type KeyOwner = 'gateway' | 'client'

export interface ExpectedError {
  status: number
  /** OpenAI has used more than one word for some of them. */
  types: string[]
  codes: (string | null)[]
  param: string | null
  message: string
  googleStatus: string
  /** How long Google asks to wait. */
  waitMs: number | undefined
  shouldRetry: false | undefined
}

interface GoogleError {
  code: number
  message: string
  status: string
  details?: {
    '@type': string
    reason?: string
    retryDelay?: string
    violations?: { quotaId?: string }[]
    fieldViolations?: { field?: string }[]
  }[]
}

function isGoogleError(value: unknown): value is { error: GoogleError } {
  return isRecord(value) && isRecord(value['error'])
}

type Row = Pick<ExpectedError, 'status' | 'types' | 'codes'> & { param?: string }

/** Specification §8.2 and §8.3. */
export function expectError(body: unknown, owner: KeyOwner): ExpectedError {
  const [first]: unknown[] = Array.isArray(body) ? body : [body]
  if (!isGoogleError(first)) throw new Error(`Not an error of Google: ${JSON.stringify(body)}`)
  const { error } = first
  const row = rowFor(error, owner)
  const perDay = row.codes.includes('insufficient_quota')
  return {
    ...row,
    param: row.param ?? null,
    message: error.message,
    googleStatus: error.status,
    waitMs: perDay ? undefined : waitOf(error),
    shouldRetry: perDay ? false : undefined,
  }
}

function rowFor(error: GoogleError, owner: KeyOwner): Row {
  const { code, message, status, details = [] } = error
  const unauthenticated: Row =
    owner === 'client'
      ? invalid('invalid_api_key', 401)
      : { status: 502, types: ['server_error'], codes: ['upstream_authentication_error'] }

  if (code === 400 && details.some((detail) => detail.reason === 'API_KEY_INVALID'))
    return unauthenticated
  if (code === 400 && status === 'FAILED_PRECONDITION')
    return message.startsWith('User location is not supported')
      ? invalid('unsupported_country_region_territory', 403)
      : invalid('failed_precondition')
  if (code === 400 && /input token count .* exceeds the maximum/.test(message))
    return invalid('context_length_exceeded')
  if (code === 400 && message.includes('Unknown name')) {
    const field = details.flatMap((detail) => detail.fieldViolations ?? [])[0]?.field
    return invalid('unknown_parameter', 400, field)
  }
  if (code === 400) return invalid(null)
  if (code === 401) return unauthenticated
  if (code === 403) return invalid('permission_denied', 403)
  if (code === 404) return invalid('model_not_found', 404, 'model')
  if (code === 429 && isPerDay(error))
    return { status: 429, types: ['insufficient_quota'], codes: ['insufficient_quota'] }
  if (code === 429)
    return {
      status: 429,
      types: ['rate_limit_error', 'requests', 'tokens'],
      codes: ['rate_limit_exceeded'],
    }
  if (code === 503)
    return {
      status: 503,
      types: ['service_unavailable_error', 'server_error'],
      codes: ['server_is_overloaded', 'overloaded'],
    }
  if (code === 504)
    return { status: 504, types: ['server_error', 'timeout_error'], codes: ['timeout'] }
  if (code === 500) return { status: 500, types: ['server_error'], codes: ['internal_error'] }
  throw new Error(`The oracle knows no rule for ${code} ${status}.`)
}

function invalid(code: string | null, status = 400, param?: string): Row {
  return {
    status,
    types: ['invalid_request_error'],
    codes: [code],
    ...(param === undefined ? {} : { param }),
  }
}

function isPerDay({ message, details = [] }: GoogleError): boolean {
  const quotaIds = details
    .flatMap((detail) => detail.violations ?? [])
    .map(({ quotaId }) => quotaId)
  return quotaIds.some((id) => id?.includes('PerDay')) || /limit: 0\b/.test(message)
}

function waitOf({ message, details = [] }: GoogleError): number | undefined {
  const delay = details.find((detail) => detail.retryDelay)?.retryDelay
  const seconds = delay?.replace(/s$/, '') ?? /retry in ([\d.]+)s/.exec(message)?.[1]
  return seconds === undefined ? undefined : Number(seconds) * 1000
}
