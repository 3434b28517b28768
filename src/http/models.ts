import type { FastifyInstance } from 'fastify'
import { brief, unknownModel } from '../errors.ts'
import type { Authenticate } from './auth.ts'
import { refuseOthers } from './errors.ts'

export interface ModelsSettings {
  /** The ids to list. */
  listed: readonly string[]
  /** Whether a name would be served, listed or not. */
  serves: (name: string) => boolean
  authenticate: Authenticate
}

/** `GET /models` and `/models/{id}`; an id may hold slashes, raw or as %2F. No call goes upstream. */
export function modelRoutes(
  server: FastifyInstance,
  prefix: string,
  { listed, serves, authenticate }: ModelsSettings,
): void {
  const guard = {
    onRequest: async (request: Parameters<Authenticate>[0]) => void authenticate(request),
  }
  server.get(`${prefix}/models`, guard, async () => ({
    object: 'list',
    data: listed.map(toModel),
  }))
  server.get<{ Params: { '*': string } }>(`${prefix}/models/*`, guard, async (request) => {
    const id = request.params['*']
    if (serves(id)) return toModel(id)
    throw unknownModel(`The model '${brief(id)}' does not exist here. See GET /v1/models.`)
  })
  refuseOthers(server, `${prefix}/models`, 'GET')
  refuseOthers(server, `${prefix}/models/*`, 'GET')
}

/** Google does not say when a model was made; OpenAI's clients want a number. */
function toModel(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'google' }
}
