import type { FastifyReply } from 'fastify'

/**
 * Aborts when the client leaves before its answer is complete. (Fastify's own `request.signal`
 * aborts as soon as the body of a POST is read: fastify/fastify#6725.)
 */
export function whileConnected(reply: FastifyReply): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return controller.signal
}
