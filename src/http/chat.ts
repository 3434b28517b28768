import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { z } from 'zod'
import { invalidRequest } from '../errors.ts'
import { optional, parse } from '../translate/parse.ts'
import type { Head } from '../translate/chat/stream.ts'
import type { Backend, Backends, Call, Place, Route } from '../upstream/backend.ts'
import { CallRecord } from '../upstream/record.ts'
import { isLimited, type Limiter } from '../limits/limiter.ts'
import { admit } from './admission.ts'
import { atEnd } from './answered.ts'
import { type Authenticate, checkAccess } from './auth.ts'
import type { Door } from './overload.ts'
import { orAborted, type Running } from './signal.ts'
import { sendEvents } from './sse.ts'
import { toTimings } from './timings.ts'
import { readTraceContext, toTraceparent } from './trace-context.ts'

/** What the route itself must know of a request; the backend reads the rest. */
const envelope = z.object({
  model: z.string('Give the model as a string.').min(1, 'Give a model.'),
  stream: optional(z.boolean()),
  service_tier: z.unknown().optional(),
})

/** Where the path says which model it is, the body need not. */
const looseEnvelope = envelope.extend({ model: optional(z.string()) })

/** Characters of a model's name: it gets into the log and into each chunk, where nothing may be long. */
const longestName = 256

export interface ChatSettings {
  backends: Backends
  authenticate: Authenticate
  /** How much each key may ask for. */
  limiter: Limiter
  /** How many requests are answered at a time. */
  door: Door
  /** How long a stream may be silent before the client gets a comment; 0 for ever. */
  heartbeatMs: number
  /** How long an answer may take that is not streamed. */
  totalMs: number
  /** Those that are being answered, so that they can be ended. */
  running: Running
  /** Where Cloud Logging finds traces. */
  project: string | undefined
  /** Begins to follow a request through a trace. */
  follow: ((request: FastifyRequest, record: CallRecord, agoMs: number) => void) | undefined
}

/** `POST /chat/completions`. `provider` is the one whose own path this is, where it is one. */
export function chatRoute(
  server: FastifyInstance,
  path: string,
  settings: ChatSettings,
  provider?: 'vertex' | 'gemini',
): void {
  const { backends } = settings
  postRoute(server, path, settings, ({ body }) => {
    const { model: name, stream, service_tier } = parse(envelope, body)
    const route = backends.serving(name, provider)
    checkLength(name)
    return { ...route, name, called: name, stream, flexible: service_tier === 'flex' }
  })
}

/** The same at Google's own path of an endpoint, where the path names the model. */
export function endpointRoute(server: FastifyInstance, path: string, settings: ChatSettings): void {
  const { backends } = settings
  postRoute(server, path, settings, ({ body, params }) => {
    // The route's pattern has all three.
    const route = backends.endpoint(params as Place)
    const { model: called = route.name, stream } = parse(looseEnvelope, body)
    checkLength(called)
    return { ...route, called, stream, flexible: false }
  })
}

/** Throws 400 for a name that is longer than any model's, where a pattern or the path serves it all the same. */
function checkLength(name: string): void {
  if (name.length <= longestName) return
  throw invalidRequest(`Give a name of ${longestName} characters at the most.`, 'model')
}

/** The tier `flex` is cheap because it may take half an hour. Source: Google's documentation of it. */
const flexMs = 1_860_000

/** What a request asks for, and of whom. */
interface Wish extends Route {
  /** Which model it is: as the client calls it, or as the operator does where the path names it. */
  name: string
  /** The model as the answer is to call it. */
  called: string
  stream: boolean | undefined
  /** Whether it may take as long as Google likes. */
  flexible: boolean
}

function postRoute(
  server: FastifyInstance,
  path: string,
  settings: ChatSettings,
  toWish: (request: FastifyRequest) => Wish,
): void {
  const { authenticate, limiter, door, follow, running, totalMs } = settings
  // Before the body is read, which may be long.
  const onRequest: onRequestHookHandler = (request, _reply, done) => {
    request.client = authenticate(request)
    door.knock()
    done()
  }
  server.post(path, { onRequest }, async (request, reply) => {
    const { backend, model, name, called, names, written, stream, flexible } = toWish(request)
    checkAccess(request.client, names)
    const streamed = stream === true
    const record = new CallRecord(name, streamed, written)
    record.traceparent = toTraceparent(readTraceContext(request.headers))
    request.record = record
    follow?.(request, record, reply.elapsedTime)
    const limitMs = streamed ? undefined : Math.max(totalMs, flexible ? flexMs : 0)
    const signal = running.whileWanted(reply, limitMs)
    const key = request.client?.key
    record.accounted = key !== undefined
    // Not awaited where there is nothing to wait for.
    if (key !== undefined && isLimited(key)) {
      await admit(limiter, { key, body: request.body, record, signal }, reply)
    }
    const leave = await record.waiting.for(door.enter(signal))
    atEnd(reply.raw, leave)
    const call = {
      head: toHead(called),
      model,
      signal,
      credential: request.client?.credential,
      deadline: limitMs === undefined ? undefined : performance.now() + limitMs,
      record,
    }
    const send = streamed ? sendStreamed : sendWhole
    const { body } = request
    // A stream may be open for minutes: what was asked, pictures and all, is not held for so long.
    request.body = undefined
    return send(backend, body, call, reply, settings)
  })
  server.servedPaths.add({ pattern: path, allowed: 'POST' })
}

function toHead(model: string): Head {
  const created = Math.floor(Date.now() / 1000)
  return { id: `chatcmpl-${randomUUID()}`, created, model }
}

async function sendWhole(backend: Backend, body: unknown, call: Call, reply: FastifyReply) {
  const { record, signal } = call
  const { content, headers } = await orAborted(backend.complete(body, call), signal)
  record.firstAt = performance.now()
  record.endedAt = record.firstAt
  record.trace?.hear(content)
  return reply.headers(headers).headers(toTimings(reply, record)).send(content)
}

function sendStreamed(
  backend: Backend,
  body: unknown,
  call: Call,
  reply: FastifyReply,
  { heartbeatMs, project }: ChatSettings,
): Promise<void> {
  const { signal, record } = call
  const answer = orAborted(backend.stream(body, call), signal)
  return sendEvents(reply, answer, { heartbeatMs, signal, record, project })
}
