import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Answer, Batches } from '../upstream/backend.ts'
import { toApiError } from './errors.ts'
import { toLogged } from './failure-log.ts'

export interface EventsSettings {
  /** How long the client may hear nothing before it gets a comment; 0 for ever. */
  heartbeatMs: number
  /** Why an answer ends before its time is its reason. */
  signal: AbortSignal
}

/** A comment in the words of text/event-stream: clients skip it, and proxies see that all is well. */
const comment = ': keep-alive\n\n'

/**
 * Sends an answer's batches of chunks as a text/event-stream, ended by `[DONE]`. A failure before the
 * first byte is thrown, so that it gets its status. After it a failure becomes a last event with an
 * `error`, and no `[DONE]`: OpenAI's SDKs throw on it, where a mere end would look complete.
 */
export async function sendEvents(
  reply: FastifyReply,
  answer: Promise<Answer<Batches>>,
  settings: EventsSettings,
): Promise<FastifyReply> {
  const come = await within(answer, settings.heartbeatMs)
  // Who has waited for so long gets the status 200 and comments; what the answer's own headers would
  // have told is lost.
  const events =
    come === undefined ? late(answer, reply, settings) : toEvents(come.value, reply, settings)
  return reply
    .headers(come?.value.headers ?? {})
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-cache')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events, { objectMode: false }))
}

async function* late(
  answer: Promise<Answer<Batches>>,
  reply: FastifyReply,
  settings: EventsSettings,
): AsyncGenerator<string> {
  yield comment
  yield* toEvents(answer, reply, settings)
}

async function* toEvents(
  answer: Answer<Batches> | Promise<Answer<Batches>>,
  reply: FastifyReply,
  { heartbeatMs, signal }: EventsSettings,
): AsyncGenerator<string> {
  try {
    const { content } = yield* kept(Promise.resolve(answer), heartbeatMs)
    yield* toText(content, heartbeatMs)
    yield 'data: [DONE]\n\n'
  } catch (error) {
    // A client that has left needs no event, and its leaving is nobody's failure.
    if (reply.raw.destroyed) return
    const reason: unknown = signal.aborted ? signal.reason : error
    const failure = toApiError(reason)
    reply.log.error(toLogged(reason, failure), 'stream failed')
    yield toEvent(failure)
  }
}

async function* toText(batches: Batches, heartbeatMs: number): AsyncGenerator<string> {
  try {
    for (;;) {
      const { done, value } = yield* kept(batches.next(), heartbeatMs)
      if (done === true) return
      yield value.map(toEvent).join('')
    }
  } finally {
    await batches.return(undefined)
  }
}

/** Waits with the client: comments for as long as it takes, then what the promise comes to. */
async function* kept<T>(promise: Promise<T>, heartbeatMs: number): AsyncGenerator<string, T> {
  for (;;) {
    const come = await within(promise, heartbeatMs)
    if (come !== undefined) return come.value
    yield comment
  }
}

/** What a promise comes to, or undefined where it takes longer than this. 0 is for ever. */
async function within<T>(promise: Promise<T>, ms: number): Promise<{ value: T } | undefined> {
  if (ms === 0) return { value: await promise }
  const late = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => late.resolve(undefined), ms)
  try {
    return await Promise.race([promise.then((value) => ({ value })), late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function toEvent(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}
