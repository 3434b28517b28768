import { ApiError } from '../errors.ts'
import type { Tokens } from '../translate/chat/usage.ts'

/**
 * What becomes known of a request while it is answered: whom it asked, how often, what came of it, how
 * long it waited. Whoever learns something writes it down; the log, the metrics and the limits read it
 * when the answer has ended, however it ended.
 */
export class CallRecord {
  /** The model as the client calls it; at the path of an endpoint, as the operator does. */
  readonly asked: string
  /** The same for those who count: the operator's pattern that it matched, else its name. */
  readonly written: string
  readonly streamed: boolean
  /** What was sent upstream, each try by itself, in order. */
  asks: readonly Ask[] = []
  /** What answered; of several, those before the last showed nothing, and cost all the same. */
  answers: readonly Telling[] = []
  readonly waiting = new Waiting()
  /** When its body had been read, when the first piece of the answer and when the last was given to the client. */
  readonly begunAt = performance.now()
  firstAt: number | undefined
  endedAt: number | undefined
  /** The code or status of what the client got instead of an answer, or in the middle of it. */
  failure: string | undefined
  /** Somebody is to know what it costs, beside the client. */
  accounted = false
  /** Where it stands in a trace, as W3C's header. */
  traceparent: string | undefined
  /** Who follows it, where traces are kept. */
  trace: Trace | undefined

  constructor(asked: string, streamed: boolean, written = asked) {
    this.asked = asked
    this.written = written
    this.streamed = streamed
  }

  /** Something is sent upstream now; `answered` or `failed` tells what came of it. */
  ask({ provider, model, place, url }: Target): Ask {
    const ask: Ask = {
      provider,
      model,
      place,
      url,
      sentAt: performance.now(),
      endedAt: undefined,
      failure: undefined,
      arrival: new Arrival(),
      traceparent: this.traceparent,
    }
    this.asks = this.asks.concat(ask)
    if (this.trace !== undefined) ask.traceparent = this.trace.follow(ask)
    return ask
  }

  /** This is what its answer tells. (What is pushed into an array has room for sixteen more beside it.) */
  hear(answer: Telling): void {
    this.answers = this.answers.concat(answer)
  }

  /** Its answer has begun. */
  answered(ask: Ask): void {
    ask.endedAt = performance.now()
  }

  /** It was refused; anything but an ApiError says that nobody waits for it any more. */
  failed(ask: Ask, error: unknown): void {
    ask.failure = error instanceof ApiError ? error.label : 'cancelled'
    ask.endedAt = performance.now()
  }

  /** The tokens of all that was asked, by kind; undefined where nobody has told. */
  get tokens(): Tokens | undefined {
    let sum: Tokens | undefined
    for (const { tokens } of this.answers) {
      if (tokens !== undefined) sum = sum === undefined ? tokens : plus(sum, tokens)
    }
    return sum
  }

  /** Why each choice of the answer ended, in OpenAI's words. */
  get finishReasons(): readonly string[] {
    return this.answers.at(-1)?.finishReasons ?? []
  }

  /** Milliseconds of the gateway's own: neither upstream nor the client was waited for. */
  get overheadMs(): number {
    return Math.max(0, (this.endedAt ?? performance.now()) - this.begunAt - this.waiting.ms)
  }
}

/** Follows a request through a trace. */
export interface Trace {
  /** A try is sent now. Gives the `traceparent` that goes with it. */
  follow(ask: Ask): string | undefined
  /** What the client gets: a chunk as JSON, or a whole answer. */
  hear(said: unknown): void
}

/** Whom a try is sent to. */
export interface Target {
  /** In the words of OpenTelemetry's conventions for generative AI. */
  provider: 'gcp.vertex_ai' | 'gcp.gemini' | 'openai'
  /** The model's bare id. */
  model: string
  /** Which of several that serve the same: a location, a key's number; empty where there is one. */
  place: string
  url: string
}

/** One try. Times are on the clock of `performance.now()`. */
export interface Ask extends Target {
  sentAt: number
  /** When its answer had begun, or had failed. */
  endedAt: number | undefined
  /** The code or status of its refusal, `cancelled` where nobody waited for it; undefined where an answer came. */
  failure: string | undefined
  arrival: Arrival
  /** Its place in a trace, as W3C's header. */
  traceparent: string | undefined
}

/** How the body of an answer came, as the network gave it. Times are on the clock of `performance.now()`. */
export class Arrival {
  pieces = 0
  firstAt: number | undefined
  /** When it was complete, broke off, or was given up. */
  endedAt: number | undefined
  /** Why it broke off: a code or status, or `cancelled`. */
  failure: string | undefined

  note(): void {
    if (this.pieces === 0) this.firstAt = performance.now()
    this.pieces += 1
  }

  end(failure?: string): void {
    this.endedAt = performance.now()
    this.failure = failure
  }
}

/** An answer that tells what it has cost so far, and how it ended. */
export interface Telling {
  tokens: Tokens | undefined
  finishReasons: string[]
  /** The model that answered, as it calls itself. */
  servedModel: string | undefined
  /** Why it showed nothing, in the upstream's word; undefined where it did. */
  futile?: string | undefined
}

function plus(one: Tokens, other: Tokens): Tokens {
  return {
    input: one.input + other.input,
    cached: one.cached + other.cached,
    output: one.output + other.output,
    reasoning: one.reasoning + other.reasoning,
  }
}

/** The time that was spent waiting for others; what overlaps counts once. */
export class Waiting {
  #endedMs = 0
  #open = 0
  #since = 0

  /** Milliseconds so far; what goes on counts too. */
  get ms(): number {
    return this.#endedMs + (this.#open > 0 ? performance.now() - this.#since : 0)
  }

  begin(): void {
    if (this.#open === 0) this.#since = performance.now()
    this.#open += 1
  }

  end(): void {
    this.#open -= 1
    if (this.#open === 0) this.#endedMs += performance.now() - this.#since
  }

  /** Waits where there is something to wait for. */
  for<T>(wanted: T | Promise<T>): T | Promise<T> {
    return wanted instanceof Promise ? this.#wait(wanted) : wanted
  }

  async #wait<T>(promise: Promise<T>): Promise<T> {
    this.begin()
    try {
      return await promise
    } finally {
      this.end()
    }
  }
}
