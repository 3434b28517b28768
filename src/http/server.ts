import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, {
  type FastifyReply,
  type FastifyRequest,
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
} from 'fastify'
import { ApiError, invalidRequest, shuttingDown } from '../errors.ts'
import { refuseExpectation, refuseUnparsed, renderErrors, sendError, toApiError } from './errors.ts'
import { parseJsonBodies } from './json.ts'

export interface ServerSettings {
  log: FastifyBaseLogger
  /** Bytes. */
  bodyLimit: number
  /** For the trace field of Cloud Logging. */
  project: string | undefined
}

/** Google's load balancers keep idle connections for 600 s; closing first would lose requests. */
const keepAliveMs = 620_000

/** A server without routes: limits, request ids, error shape and one log line a request. */
export function createServer({ log, bodyLimit, project }: ServerSettings): FastifyInstance {
  const server = Fastify({
    loggerInstance: log,
    // One line a request is ours, below; Fastify's two would say less and cost more.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    bodyLimit,
    // Refused below, in our shape of errors.
    return503OnClosing: false,
    requestTimeout: 120_000,
    keepAliveTimeout: keepAliveMs,
    genReqId: toRequestId,
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error, request, reply) =>
      void sendError(reply.header('x-request-id', request.id), toApiError(error)),
    // A missing Host is refused below, in our words: Node's own answer has no body.
    http: { maxHeaderSize: 64 * 1024, headersTimeout: 15_000, requireHostHeader: false },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  })
  server.server.on('checkExpectation', refuseExpectation)
  parseJsonBodies(server)
  renderErrors(server)
  let stopping = false
  server.addHook('preClose', async () => {
    stopping = true
  })
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    reply.raw.once('close', () => {
      logAnswer(request, reply, project)
      // A connection that becomes idle now would keep the server from ending.
      if (stopping) setImmediate(() => server.server.closeIdleConnections())
    })
    if (stopping) throw shuttingDown()
    checkHeaders(request.raw)
  })
  return server
}

/** One line a request, whether it was answered or its client left. */
function logAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  project: string | undefined,
): void {
  const { method, headers, routeOptions } = request
  const left = !reply.raw.writableFinished
  // nginx's status for it; nobody gets to see it.
  const status = left ? 499 : reply.statusCode
  // The route's pattern: models are named in paths, keys in queries, and anything in unknown ones.
  const path = routeOptions.url ?? '(no such route)'
  const durationMs = Math.round(reply.elapsedTime)
  const details = {
    method,
    path,
    status,
    durationMs,
    ...toTrace(headers.traceparent, project),
  }
  request.log.info(
    details,
    `${method} ${path} ${status} ${durationMs} ms${left ? ', client left' : ''}`,
  )
}

/** Throws 400 or 415 for what the parser lets pass. */
function checkHeaders({ headers, httpVersion }: IncomingMessage): void {
  if (headers.host === undefined && httpVersion === '1.1') {
    throw invalidRequest('The request has no Host header.')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    const message = 'Send the body as it is, without content-encoding.'
    throw new ApiError(415, 'invalid_request_error', message, {
      code: 'unsupported_content_encoding',
    })
  }
}

/** The client's own id where it is harmless, else a new one. */
function toRequestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'] ?? headers['x-client-request-id']
  return typeof given === 'string' && /^[!-~]{1,128}$/.test(given) ? given : randomUUID()
}

/** W3C `traceparent` -> the field that Cloud Logging groups lines by. */
function toTrace(traceparent: unknown, project: string | undefined): Record<string, string> {
  const id =
    typeof traceparent === 'string' ? /^00-([0-9a-f]{32})-/.exec(traceparent)?.[1] : undefined
  if (id === undefined || project === undefined) return {}
  return { 'logging.googleapis.com/trace': `projects/${project}/traces/${id}` }
}
