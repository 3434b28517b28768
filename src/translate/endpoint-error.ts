import { ApiError, type ErrorType } from '../errors.ts'
import { isObject, tryParseJson } from './json.ts'
import { type Owner, type Refusal, toApiError } from './status.ts'

/**
 * What vLLM, SGLang, TGI or Google's front end say when they refuse, as OpenAI would say it. Newer
 * vLLM has OpenAI's own shape, older vLLM and SGLang the same without its wrapper, TGI a bare string.
 */
export function toEndpointError(refusal: Refusal, owner: Owner): ApiError {
  const { status, body, retryAfter } = refusal
  const parsed = tryParseJson(body)
  const top = isObject(parsed) ? parsed : {}
  const inner = isObject(top.error) ? top.error : undefined
  const google = Array.isArray(parsed) || typeof inner?.status === 'string'
  if (google || status === 401 || status === 403) return toApiError(refusal, owner)
  const said = inner ?? top
  const message = [said.message, said.error, toDetail(said.detail), toPlainText(body, parsed)].find(
    isText,
  )
  const code = [said.code, said.error_type].find(isText)
  return new ApiError(
    toStatus(status),
    toType(toStatus(status)),
    message ?? `The model’s endpoint answered with HTTP ${status} and no reason.`,
    {
      code: code ?? (status >= 500 ? 'upstream_error' : undefined),
      param: isText(said.param) ? said.param : undefined,
      headers: isTime(retryAfter) ? { 'retry-after': retryAfter } : undefined,
    },
  )
}

/** Seconds, or a date. */
function isTime(text: string | undefined): text is string {
  return text !== undefined && (/^\d{1,9}$/.test(text) || !Number.isNaN(Date.parse(text)))
}

/** TGI's "failed dependency" is the model's failure; whatever is no error at all is a bad gateway. */
function toStatus(status: number): number {
  return status === 424 || status < 400 || status > 599 ? 502 : status
}

function toType(status: number): ErrorType {
  if (status === 429) return 'rate_limit_error'
  if (status === 503) return 'service_unavailable_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}

/** FastAPI's validation errors: a sentence, or a list of places and sentences. */
function toDetail(detail: unknown): string | undefined {
  if (!Array.isArray(detail)) return typeof detail === 'string' ? detail : undefined
  return detail
    .filter(isObject)
    .map(({ loc, msg }) => `${toPath(loc)}: ${isText(msg) ? msg : 'invalid'}`)
    .join('; ')
}

/** A sentence without JSON around it; pages of HTML are no sentence. */
function toPlainText(body: string, parsed: unknown): string | undefined {
  const text = body.trim()
  return parsed === undefined && !text.startsWith('<') ? text.slice(0, 500) : undefined
}

function toPath(loc: unknown): string {
  return Array.isArray(loc) ? loc.filter((step) => typeof step !== 'object').join('.') : ''
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}
