import type { Dispatcher } from 'undici'
import { ApiError, badGateway } from '../errors.ts'
import { tryParseJson } from '../translate/json.ts'
import type { Arrival, Waiting } from './record.ts'
import type { Source } from './source.ts'

/** What is held for a reader that is not there yet, in bytes; then the sender has to wait. */
const mostHeld = 64 * 1024

/** The longest body that is read whole: several pictures fit. */
const longestBody = 64 * 1024 * 1024

/** Turns what went wrong on the way into what the client gets; `begun` says that an answer had come. */
export type ToFault = (error: Error, begun: boolean) => ApiError

export interface ExchangeSettings {
  /** Aborts when nobody waits for the answer any more. */
  signal: AbortSignal
  toFault: ToFault
  /** Gets the time that the answer is waited for. */
  waiting: Waiting
  /** Gets how the answer's body came. */
  arrival: Arrival
  /** The headers that it was asked with. */
  asked: Record<string, string>
}

/** What came back: status and headers at once, the body as it arrives. */
export interface Reply {
  status: number
  header(name: string): string | undefined
  /** The body, all at a time that has come. Its failures are 502 or 504. */
  body: Source<Buffer>
  /** The whole body. Throws like `body`, and 502 where it is longer than 64 MiB. */
  text(): Promise<string>
  /** A text from there without the credentials that it was asked with: refusals may repeat them. */
  redact(text: string): string
}

/** One request to an upstream, and its answer: the head first, the body piece by piece or whole. */
export class Exchange implements Dispatcher.DispatchHandler, Source<Buffer>, Reply {
  status = 0
  #headers: Headers = {}
  #held: Buffer[] = []
  #heldBytes = 0
  /** The body is wanted whole: nobody takes pieces of it. */
  #whole = false
  #over = false
  #failure: { error: unknown } | undefined
  #controller: Dispatcher.DispatchController | undefined
  /** Tells who waits for the body that something has happened to it. */
  #wake: (() => void) | undefined
  /** What waits for the head, until it is there. */
  #head: PromiseWithResolvers<this> | undefined
  readonly #settings: ExchangeSettings

  constructor(settings: ExchangeSettings) {
    this.#settings = settings
    settings.signal.addEventListener('abort', this.#abort)
  }

  /** Resolves with the head, so that status and headers are known. Rejects where there will be none. */
  begun(): Promise<this> {
    if (this.status !== 0) return Promise.resolve(this)
    if (this.#failure !== undefined) return Promise.reject(toError(this.#failure.error))
    this.#settings.waiting.begin()
    this.#head = Promise.withResolvers()
    return this.#head.promise
  }

  get body(): Source<Buffer> {
    return this
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  redact(text: string): string {
    return redacted(text, this.#settings.asked)
  }

  /** All that came since the last time. What came before a failure is given before the failure. */
  async next(): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#over) return undefined
      this.#settings.waiting.begin()
      await this.#change()
      this.#settings.waiting.end()
    }
    return this.#take()
  }

  /** The whole body. Rejects with 502 where it is longer than 64 MiB. */
  async text(): Promise<string> {
    this.#whole = true
    this.#checkLength()
    this.#goOn()
    this.#settings.waiting.begin()
    while (!this.#over) await this.#change()
    this.#settings.waiting.end()
    if (this.#failure !== undefined) throw this.#failure.error
    const text = this.#take().toString()
    // Like `fetch`, without a byte order mark.
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }

  cancel(): void {
    if (!this.#over) this.#giveUp(new Error('Nobody wants it any more.'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(toError(this.#failure.error))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Headers,
  ): void {
    // These would hold all that came in the same read, up to 64 kB, for as long as the answer goes on.
    controller.rawHeaders = null
    // Whatever stands before the real answer is not for us.
    if (status < 200) return
    this.status = status
    this.#headers = headers
    this.#endWaiting()?.resolve(this)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#settings.arrival.note()
    this.#held.push(piece)
    this.#heldBytes += piece.length
    if (this.#whole) return this.#checkLength()
    if (this.#heldBytes > mostHeld) controller.pause()
    this.#wakeUp()
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const fault = this.#settings.toFault(error, this.status !== 0)
    this.#fail(fault, fault.label)
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#settings.signal.reason
    this.#giveUp(reason, reason instanceof ApiError ? reason.label : 'cancelled')
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #take(): Buffer {
    const [only, ...more] = this.#held
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    this.#goOn()
    return bytes
  }

  #goOn(): void {
    if (this.#controller?.paused === true) this.#controller.resume()
  }

  #checkLength(): void {
    if (this.#heldBytes <= longestBody) return
    this.#giveUp(badGateway('Gemini sent an answer longer than 64 MiB.'))
  }

  /** Who has waited for the head; undefined where nobody has. */
  #endWaiting(): PromiseWithResolvers<this> | undefined {
    const head = this.#head
    if (head === undefined) return undefined
    this.#head = undefined
    this.#settings.waiting.end()
    return head
  }

  /** What came already is not wanted either. `why` is undefined where enough has come. */
  #giveUp(reason: unknown, why?: string): void {
    if (this.#over) return
    this.#held = []
    this.#fail(reason, why)
    this.#controller?.abort(toError(reason))
  }

  #fail(error: unknown, why: string | undefined): void {
    if (this.#over) return
    this.#failure = { error }
    this.#end(why)
    this.#endWaiting()?.reject(error)
  }

  #end(why?: string): void {
    this.#over = true
    this.#settings.arrival.end(why)
    this.#settings.signal.removeEventListener('abort', this.#abort)
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

type Headers = Record<string, string | string[] | undefined>

/** Why something was aborted. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted.')
}

/** A text from an upstream without the credentials that it was asked with: refusals may repeat them. */
function redacted(text: string, asked: Record<string, string>): string {
  // JSON is written anew first: its letters may be escaped.
  const parsed = tryParseJson(text)
  const plain = parsed === undefined ? text : JSON.stringify(parsed)
  return credentialsIn(asked).reduce((clean, one) => clean.replaceAll(one, '[redacted]'), plain)
}

function credentialsIn(headers: Record<string, string>): string[] {
  const { authorization = '', 'x-goog-api-key': key = '' } = headers
  // A shorter one is nobody's secret, and its letters may be part of any word.
  return [authorization.replace(/^Bearer +/i, ''), key].filter((secret) => secret.length >= 8)
}
