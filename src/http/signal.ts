import type { FastifyReply } from 'fastify'

/**
 * Aborts when nobody waits for the answer any more: the client has left before it was complete, or
 * `ending` says so. (Fastify's own `request.signal` aborts as soon as the body of a POST is read:
 * fastify/fastify#6725.)
 */
export function whileWanted(reply: FastifyReply, ending: AbortSignal): AbortSignal {
  const controller = new AbortController()
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort()
  })
  return AbortSignal.any([controller.signal, ending])
}

/** What a promise comes to, unless the signal aborts before: then its reason is thrown at once. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>()
  const abort = () => aborted.reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
