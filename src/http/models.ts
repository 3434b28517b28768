import type { FastifyInstance, FastifyRequest } from 'fastify'
import { brief, unknownModel } from '../errors.ts'
import type { Authenticate, Client } from './auth.ts'

export interface ModelsSettings {
  /** The ids to list to a client. */
  listed: (client: Client) => readonly string[]
  /** Whether a name would be served to a client, listed or not. */
  serves: (name: string, client: Client) => boolean
  authenticate: Authenticate
}

/** `GET /models` and `/models/{id}`; an id may hold slashes, raw or as %2F. No call goes upstream. */
export function modelRoutes(
  server: FastifyInstance,
  prefix: string,
  { listed, serves, authenticate }: ModelsSettings,
): void {
  server.get(`${prefix}/models`, async (request) => ({
    object: 'list',
    data: listed(recognise(request)).map(toModel),
  }))
  server.get<{ Params: { '*': string } }>(`${prefix}/models/*`, async (request) => {
    const client = recognise(request)
    const id = request.params['*']
    if (serves(id, client)) return toModel(id)
    throw unknownModel(`The model '${brief(id)}' does not exist here. See GET /v1/models.`)
  })
  server.servedPaths.add({ pattern: `${prefix}/models`, allowed: 'GET' })
  server.servedPaths.add({ pattern: `${prefix}/models/*`, allowed: 'GET' })

  /** Who asks, also for the log. */
  function recognise(request: FastifyRequest): Client {
    const client = authenticate(request)
    request.client = client
    return client
  }
}

/** Google does not say when a model was made; OpenAI's clients want a number. */
function toModel(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'google' }
}
