import { ApiError } from '../errors.ts'
import { type Defaults, withDefaults } from '../translate/chat/defaults.ts'
import { inTime } from './asking.ts'
import type { Answer, Backend, Call, Route } from './backend.ts'
import { exhausted } from './retry.ts'

/** One of those who are asked in turn. */
export interface Target extends Route {
  /** What the operator calls it. */
  name: string
  defaults: Defaults
}

/**
 * Asks one after the other: the next where one fails as another may not, and never once its answer has
 * begun. Each tries as often as it would alone; the deadline of the call holds for all of them.
 */
export function targetsBackend(targets: readonly Target[]): Backend {
  return {
    complete: (body, call) =>
      inTurn(call, (target) =>
        target.backend.complete(toBody(body, target), { ...call, model: target.model }),
      ),
    stream: (body, call) =>
      inTurn(call, (target) =>
        target.backend.stream(toBody(body, target), { ...call, model: target.model }),
      ),
  }

  async function inTurn<T>(
    call: Call,
    ask: (target: Target) => Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    const failures: ApiError[] = []
    let tried = 0
    for (const target of targets) {
      try {
        const { content, headers } = await ask(target)
        tried += triesIn(headers)
        return { content, headers: toHeaders(headers, tried, target.name) }
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        failures.push(error)
        tried += triesIn(error.headers)
        if (!mayHelp(error) || !goesOn(call)) break
      }
    }
    const [first, ...others] = failures
    // One that passes tells the client more than the refusal of another.
    const telling = failures.find(({ status }) => passing.has(status)) ?? first
    if (telling === undefined) throw new Error('A name leads to at least one model.')
    throw others.length > 0 ? exhausted(telling, tried) : telling
  }
}

/** Google's own parameters are for Google's models alone. */
function toBody(body: unknown, { defaults, provider }: Target): unknown {
  if (provider !== undefined || defaults.google === undefined) return withDefaults(body, defaults)
  const { google: _, ...others } = defaults
  return withDefaults(body, others)
}

const attempts = 'x-pollux-attempts'

function triesIn(headers: Record<string, string>): number {
  return Number(headers[attempts] ?? 1)
}

function toHeaders(headers: Record<string, string>, tried: number, name: string) {
  return {
    ...headers,
    ...(tried > 1 && { [attempts]: String(tried) }),
    'x-pollux-model': inHeader(name),
  }
}

/** Operators may call a model what they like, but a header holds visible ASCII. */
function inHeader(name: string): string {
  return /^[\x21-\x7e]+$/.test(name) ? name : encodeURI(name.toWellFormed())
}

/** Overload and outage. */
const passing = new Set([408, 429, 500, 502, 503, 504])

/** Whether another may answer where one failed so: it passes, is not permitted there, or not there at all. */
function mayHelp({ status }: ApiError): boolean {
  return passing.has(status) || status === 403 || status === 404
}

/** Whether anybody still waits, and long enough. */
function goesOn(call: Call): boolean {
  return !call.signal.aborted && inTime(0, call)
}
