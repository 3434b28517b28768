import { once } from 'node:events'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { type ErrorDetail, refusalError } from '../errors.ts'
import { contentTypes, frame, type Framing } from '../framing.ts'
import type { LoggedRequest } from '../log.ts'
import { errorReply } from '../reply.ts'
import { eventCount } from './event-count.ts'

/** One request that was found right, and the means to answer it. */
export interface Asked {
  method: string
  /** The path with its query. */
  url: string
  /** As they came, credentials and all. */
  headers: IncomingHttpHeaders
  /** The client's port: the same where a connection is used again. */
  port: number | undefined
  /** The parsed JSON, or the text where it was none. */
  body: unknown
  /** Whether the client wants an answer in one piece, as events, or as an array of them. */
  framing: Framing
  /** The whole answer: of a stream all of these, else the first. */
  reply(...events: object[]): void
  /** A refusal in Google's form; its words are those of the HTTP status where none are given. */
  refuse(code: number, message?: string, more?: { status?: string; details?: ErrorDetail[] }): void
  /** The answer that the emulator would give, with the faults that were asked for. */
  usual(): void
  /** The whole answer in one body; a text is sent as it is. */
  json(status: number, body: unknown, headers?: Record<string, string>): void
  /** Sends the head of an answer, whose body is to come. */
  begin(): void
  /** Events in one write, framed as the client wants them. */
  events(...events: object[]): void
  /** Bytes as they are, in one write. False: the client takes no more at the moment. */
  write(bytes: string | Uint8Array): boolean
  /** Resolves when the client takes more, or the answer is over. */
  drained(): Promise<unknown>
  end(): void
  /** Ends the connection with a RST, after what was written. */
  reset(): void
  /** Resolves with the time (`performance.now()`) at which the client left before the answer's end. */
  left: Promise<number>
  /** Whether it has. */
  readonly gone: boolean
}

/** What is known of a request, and how it would be answered. */
export interface Asking {
  method: string
  url: string
  headers: IncomingHttpHeaders
  text: string
  framing: Framing
  /** Sends the emulator's own answer, and notes its end. */
  usual: () => Promise<void>
}

/** A request to be answered by hand, and what resolves when its answer is over. */
export function toAsked(
  { text, framing, usual, ...request }: Asking,
  response: ServerResponse,
  logged: LoggedRequest,
): { asked: Asked; over: Promise<void> } {
  const left = Promise.withResolvers<number>()
  const over = Promise.withResolvers<void>()
  const complete = eventCount(framing)
  let gone = false
  let resetting = false
  // The frames of an array are joined and closed, which takes knowing how many there were.
  let framed = 0

  response.once('close', () => {
    gone = !response.writableFinished && !resetting
    if (gone) left.resolve(performance.now())
    logged.end(resetting ? 'reset' : gone ? 'cancelled' : 'finished')
    over.resolve()
  })

  function head(status: number, headers: Record<string, string>): void {
    logged.answered(status, {})
    response.writeHead(status, headers)
  }

  /** Only what has gone out is counted. */
  function write(bytes: string | Uint8Array, count = complete): boolean {
    if (!response.headersSent) asked.begin()
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const events = count(buffer)
    return response.write(buffer, (error) => {
      if (error) return
      logged.sent(buffer.length)
      for (let n = 0; n < events; n += 1) logged.sentEvent()
    })
  }

  const asked: Asked = {
    ...request,
    port: response.socket?.remotePort,
    body: parsed(text),
    framing,
    left: left.promise,
    get gone() {
      return gone
    },
    reply(...events) {
      asked.begin()
      asked.events(...(framing === 'whole' ? events.slice(0, 1) : events))
      asked.end()
    },
    refuse(code, message, more) {
      const error = refusalError({ code, ...(message !== undefined && { message }), ...more })
      const { headers, frames } = errorReply(error, framing)
      asked.json(code, frames.join(''), headers)
    },
    usual() {
      usual().then(over.resolve, over.reject)
    },
    json(status, body, headers = {}) {
      if (response.destroyed) return
      head(status, { 'content-type': contentTypes.whole, ...headers })
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      if (text !== '') write(text, () => 1)
      response.end()
    },
    begin() {
      if (response.destroyed) return
      head(200, { 'content-type': contentTypes[framing] })
      response.flushHeaders()
    },
    events(...events) {
      write(events.map((event, n) => frame(event, framing, framed + n, Infinity)).join(''))
      framed += events.length
    },
    write: (bytes) => write(bytes),
    drained: () => Promise.race([once(response, 'drain'), over.promise]),
    end() {
      if (!response.headersSent) asked.begin()
      if (framing === 'array' && framed > 0) write(']\n')
      response.end()
    },
    reset() {
      resetting = !response.destroyed
      // What was written has to be on its way before the reset overtakes it.
      void setImmediate().then(() => response.socket?.resetAndDestroy())
    },
  }
  return { asked, over: over.promise }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
