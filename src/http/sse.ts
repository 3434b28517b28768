import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { toApiError } from './errors.ts'

/**
 * Sends batches of chunks as a text/event-stream, ended by `[DONE]`. A failure becomes a last event
 * with an `error`, and no `[DONE]`: OpenAI's SDKs throw on it, where a mere end would look complete.
 */
export function sendEvents(reply: FastifyReply, batches: AsyncGenerator<object[]>): FastifyReply {
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-cache')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(toEvents(batches, reply), { objectMode: false }))
}

async function* toEvents(
  batches: AsyncGenerator<object[]>,
  reply: FastifyReply,
): AsyncGenerator<string> {
  try {
    for await (const batch of batches) yield batch.map(toEvent).join('')
    yield 'data: [DONE]\n\n'
  } catch (error) {
    // A client that has left needs no event, and its leaving is nobody's failure.
    if (reply.raw.destroyed) return
    const failure = toApiError(error)
    reply.log.error({ err: error, code: failure.code }, 'stream failed')
    yield toEvent(failure)
  }
}

function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
