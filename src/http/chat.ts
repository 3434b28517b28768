import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { optional, parse } from '../translate/parse.ts'
import type { Backend, Backends, Call, Place } from '../upstream/backend.ts'
import type { Authenticate, Client } from './auth.ts'
import { orAborted, whileWanted } from './signal.ts'
import { sendEvents } from './sse.ts'

/** What the route itself must know of a request; the backend reads the rest. */
const envelope = z.object({
  model: z.string('Give the model as a string.').min(1, 'Give a model.'),
  stream: optional(z.boolean()),
})

/** Where the path says which model it is, the body need not. */
const looseEnvelope = z.object({ model: optional(z.string()), stream: optional(z.boolean()) })

export interface ChatSettings {
  backends: Backends
  authenticate: Authenticate
  /** How long a stream may be silent before the client gets a comment; 0 for ever. */
  heartbeatMs: number
  /** Aborts, with the error that clients get, when running answers must end. */
  ending: AbortSignal
}

/** `POST /chat/completions`. `door` is the provider whose own path this is, where it is one. */
export function chatRoute(
  server: FastifyInstance,
  path: string,
  settings: ChatSettings,
  door?: 'vertex' | 'gemini',
): void {
  const { backends, authenticate } = settings
  server.post(
    path,
    { onRequest: async (request) => void authenticate(request) },
    async (request, reply) => {
      const { model: name, stream } = parse(envelope, request.body)
      const { backend, model } = backends.serving(name, door)
      const signal = whileWanted(reply, settings.ending)
      const call = toCall(name, model, signal, authenticate(request))
      const answer = stream === true ? streamed : whole
      return answer(backend, request.body, call, reply, settings)
    },
  )
}

/** The same at Google's own path of an endpoint, where the path names the model. */
export function endpointRoute(server: FastifyInstance, path: string, settings: ChatSettings): void {
  const { backends, authenticate } = settings
  const guard = { onRequest: async (request: FastifyRequest) => void authenticate(request) }
  server.post<{ Params: Place }>(path, guard, async (request, reply) => {
    const { backend, model, name } = backends.endpoint(request.params)
    const { model: asked = name, stream } = parse(looseEnvelope, request.body)
    const signal = whileWanted(reply, settings.ending)
    const call = toCall(asked, model, signal, authenticate(request))
    const answer = stream === true ? streamed : whole
    return answer(backend, request.body, call, reply, settings)
  })
}

function toCall(name: string, model: string, signal: AbortSignal, { credential }: Client): Call {
  const created = Math.floor(Date.now() / 1000)
  const head = { id: `chatcmpl-${randomUUID()}`, created, model: name }
  return { head, model, signal, credential }
}

async function whole(backend: Backend, body: unknown, call: Call, reply: FastifyReply) {
  const { content, headers } = await orAborted(backend.complete(body, call), call.signal)
  return reply.headers(headers).send(content)
}

async function streamed(
  backend: Backend,
  body: unknown,
  call: Call,
  reply: FastifyReply,
  { heartbeatMs }: ChatSettings,
) {
  const { signal } = call
  const answer = orAborted(backend.stream(body, call), signal)
  return sendEvents(reply, answer, { heartbeatMs, signal })
}
