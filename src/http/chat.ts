import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { optional, parse } from '../translate/parse.ts'
import type { Backends, Call } from '../upstream/backend.ts'
import type { Authenticate } from './auth.ts'
import { whileConnected } from './signal.ts'
import { sendEvents } from './sse.ts'

/** What the route itself must know of a request; the backend reads the rest. */
const envelope = z.object({
  model: z.string('Give the model as a string.').min(1, 'Give a model.'),
  stream: optional(z.boolean()),
})

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
  server.post(path, { onRequest: async (request) => void authenticate(request) }, answer)

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const { model: name, stream } = parse(envelope, request.body)
    const { backend, model } = backends.serving(name, door)
    const call: Call = {
      head: { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: name },
      model,
      signal: whileConnected(reply),
      credential: authenticate(request).credential,
    }
    if (stream !== true) {
      const { content, headers } = await backend.complete(request.body, call)
      return reply.headers(headers).send(content)
    }
    const { content, headers } = await backend.stream(request.body, call)
    return sendEvents(reply.headers(headers), content)
  }
}
