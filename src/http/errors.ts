import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { ApiError, brief, internalError, invalidRequest, unknownUrl } from '../errors.ts'
import { toLogged } from './failure-log.ts'

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
  FST_ERR_CTP_BODY_TOO_LARGE: () => tooLarge(),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => notJson(),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => malformed(),
  FST_ERR_CTP_INVALID_JSON_BODY: () => malformed(),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    invalidRequest('The content-length does not fit the body.'),
  FST_ERR_BAD_URL: () =>
    invalidRequest('The request’s path is not a valid URL.', undefined, 'bad_url'),
  FST_ERR_MAX_PARAM_LENGTH: () =>
    invalidRequest('The request’s path is too long.', undefined, 'bad_url'),
  ECONNRESET: (error) =>
    new ApiError(400, 'invalid_request_error', 'The connection broke off.', { cause: error }),
}

/** 400: the body is not JSON. */
export function malformed(): ApiError {
  return invalidRequest(
    'We could not parse the JSON body of your request. Check that it is valid JSON.',
    undefined,
    'invalid_json',
  )
}

function tooLarge(): ApiError {
  const message = 'The request body is larger than this gateway takes. Send less, or media by URL.'
  return new ApiError(413, 'invalid_request_error', message, { code: 'request_too_large' })
}

function notJson(): ApiError {
  const message = 'Send the body as JSON, with the header `Content-Type: application/json`.'
  return new ApiError(415, 'invalid_request_error', message, { code: 'unsupported_media_type' })
}

/** One error shape for everything that leaves the server. */
export function renderErrors(server: FastifyInstance): void {
  server.setErrorHandler((error, request, reply) => {
    if (reply.raw.destroyed) {
      // Nobody is there to read it. The status is nginx's for this, and for the log alone.
      return reply.status(499).send()
    }
    const failure = toApiError(error)
    const level = failure.status >= 500 ? 'error' : 'info'
    request.log[level](toLogged(error, failure), 'request failed')
    return sendError(reply, failure)
  })
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const message = `Unknown request URL: ${request.method} ${brief(path)}. Set your client’s base URL to http(s)://<this host>/v1; chat completions are at POST /v1/chat/completions.`
    return sendError(reply, unknownUrl(message))
  })
}

/** Sends OpenAI's error object, whatever the reply was meant to be. */
export function sendError(reply: FastifyReply, failure: ApiError): FastifyReply {
  return reply
    .status(failure.status)
    .headers(failure.headers)
    .header('content-type', 'application/json; charset=utf-8')
    .send(JSON.stringify(failure))
}

const parserRefusals: Record<string, [number, string, string]> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'Request Header Fields Too Large',
    'The request’s headers are too large.',
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout', 'The request did not arrive in time.'],
}

/** What the parser refuses never reaches a route: the answer is written by hand. */
export function refuseUnparsed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const refusal = parserRefusals[error.code ?? ''] ?? [
    400,
    'Bad Request',
    'The request is not valid HTTP.',
  ]
  const [status, phrase, message] = refusal
  const body = JSON.stringify(new ApiError(status, 'invalid_request_error', message))
  const length = Buffer.byteLength(body)
  socket.end(
    [
      `HTTP/1.1 ${status} ${phrase}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${length}`,
      `x-request-id: ${randomUUID()}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

/** `Expect:` something other than 100-continue. Node would answer without a body. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const message = 'The request expects what this gateway cannot do. Leave the Expect header out.'
  response
    .writeHead(417, {
      'content-type': 'application/json; charset=utf-8',
      'x-request-id': randomUUID(),
    })
    .end(JSON.stringify(new ApiError(417, 'invalid_request_error', message)))
}
