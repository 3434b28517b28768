import type { ServerResponse } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiError } from '../errors.ts'
import type { CallRecord } from '../upstream/record.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What became known while it was answered; on routes that ask a model, once it is settled which. */
    record: CallRecord | undefined
    /** What the client got instead of an answer. */
    refusal: ApiError | undefined
  }
}

/** A request that was answered, or whose client has left. */
export interface Answered {
  id: string
  method: string
  /** The route's pattern: models are named in paths, keys in queries, and anything in unknown ones. */
  path: string
  /** 499 where the client has left: nginx's word for it, nobody gets to see it. */
  status: number
  /** The client has left before the answer was complete. */
  left: boolean
  /** From its arrival to its end. */
  durationMs: number
  /** From its arrival to the first piece of the answer. */
  firstMs: number | undefined
  record: CallRecord | undefined
  /** What the client got instead of an answer. */
  refusal: ApiError | undefined
}

/** A request as its observers see it. */
export type Observed = FastifyRequest

/** Told of each request at its end. */
export type Observer = (answered: Answered, request: Observed) => void

/** Calls back at the end of an answer, whether or not it is complete. */
export function atEnd(raw: ServerResponse, then: () => void): void {
  // It is emitted once in any case; `once` would hold two objects more for as long as the answer goes on.
  raw.on('close', then)
}

/** What is known of a request whose connection has been given back. */
export function toAnswered(request: FastifyRequest, reply: FastifyReply): Answered {
  const { record, refusal } = request
  const left = !reply.raw.writableFinished
  const durationMs = reply.elapsedTime
  const arrivedAt = performance.now() - durationMs
  return {
    id: request.id,
    method: request.method,
    path: request.routeOptions.url ?? request.meant?.pattern ?? '(no such route)',
    status: left ? 499 : reply.statusCode,
    left,
    durationMs,
    firstMs: record?.firstAt === undefined ? undefined : record.firstAt - arrivedAt,
    record,
    refusal,
  }
}
