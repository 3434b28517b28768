import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Answer, Batches } from '../upstream/backend.ts'
import type { CallRecord } from '../upstream/record.ts'
import { beginPieces, type Pieces } from './chunks.ts'
import { toApiError } from './errors.ts'
import { toLogged } from './failure-log.ts'
import { toTimings } from './timings.ts'
import { toLogFields } from './trace-context.ts'

export interface EventsSettings {
  /** How long the client may hear nothing before it gets a comment; 0 for ever. */
  heartbeatMs: number
  /** Why an answer ends before its time is its reason. */
  signal: AbortSignal
  record: CallRecord
  /** Where Cloud Logging finds traces. */
  project: string | undefined
}

const eventStream = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
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
  { heartbeatMs, signal, record, project }: EventsSettings,
): Promise<void> {
  const out = new EventStream(reply, heartbeatMs)
  let batches: Batches | undefined
  try {
    const { headers, content } = await answer
    batches = content
    out.begin({ ...headers, ...toTimings(reply, record) })
    record.firstAt = performance.now()
    for (let batch = await batches.next(); batch !== undefined; batch = await batches.next()) {
      if (record.trace !== undefined) for (const chunk of batch) record.trace.hear(chunk)
      const taken = out.write(batch, signal)
      // What was sent is not held while the next is waited for, which may be minutes.
      batch.length = 0
      if (taken !== undefined) await record.waiting.for(taken)
    }
    out.end('data: [DONE]\n\n')
  } catch (error) {
    if (!out.begun) throw error
    // A client that has left needs no event, and its leaving is nobody's failure.
    if (reply.raw.destroyed) return
    const reason: unknown = signal.aborted ? signal.reason : error
    const failure = toApiError(reason)
    record.failure = failure.label
    const details = { ...toLogged(reason, failure), ...toLogFields(reply.request, project) }
    reply.log.error(details, 'stream failed')
    out.end(`data: ${JSON.stringify(failure)}\n\n`)
  } finally {
    record.endedAt = performance.now()
    out.close()
    batches?.cancel()
  }
}

/** The client's side of a stream: whoever waits long hears a comment from time to time. */
class EventStream {
  readonly #reply: FastifyReply
  readonly #heartbeatMs: number
  #pieces: Pieces | undefined
  #heartbeat: NodeJS.Timeout | undefined
  /** When the client last heard something. */
  #heardAt = performance.now()

  constructor(reply: FastifyReply, heartbeatMs: number) {
    this.#reply = reply
    this.#heartbeatMs = heartbeatMs
    if (heartbeatMs > 0) this.#beatIn(heartbeatMs)
  }

  get begun(): boolean {
    return this.#pieces !== undefined
  }

  /**
   * Status and headers. Who had to wait for so long that a comment came first has got them already;
   * what the answer's own headers would have told is lost.
   */
  begin(headers: Record<string, string> = {}): Pieces {
    if (this.#pieces !== undefined) return this.#pieces
    const { raw, statusCode } = this.#reply.headers(headers).headers(eventStream)
    // The same to Fastify, in other words: it has no header without a value.
    const given = this.#reply.getHeaders() as OutgoingHttpHeaders
    this.#pieces = beginPieces(raw, statusCode, given)
    this.#reply.hijack()
    return this.#pieces
  }

  /**
   * Where the client reads more slowly than this, a promise that resolves when it has taken what was
   * written, and rejects where the signal aborts before, as it does when the client leaves. (Not 'drain':
   * Node 26 may not emit it where a write is still corked while the one before drains.)
   */
  write(batch: string[], signal: AbortSignal): Promise<void> | undefined {
    this.#heardAt = performance.now()
    const { raw } = this.#reply
    if (raw.destroyed || signal.aborted) return undefined
    const pieces = this.begin()
    const joined = batch.join('\n\ndata: ')
    const text = `data: ${joined}\n\n`
    // (To count the whole text would copy it once more.)
    const bytes = Buffer.byteLength(joined) + text.length - joined.length
    if (raw.writableLength + text.length < raw.writableHighWaterMark) {
      pieces.write(text, bytes)
      return undefined
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    pieces.write(text, bytes, () => {
      signal.removeEventListener('abort', leave)
      resolve()
    })
    return promise
  }

  end(last: string): void {
    this.begin().end(last)
  }

  close(): void {
    clearTimeout(this.#heartbeat)
  }

  /** (Not a timer that each piece sets back: there are many pieces, and few beats.) */
  #beatIn(ms: number): void {
    this.#heartbeat = setTimeout(() => {
      const quietMs = performance.now() - this.#heardAt
      // Timers may come a little early.
      if (quietMs > this.#heartbeatMs - 1) this.#beat()
      else this.#beatIn(this.#heartbeatMs - quietMs)
    }, ms)
  }

  #beat(): void {
    this.#heardAt = performance.now()
    this.#beatIn(this.#heartbeatMs)
    const { raw } = this.#reply
    if (raw.destroyed) return
    const pieces = this.begin()
    // Who does not read needs no sign of life.
    if (raw.writableLength === 0) pieces.write(comment, comment.length)
  }
}
