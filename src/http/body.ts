import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { ApiError, invalidRequest } from '../errors.ts'
import { overloaded } from './overload.ts'

export interface BodyLimits {
  /** Of one body, in bytes. */
  longest: number
  /** Of all bodies that are held at a time, in bytes. */
  together: number
}

/** Reads request bodies, and knows how much of them is held. */
export interface BodyReader {
  /**
   * The text of a body, held until `release` is called. Throws 413 for one that is too long, 503 where
   * the others leave no room, 400 for one that is not UTF-8 or shorter than announced.
   */
  read(request: IncomingMessage): Promise<string>
  /** The body of this request is held no longer. */
  release(request: IncomingMessage): void
}

/** `onRefusal` is told at once of a request whose body is not read to its end. */
export function bodyReader(
  { longest, together }: BodyLimits,
  onRefusal: (request: IncomingMessage) => void,
): BodyReader {
  // What each request holds, and all of them.
  const held = new WeakMap<IncomingMessage, number>()
  let total = 0

  return {
    read(request) {
      const announced = Number(request.headers['content-length'] ?? 0)
      if (announced > longest) return refused(request, tooLarge())
      if (total + announced > together) return refused(request, overloaded('bodies_full'))
      return receive(request)
    },
    release(request) {
      total -= held.get(request) ?? 0
      held.delete(request)
    },
  }

  function refused(request: IncomingMessage, error: ApiError): Promise<never> {
    onRefusal(request)
    return Promise.reject(error)
  }

  function receive(request: IncomingMessage): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const pieces: Buffer[] = []
    let length = 0
    const take = (piece: Buffer) => {
      length += piece.length
      total += piece.length
      held.set(request, length)
      if (length > longest) refuse(tooLarge())
      else if (total > together) refuse(overloaded('bodies_full'))
      else pieces.push(piece)
    }
    const fail = (cause: unknown) => reject(brokenOff(cause))
    // Fastify closes the connection after a refusal: whoever is still sending would not stop.
    const refuse = (error: ApiError) => {
      request.off('data', take)
      request.pause()
      onRefusal(request)
      reject(error)
    }
    request.on('data', take)
    request.once('error', fail)
    request.once('end', () => {
      // The request would keep them, and they the pieces, for as long as it is answered.
      request.off('data', take).off('error', fail)
      const bytes = Buffer.concat(pieces, length)
      if (isUtf8(bytes)) resolve(bytes.toString())
      else reject(invalidRequest('The body is not valid UTF-8.', undefined, 'invalid_utf8'))
    })
    return promise
  }
}

function tooLarge(): ApiError {
  const message = 'The request body is larger than this gateway takes. Send less, or media by URL.'
  return new ApiError(413, 'invalid_request_error', message, { code: 'request_too_large' })
}

function brokenOff(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause
  return new ApiError(400, 'invalid_request_error', 'The connection broke off.', { cause })
}
