import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError, brief, internalError, invalidRequest, unknownUrl } from '../errors.ts'
import { toLogged } from './failure-log.ts'
import type { ServedPath } from './paths.ts'
import { toLogFields } from './trace-context.ts'

/** Anything thrown, as the client gets it. What is no ApiError is a bug of ours, or the parser's word. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  return (isFastifyError(error) ? refusals[error.code]?.(error) : undefined) ?? internalError(error)
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

/** What Fastify refuses before a route is reached, in OpenAI's words. */
const refusals: Record<string, (error: FastifyError) => ApiError> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => notJson(),
  FST_ERR_BAD_URL: () =>
    invalidRequest('The request’s path is not a valid URL.', undefined, 'bad_url'),
  FST_ERR_MAX_PARAM_LENGTH: () =>
    invalidRequest('The request’s path is too long.', undefined, 'bad_url'),
}

/** 400: the body is not JSON. */
export function malformed(): ApiError {
  return invalidRequest(
    'We could not parse the JSON body of your request. Check that it is valid JSON.',
    undefined,
    'invalid_json',
  )
}

function notJson(): ApiError {
  const message = 'Send the body as JSON, with the header `Content-Type: application/json`.'
  return new ApiError(415, 'invalid_request_error', message, { code: 'unsupported_media_type' })
}

/** One error shape for everything that leaves the server. `project` is where Cloud Logging finds its traces. */
export function renderErrors(server: FastifyInstance, project: string | undefined): void {
  server.setErrorHandler((error, request, reply) => {
    if (reply.raw.destroyed) {
      // Nobody is there to read it. The status is nginx's for this, and for the log alone.
      return reply.status(499).send()
    }
    const failure = toApiError(error)
    request.refusal = failure
    if (request.record !== undefined) request.record.failure = failure.label
    const level = failure.status >= 500 ? 'error' : 'info'
    const details = { ...toLogged(error, failure), ...toLogFields(request, project) }
    request.log[level](details, 'request failed')
    return sendError(reply, failure)
  })
  server.setNotFoundHandler((request) => {
    throw noSuchRoute(request)
  })
}

/** 404, with a hint at the base URL. */
export function noSuchRoute({ method, url, headers }: FastifyRequest): ApiError {
  const path = url.split('?', 1)[0] ?? ''
  const message = `Unknown request URL: ${method} ${brief(path)}. Set your client’s base URL to http(s)://<this host>/v1; chat completions are at POST /v1/chat/completions.`
  return closing(unknownUrl(message), headers)
}

/** The same error; it ends the connection where the request has a body, which nobody reads. */
function closing(error: ApiError, headers: FastifyRequest['headers']): ApiError {
  const length = Number(headers['content-length'] ?? 0)
  if (headers['transfer-encoding'] !== undefined || length > 0) error.headers.connection = 'close'
  return error
}

/** 405 with `allow`: another method at a path that is served. */
export function wrongMethod(
  { method, headers }: FastifyRequest,
  { allowed }: ServedPath,
): ApiError {
  const message = `Not allowed to ${method} here. Send a ${allowed} request.`
  const details = { code: 'method_not_allowed', headers: { allow: allowed } }
  return closing(new ApiError(405, 'invalid_request_error', message, details), headers)
}

/** Sends OpenAI's error object, whatever the reply was meant to be. */
export function sendError(reply: FastifyReply, failure: ApiError): FastifyReply {
  return reply
    .status(failure.status)
    .headers({ ...toRetryAfter(failure), ...failure.headers })
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(failure))
}

/** Whoever is told to come back is told when. */
function toRetryAfter({ status, code, headers }: ApiError): Record<string, string> {
  const inVain = code === 'insufficient_quota' || headers['x-should-retry'] === 'false'
  const passes = (status === 429 || status === 503) && !inVain
  return passes ? { 'retry-after': '1' } : {}
}
