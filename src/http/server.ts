import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { refuseUnparsed, renderErrors, sendError, toApiError } from './errors.ts'
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
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: 120_000,
    keepAliveTimeout: keepAliveMs,
    genReqId: toRequestId,
    clientErrorHandler: refuseUnparsed,
    frameworkErrors: (error, _request, reply) => void sendError(reply, toApiError(error)),
    http: { maxHeaderSize: 64 * 1024, headersTimeout: 15_000 },
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  })
  parseJsonBodies(server)
  renderErrors(server)
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  server.addHook('onResponse', async (request, reply) => {
    const { method, id } = request
    // The query is left out: keys may be in it.
    const path = request.url.split('?', 1)[0]
    const took = Math.round(reply.elapsedTime)
    const left = !reply.raw.writableFinished
    const trace = toTrace(request.headers.traceparent, project)
    request.log.info(
      {
        requestId: id,
        method,
        path,
        status: reply.statusCode,
        durationMs: took,
        clientLeft: left,
        ...trace,
      },
      `${method} ${path} ${reply.statusCode} ${took} ms${left ? ', client left' : ''}`,
    )
  })
  return server
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
