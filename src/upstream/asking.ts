import { ApiError } from '../errors.ts'
import { type Asked, mendRefused } from '../translate/chat/mend.ts'
import type { Translation } from '../translate/chat/request.ts'
import { toApiError } from '../translate/status.ts'
import type { Call } from './backend.ts'
import type { Ticket } from './budget.ts'
import type { Gate } from './google.ts'
import type { Places } from './places.ts'
import type { Target } from './record.ts'
import { exhausted, pause, type RetrySettings, waitBefore } from './retry.ts'
import type { Reply } from './exchange.ts'
import type { Transport } from './transport.ts'

/** A request as it is to be sent, and what had to be mended in it so far. */
export interface Attempt {
  asked: Asked
  mended: string[]
  /** How often it was tried. */
  tried: number
  /** Whether it may be tried again. */
  ticket: Ticket
  /** Places whose answers broke off before they had begun for the client. */
  broken: ReadonlySet<number>
}

/** Answers that have begun, and how it came to them. */
export interface Answered extends Attempt {
  /** Which of the gate's places answered. */
  place: number
  replies: Reply[]
}

/** Asks a gate until an answer has begun, and gives up in time. */
export interface Asker {
  /** Throws ApiError where none has: a refusal, or the failure of the last try. */
  ask: (attempt: Attempt, translation: Translation, call: Call, method: string) => Promise<Answered>
}

export interface AskerSettings {
  gate: Gate
  transport: Transport
  retry: RetrySettings
  /** The health of the gate's places. */
  places: Places
}

/** A try that has less time than this is not begun, in milliseconds. */
const leastMs = 2_000

export function createAsker({ gate, transport, retry, places }: AskerSettings): Asker {
  return { ask: askAll }

  /** As many calls as the choices need; those that Google wants otherwise are mended and sent again. */
  async function askAll(
    attempt: Attempt,
    translation: Translation,
    call: Call,
    method: string,
  ): Promise<Answered> {
    const ask = (one: Attempt) => askOnce(one, translation, call, method)
    const { copies } = attempt.asked
    const [first, ...rest] =
      copies === 1
        ? [await ask(attempt)]
        : await Promise.all(Array.from({ length: copies }, () => ask(attempt)))
    if (first === undefined) throw new Error('A request asks for at least one answer.')
    const { asked, mended, tried, place } = first
    const missing = asked.copies - 1 - rest.length
    const again = () => ask({ ...attempt, asked, mended, tried: 0 })
    const more = missing > 0 ? await Promise.all(Array.from({ length: missing }, again)) : []
    return {
      replies: [first, ...rest, ...more].map(({ reply }) => reply),
      asked,
      mended,
      tried,
      place,
      ticket: attempt.ticket,
      broken: attempt.broken,
    }
  }

  async function askOnce(attempt: Attempt, translation: Translation, call: Call, method: string) {
    let { asked, mended } = attempt
    // A mended request is the same try: it is another only where nothing was wrong with it.
    let tried = attempt.tried + 1
    const { model, credential: own } = call
    // What is cached is in one place, and a client's own key is one key.
    const settled =
      asked.request.cachedContent !== undefined || (own !== undefined && gate.parent === undefined)
    let place = settled ? 0 : firstPlace(model, attempt.broken)
    const placesAsked = new Set([place])
    for (let renewed = false, waited = 0; ;) {
      const credential = await call.record.waiting.for(gate.headers(own, place))
      const target = {
        provider: gate.name,
        model,
        place: gate.places[place] ?? '',
        url: gate.url(model, method, place),
      }
      const answer = await send(target, asked, translation, call, credential)
      if (!(answer instanceof ApiError)) {
        return { reply: answer, asked, mended, tried, place }
      }
      const refusedToken = answer.code === 'upstream_authentication_error' && !renewed
      if (refusedToken && own === undefined && gate.renew(credential)) {
        renewed = true
        continue
      }
      const mend =
        answer.status === 400
          ? mendRefused(asked, answer.message, gate.provider, mended)
          : undefined
      if (mend !== undefined) {
        mended = [...mended, mend.name]
        asked = mend.asked
        continue
      }
      places.failed(place, model, answer, own === undefined)
      const other = settled ? undefined : places.other(model, placesAsked)
      const wait = waitBefore(answer, tried, waited, other !== undefined, retry)
      if (wait === undefined || !inTime(wait, call))
        throw tried > 1 ? exhausted(answer, tried) : answer
      // Going elsewhere burdens nobody twice, unless that place has failed others too.
      const free = other !== undefined && places.isSound(other)
      if (!free && !attempt.ticket.again()) throw exhausted(answer, tried)
      tried += 1
      await call.record.waiting.for(pause(wait, call.signal))
      waited += wait
      if (other === undefined) continue
      places.enter(other)
      place = other
      placesAsked.add(place)
    }
  }

  /** Not where the answer broke off before, if there is another. */
  function firstPlace(model: string, broken: ReadonlySet<number>): number {
    const other = broken.size === 0 ? undefined : places.other(model, broken)
    if (other === undefined) return places.best(model)
    places.enter(other)
    return other
  }

  /** The answer that has begun, or why there is none. Throws where the client has left. */
  async function send(
    target: Target,
    { request }: Asked,
    { headers }: Translation,
    call: Call,
    credential: Record<string, string>,
  ): Promise<Reply | ApiError> {
    const { record, signal, credential: own } = call
    const ask = record.ask(target)
    const { arrival, traceparent } = ask
    try {
      const reply = await transport.post({
        url: target.url,
        headers: {
          ...headers,
          ...credential,
          'content-type': 'application/json',
          'accept-encoding': 'identity',
          ...(traceparent !== undefined && { traceparent }),
        },
        body: JSON.stringify(request),
        signal,
        patience: toPatience(headers),
        waiting: record.waiting,
        arrival,
      })
      const { status } = reply
      if (status !== 200) {
        const body = reply.redact(await reply.text())
        const refusal = { status, body, retryAfter: reply.header('retry-after') }
        throw toApiError(refusal, gate.owner(own))
      }
      record.answered(ask)
      return reply
    } catch (error) {
      record.failed(ask, error)
      if (error instanceof ApiError) return error
      throw error
    }
  }
}

/** Whether another try after this wait still has time to succeed. */
export function inTime(wait: number, { deadline }: Call): boolean {
  return deadline === undefined || performance.now() + wait + leastMs <= deadline
}

/** Google was asked to take so long, in seconds: then it is waited for so long, and a little more. */
function toPatience(headers: Record<string, string>): number | undefined {
  const seconds = headers['x-server-timeout']
  return seconds === undefined ? undefined : (Number(seconds) + 30) * 1000
}
