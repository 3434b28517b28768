import type { FastifyInstance } from 'fastify'

export interface HealthSettings {
  isReady: () => boolean
  /** What `/health` tells beside the status. */
  facts: () => object
}

/**
 * Whether the process lives, and whether it takes requests. Neither asks upstream: a model's outage
 * must not restart the gateway. (Paths that end in z never reach a Cloud Run container.)
 */
export function healthRoutes(server: FastifyInstance, { isReady, facts }: HealthSettings): void {
  server.get('/health', async (_request, reply) => ({ ...ready(reply), ...facts() }))
  server.get('/health/live', async () => ({ status: 'ok' }))
  server.get('/health/ready', async (_request, reply) => ready(reply))

  function ready(reply: { status(code: number): unknown }) {
    if (isReady()) return { status: 'ok' }
    reply.status(503)
    return { status: 'stopping' }
  }
}
