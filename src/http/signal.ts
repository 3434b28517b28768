import type { FastifyReply } from 'fastify'
import { ApiError } from '../errors.ts'
import { atEnd } from './answered.ts'

/** The requests that are being answered. */
export class Running {
  readonly #controllers = new Set<AbortController>()
  #ended: ApiError | undefined
  #onNone: (() => void) | undefined

  /**
   * A signal that aborts when nobody waits for the answer any more: the client has left before it was
   * complete, it takes longer than `limitMs`, or all must end. (Fastify's own `request.signal` aborts
   * as soon as the body of a POST is read: fastify/fastify#6725.)
   */
  whileWanted(reply: FastifyReply, limitMs?: number): AbortSignal {
    const controller = new AbortController()
    this.#controllers.add(controller)
    if (this.#ended !== undefined) controller.abort(this.#ended)
    // Who has left already will not do so again.
    if (reply.raw.destroyed) controller.abort()
    const timer =
      limitMs === undefined ? undefined : setTimeout(() => controller.abort(tooLate()), limitMs)
    atEnd(reply.raw, () => {
      this.#controllers.delete(controller)
      if (this.#controllers.size === 0) this.#onNone?.()
      clearTimeout(timer)
      if (!reply.raw.writableFinished) controller.abort()
    })
    return controller.signal
  }

  /** Resolves when there is none. */
  async none(): Promise<void> {
    if (this.#controllers.size > 0) await new Promise<void>((resolve) => (this.#onNone = resolve))
  }

  /** Ends all of them, and those that come later, with the error that clients get. */
  end(reason: ApiError): void {
    this.#ended = reason
    for (const controller of this.#controllers) controller.abort(reason)
  }
}

function tooLate(): ApiError {
  const message = 'The answer took longer than it may. Ask for it as a stream, or for less.'
  return new ApiError(504, 'server_error', message, { code: 'upstream_timeout' })
}

/** What a promise comes to, unless the signal aborts before: then its reason is thrown at once. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  // Not `Promise.race`, which makes more promises of it.
  const { promise: first, resolve, reject } = Promise.withResolvers<T>()
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort)
  promise.then(resolve, reject)
  try {
    return await first
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
