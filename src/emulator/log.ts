import type { IncomingHttpHeaders } from 'node:http'
import { within } from './patience.ts'

/** One request, as the log tells it. */
export interface LogEntry {
  /** Counts from 1, and from the start: clearing the log does not begin anew. */
  number: number
  method: string
  path: string
  model?: string
  /** Credentials are masked. */
  headers: Record<string, string>
  /** Parsed JSON, or the text; left out where it is longer than 64 kB. */
  body?: unknown
  bodyBytes: number
  status?: number
  /** The fault that befell it, in words. */
  fault?: string
  /** Events of the answer that were written completely. */
  events: number
  bytes: number
  started: string
  /** Milliseconds from the request to the end of its answer. */
  took?: number
  /** `finished`, `reset`, `closed` or `cancelled after 3 events`. */
  ended?: string
}

/** What a running emulator has been asked. */
export interface EmulatorLog {
  /** The last 1,000 requests, the oldest first. */
  readonly entries: LogEntry[]
  /**
   * The request of that number once its answer is over; waits for requests to come, too. Throws where
   * that takes longer than it may: 10 s by default.
   */
  ended(number: number, ms?: number): Promise<LogEntry>
  /** How many requests there have been. */
  readonly count: number
  /** Those that came after the request of that number. */
  since(number: number): LogEntry[]
  clear(): void
}

const most = 1000
const longestBody = 65_536

/** A log that forgets what is old. */
export class RequestLog implements EmulatorLog {
  #entries: LogEntry[] = []
  // Numbers go on when entries are forgotten, or tests could not tell old from new.
  #count = 0
  // Those who wait for an answer to be over, by its number.
  #waiting = new Map<number, ((entry: LogEntry) => void)[]>()

  get entries(): LogEntry[] {
    return this.#entries.map((entry) => ({ ...entry }))
  }

  get count(): number {
    return this.#count
  }

  since(number: number): LogEntry[] {
    return this.entries.filter((entry) => entry.number > number)
  }

  async ended(number: number, ms = 10_000): Promise<LogEntry> {
    const entry = this.#entries.find((one) => one.number === number)
    if (entry?.ended !== undefined) return { ...entry }
    if (!entry && number <= this.#count) {
      throw new Error(`Request ${number} is no longer in the log.`)
    }
    const end = Promise.withResolvers<LogEntry>()
    this.#waiting.set(number, [...(this.#waiting.get(number) ?? []), end.resolve])
    return within(ms, end.promise, () =>
      number > this.#count
        ? `Request ${number} did not come (${this.#count} have)`
        : `The answer to request ${number} was not over`,
    )
  }

  clear(): void {
    this.#entries = []
  }

  /** Notes a request that has come. */
  begin(method: string, path: string, headers: IncomingHttpHeaders): LoggedRequest {
    this.#count += 1
    const entry: LogEntry = {
      number: this.#count,
      method,
      path: path.replace(/([?&]key=)[^&]*/g, '$1***'),
      headers: masked(headers),
      bodyBytes: 0,
      events: 0,
      bytes: 0,
      started: new Date().toISOString(),
    }
    this.#entries = [...this.#entries.slice(1 - most), entry]
    return new LoggedRequest(entry, () => this.#tell(entry))
  }

  #tell(entry: LogEntry): void {
    const waiting = this.#waiting.get(entry.number) ?? []
    this.#waiting.delete(entry.number)
    for (const resolve of waiting) resolve({ ...entry })
  }
}

/** A request that is being answered: what becomes of it is noted here. */
export class LoggedRequest {
  // The one entry of the log that changes while its request is served.
  #entry: LogEntry
  #started = performance.now()
  #over: () => void

  constructor(entry: LogEntry, over: () => void) {
    this.#entry = entry
    this.#over = over
  }

  /** The body, once it has been read. */
  received(text: string, model: string | undefined): void {
    const bodyBytes = Buffer.byteLength(text)
    Object.assign(this.#entry, {
      bodyBytes,
      ...(model !== undefined && { model }),
      ...(bodyBytes > 0 && bodyBytes <= longestBody && { body: parsed(text) }),
    })
  }

  /** The head of the answer. */
  answered(status: number, fault: object): void {
    const told = JSON.stringify(fault)
    Object.assign(this.#entry, { status, ...(told !== '{}' && { fault: told }) })
  }

  /** Bytes that were written. */
  sent(bytes: number): void {
    this.#entry.bytes += bytes
  }

  /** One more event that was written to its end. */
  sentEvent(): void {
    this.#entry.events += 1
  }

  /** How it ended; only the first word counts. */
  end(how: 'finished' | 'reset' | 'closed' | 'cancelled'): void {
    const { events, ended } = this.#entry
    if (ended !== undefined) return
    const plural = events === 1 ? 'event' : 'events'
    this.#entry.took = Math.round(performance.now() - this.#started)
    this.#entry.ended = how === 'cancelled' ? `cancelled after ${events} ${plural}` : how
    this.#over()
  }
}

const secrets = ['authorization', 'x-goog-api-key', 'proxy-authorization', 'cookie']

function masked(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      secrets.includes(name) ? mask(String(value)) : String(value),
    ]),
  )
}

// The scheme tells nothing, and what kind of credential came is worth knowing.
function mask(value: string): string {
  const [, scheme = ''] = /^(Bearer |Basic )/i.exec(value) ?? []
  return `${scheme}***`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
