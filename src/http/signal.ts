import type { FastifyReply } from 'fastify'
import { ApiError } from '../errors.ts'

/**
 * Aborts when nobody waits for the answer any more: the client has left before it was complete, it
 * takes longer than `limitMs`, or `ending` says so. (Fastify's own `request.signal` aborts as soon as
 * the body of a POST is read: fastify/fastify#6725.)
 */
export function whileWanted(
  reply: FastifyReply,
  ending: AbortSignal,
  limitMs?: number,
): AbortSignal {
  const controller = new AbortController()
  const timer =
    limitMs === undefined ? undefined : setTimeout(() => controller.abort(tooLate()), limitMs)
  reply.raw.once('close', () => {
    clearTimeout(timer)
    if (!reply.raw.writableFinished) controller.abort()
  })
  return AbortSignal.any([controller.signal, ending])
}

function tooLate(): ApiError {
  const message = 'The answer took longer than it may. Ask for it as a stream, or for less.'
  return new ApiError(504, 'server_error', message, { code: 'upstream_timeout' })
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
