import type { Dispatcher } from 'undici'
import { ApiError, badGateway } from '../errors.ts'
import type { Arrival, Waiting } from './record.ts'
import type { Source } from './source.ts'

/** What is held for a reader that is not there yet, in bytes; then the sender has to wait. */
const mostHeld = 64 * 1024

/** The longest body that is read whole: several pictures fit. */
const longestBody = 64 * 1024 * 1024

/** Turns what went wrong on the way into what the client gets; `begun` says that an answer had come. */
export type ToFault = (error: Error, begun: boolean) => ApiError

/** One request to an upstream: its head resolves `begun`, its body is taken piece by piece. */
export class Exchange implements Dispatcher.DispatchHandler, Source<Buffer> {
  status = 0
  readonly begun: Promise<this>
  #headers: Headers = {}
  #held: Buffer[] = []
  #heldBytes = 0
  #over = false
  #failure: { error: unknown } | undefined
  #controller: Dispatcher.DispatchController | undefined
  /** Tells who waits for the body that something has happened to it. */
  #wake: (() => void) | undefined
  readonly #head = Promise.withResolvers<this>()
  readonly #signal: AbortSignal
  readonly #toFault: ToFault
  readonly #waiting: Waiting
  readonly #arrival: Arrival

  constructor(signal: AbortSignal, toFault: ToFault, waiting: Waiting, arrival: Arrival) {
    this.#signal = signal
    this.#toFault = toFault
    this.#waiting = waiting
    this.#arrival = arrival
    this.begun = this.#head.promise
    signal.addEventListener('abort', this.#abort)
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value[0] : value
  }

  /** All that came since the last time. What came before a failure is given before the failure. */
  async next(): Promise<Buffer | undefined> {
    while (this.#held.length === 0) {
      if (this.#failure !== undefined) throw this.#failure.error
      if (this.#over) return undefined
      this.#waiting.begin()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#waiting.end()
    }
    const [only, ...more] = this.#held
    const bytes = only !== undefined && more.length === 0 ? only : Buffer.concat(this.#held)
    this.#held = []
    this.#heldBytes = 0
    if (this.#controller?.paused === true) this.#controller.resume()
    return bytes
  }

  /** The whole body. Rejects with 502 where it is longer than 64 MiB. */
  async text(): Promise<string> {
    const pieces: Buffer[] = []
    let length = 0
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      length += piece.length
      if (length > longestBody) {
        this.cancel()
        throw badGateway('Gemini sent an answer longer than 64 MiB.')
      }
      pieces.push(piece)
    }
    const text = Buffer.concat(pieces, length).toString()
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

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // Whatever stands before the real answer is not for us.
    if (status < 200) return
    this.status = status
    this.#headers = headers
    this.#head.resolve(this)
  }

  onResponseData(controller: Dispatcher.DispatchController, piece: Buffer): void {
    this.#arrival.note()
    this.#held.push(piece)
    this.#heldBytes += piece.length
    if (this.#heldBytes > mostHeld) controller.pause()
    this.#wakeUp()
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const fault = this.#toFault(error, this.status !== 0)
    this.#fail(fault, fault.label)
  }

  readonly #abort = (): void => {
    const reason: unknown = this.#signal.reason
    this.#giveUp(reason, reason instanceof ApiError ? reason.label : 'cancelled')
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
    this.#head.reject(error)
  }

  #end(why?: string): void {
    this.#over = true
    this.#arrival.end(why)
    this.#signal.removeEventListener('abort', this.#abort)
    this.#wakeUp()
  }

  #wakeUp(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}

type Headers = Record<string, string | string[] | undefined>

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('Aborted.')
}
