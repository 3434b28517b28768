import { toCompletion, toGoogle, toStream } from './translation.ts'

/** Work for the gateway, as it comes over the wire. */
export type Work = Asking | Answering

/** A client's body alone. */
export interface Asking {
  /** JSON. */
  asks: string
  model: string
  /** The tools are those of the request before, as with the steps of an agent. */
  again?: true
}

/** A client's body, and Google's answer to it. */
export interface Answering extends Asking {
  /** Bytes as they are read. */
  answers: readonly Buffer[]
  streamed: boolean
}

/** Work of which there can be more and more. */
export interface GrowingWork {
  /** What it is counted in. */
  unit: string
  /** The work in so many units. */
  of: (size: number) => Work
  /** Where it is measured: each is ten times the one before, as far as there are limits. */
  sizes: readonly [number, number, number]
  /** It makes objects of so many members that V8 turns them into tables on the way, which costs more. */
  wide?: true
}

/**
 * Fewer than a clock needs are enough to count. Each is eight times the one before: tables that double
 * when they are full are then filled alike.
 */
export function smallSizes({ unit, sizes: [, , most] }: GrowingWork): number[] {
  const largest = Math.min(unit === 'kB' ? 192 : 384, Math.floor(most / 64) * 64)
  return [largest / 64, largest / 8, largest]
}

/** Does the work, without the network; what it gives is of no interest but that it was made. */
export async function translate(work: Work): Promise<unknown> {
  const { asks: body, model, again } = work
  if (!('answers' in work)) return toGoogle(body, model, again)
  const exchanged = { body, model, reads: work.answers }
  return work.streamed ? toStream(exchanged) : toCompletion(exchanged)
}

const flash = 'gemini-2.5-flash'

export function asking(body: object, model = flash): Asking {
  return { asks: JSON.stringify({ model, ...body }), model }
}

/** A question whose answer matters; `more` are further parameters. */
function question(more: object): Asking {
  return asking({ messages: [{ role: 'user', content: 'Say it.' }], ...more })
}

/** Bytes of one read where the upstream is fast. */
const perRead = 16_384

/** A stream that comes as fast as it is read. */
export function streaming(events: readonly string[], more: object = {}): Answering {
  const bytes = Buffer.from(events.map(framed).join(''))
  const answers = Array.from({ length: Math.ceil(bytes.length / perRead) }, (_, at) =>
    bytes.subarray(at * perRead, (at + 1) * perRead),
  )
  return { ...question({ ...asStream, ...more }), answers, streamed: true }
}

/** A stream that comes event by event. */
export function dripping(events: readonly string[], more: object = {}): Answering {
  const answers = events.map((event) => Buffer.from(framed(event)))
  return { ...question({ ...asStream, ...more }), answers, streamed: true }
}

const asStream = { stream: true, stream_options: { include_usage: true } }

/** A whole answer of one candidate, which may have more than its parts. */
export function answering(parts: object[], candidateExtras: object = {}): Answering {
  return wholly({ candidates: [candidate(parts, candidateExtras)], usageMetadata })
}

/** Any response as a whole answer. */
export function wholly(response: object): Answering {
  return { ...question({}), answers: [Buffer.from(JSON.stringify(response))], streamed: false }
}

/** One of Google's responses in a stream, with one part. */
export function event(part: object, more: object = {}, isLast = false): string {
  return JSON.stringify({
    candidates: [candidate([part], isLast ? more : { finishReason: undefined, ...more })],
    usageMetadata,
    modelVersion: 'gemini-2.5-flash',
    responseId: 'gr9maMTeMr2jmtkP_aHBuQo',
  })
}

/** So many events; `of` gives the part of each, and `more` what its candidate has besides. */
export function eventsOf(
  length: number,
  of: (at: number) => object,
  more: (at: number) => object = () => ({}),
): string[] {
  return Array.from({ length }, (_, at) => event(of(at), more(at), at === length - 1))
}

const usageMetadata = { promptTokenCount: 8, candidatesTokenCount: 5, totalTokenCount: 13 }

function candidate(parts: object[], more: object): object {
  return { content: { parts, role: 'model' }, finishReason: 'STOP', index: 0, ...more }
}

function framed(event: string): string {
  return `data: ${event}\r\n\r\n`
}
