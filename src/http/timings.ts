import type { FastifyReply } from 'fastify'
import type { CallRecord } from '../upstream/record.ts'

/**
 * How long an answer took to begin, in milliseconds: all together under OpenAI's name for it, and the
 * gateway's own part.
 */
export function toTimings(reply: FastifyReply, { overheadMs }: CallRecord): Record<string, string> {
  return {
    'openai-processing-ms': String(Math.round(reply.elapsedTime)),
    'x-pollux-overhead-ms': overheadMs.toFixed(1),
  }
}
