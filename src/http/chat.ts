import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { optional, parse } from '../translate/parse.ts'
import type { Backend, Backends, Call, Place } from '../upstream/backend.ts'
import type { Authenticate, Client } from './auth.ts'
import { whileConnected } from './signal.ts'
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
}

/** `POST /chat/completions`. `door` is the provider whose own path this is, where it is one. */
export function chatRoute(
  server: FastifyInstance,
  path: string,
  { backends, authenticate }: ChatSettings,
  door?: 'vertex' | 'gemini',
): void {
  server.post(
    path,
    { onRequest: async (request) => void authenticate(request) },
    async (request, reply) => {
      const { model: name, stream } = parse(envelope, request.body)
      const { backend, model } = backends.serving(name, door)
      const call = toCall(name, model, reply, authenticate(request))
      return answer(backend, call, stream === true, request.body, reply)
    },
  )
}

/** The same at Google's own path of an endpoint, where the path names the model. */
export function endpointRoute(
  server: FastifyInstance,
  path: string,
  { backends, authenticate }: ChatSettings,
): void {
  const guard = { onRequest: async (request: FastifyRequest) => void authenticate(request) }
  server.post<{ Params: Place }>(path, guard, async (request, reply) => {
    const { backend, model, name } = backends.endpoint(request.params)
    const { model: asked = name, stream } = parse(looseEnvelope, request.body)
    const call = toCall(asked, model, reply, authenticate(request))
    return answer(backend, call, stream === true, request.body, reply)
  })
}

function toCall(name: string, model: string, reply: FastifyReply, { credential }: Client): Call {
  const created = Math.floor(Date.now() / 1000)
  const head = { id: `chatcmpl-${randomUUID()}`, created, model: name }
  return { head, model, signal: whileConnected(reply), credential }
}

async function answer(
  backend: Backend,
  call: Call,
  streamed: boolean,
  body: unknown,
  reply: FastifyReply,
) {
  if (streamed) {
    const { content, headers } = await backend.stream(body, call)
    return sendEvents(reply.headers(headers), content)
  }
  const { content, headers } = await backend.complete(body, call)
  return reply.headers(headers).send(content)
}
