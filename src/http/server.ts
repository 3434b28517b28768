import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyCorsOptions } from '@fastify/cors'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'
import { shuttingDown } from '../errors.ts'
import { atEnd, type Observer, toAnswered } from './answered.ts'
import { type BodyLimits, bodyReader } from './body.ts'
import { noSuchRoute, renderErrors, sendError, toApiError, wrongMethod } from './errors.ts'
import { checkHead } from './head.ts'
import { parseJsonBodies } from './json.ts'
import { parserErrors } from './parser-errors.ts'
import { ServedPaths } from './paths.ts'
import { type PortLimits, PortServer } from './protocols.ts'
import { dropStalled } from './stalled.ts'
import { guards } from './watchers.ts'

export interface ServerSettings {
  log: FastifyBaseLogger
  bodies: BodyLimits
  /** Origins of web pages that may ask from a browser. */
  origins: readonly string[]
  /** Where Cloud Logging finds traces. */
  project: string | undefined
  /** Told of each request at its end. */
  observers: readonly Observer[]
}

const limits: PortLimits = {
  maxHeaderSize: 64 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 120_000,
  // Google's load balancers keep idle connections for 600 s; closing first would lose requests.
  keepAliveTimeout: 620_000,
  connectionsCheckingInterval: 5_000,
}

/** A server without routes: limits, request ids, error shape and one log line a request. */
export function createServer(settings: ServerSettings): FastifyInstance {
  const { log, bodies, origins, observers, project } = settings
  const parser = parserErrors()
  const watchers = observers.map(guards(log))
  const server = Fastify({
    loggerInstance: log,
    // One line a request is ours, below; Fastify's two would say less and cost more.
    logController: new LogController({
      disableRequestLogging: true,
      requestIdLogLabel: 'requestId',
    }),
    schemaController: {
      compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
    },
    // Refused below, in our shape of errors.
    return503OnClosing: false,
    // A missing Host is refused below, in our words: Node's own answer has no body.
    serverFactory: (listener) => new PortServer({ ...limits, requireHostHeader: false }, listener),
    genReqId: toRequestId,
    clientErrorHandler: parser.refuse,
    frameworkErrors: (error, request, reply) =>
      void sendError(reply.header('x-request-id', request.id), toApiError(error)),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  })
  parser.watch(server.server)
  dropStalled(server.server, parser.isOwed)
  const reader = bodyReader(bodies, parser.distrust)
  parseJsonBodies(server, reader)
  renderErrors(server, project)
  let stopping = false
  server.addHook('preClose', async () => {
    stopping = true
  })
  server.decorateRequest('client', undefined)
  server.decorateRequest('record', undefined)
  server.decorateRequest('refusal', undefined)
  server.decorateRequest('meant', undefined)
  server.decorate('servedPaths', new ServedPaths())
  server.addHook('onRequest', (request, reply, done) => {
    // Its connection closes with the answer before it. (Up to here nothing was awaited: that answer's
    // request was judged before this one was read.)
    if (parser.isDistrusted(request.raw)) return void reply.hijack()
    reply.header('x-request-id', request.id)
    atEnd(reply.raw, () => {
      reader.release(request.raw)
      const answered = toAnswered(request, reply)
      for (const observe of watchers) observe(answered, request)
      // A connection that becomes idle now would keep the server from ending.
      if (stopping) setImmediate(() => server.server.closeIdleConnections())
    })
    if (stopping) throw shuttingDown()
    try {
      checkHead(request.raw)
    } catch (error) {
      parser.distrust(request.raw)
      throw error
    }
    // Before its body is read: whoever has no key must not fill the memory.
    if (request.is404) {
      request.meant = server.servedPaths.find(request)
      if (request.meant === undefined) throw noSuchRoute(request)
    }
    return done()
  })
  if (origins.length > 0) server.register(import('@fastify/cors'), toCorsOptions(origins))
  // Not before the headers are set that a browser wants to see.
  server.after(() => {
    server.addHook('onRequest', (request, _reply, done) => {
      if (request.meant !== undefined) throw wrongMethod(request, request.meant)
      done()
    })
  })
  return server
}

/** Fastify would load compilers of JSON schemas, a hundred modules: no route here has a schema. */
function noSchemas(): never {
  throw new Error('A route here has no JSON schema: its body is parsed by zod.')
}

/** Browsers may send any header (OpenAI's SDKs send a dozen of their own) and read all of ours. */
function toCorsOptions(origins: readonly string[]): FastifyCorsOptions {
  return {
    origin: [...origins],
    methods: ['GET', 'POST'],
    exposedHeaders: readable,
    maxAge: 86_400,
    // What is no proper preflight would be refused in another shape of errors.
    strictPreflight: false,
  }
}

const readable = [
  'x-request-id',
  'x-pollux-ignored',
  'x-pollux-repaired',
  'x-pollux-attempts',
  'x-pollux-location',
  'x-pollux-model',
  'x-pollux-overhead-ms',
  'openai-processing-ms',
  'x-gemini-service-tier',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-ratelimit-limit-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-requests',
  'x-ratelimit-reset-tokens',
]

/** The client's own id where it is harmless, else a new one. */
function toRequestId({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'] ?? headers['x-client-request-id']
  return typeof given === 'string' && /^[!-~]{1,128}$/.test(given) ? given : randomUUID()
}
