import type { AnswerOptions } from '../../../src/translate/chat/request.ts'
import { toClient, toCompletion, toGoogle } from './translation.ts'

/** Work for the gateway, as it comes over the wire. */
export type Work = Asking | Answering | Streaming

/** A client's body. */
export interface Asking {
  asks: string
  model: string
}

/** Google's whole answer. */
export interface Answering {
  answers: string
  options: Partial<AnswerOptions>
}

/** Google's stream, as it is read. */
export interface Streaming {
  streams: readonly Uint8Array[]
  options: Partial<AnswerOptions>
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
export function translate(work: Work): unknown {
  if ('asks' in work) return toGoogle(work.asks, { model: work.model })
  if ('answers' in work) return toCompletion(work.answers, work.options)
  return toClient(work.streams, work.options)
}

/** Bytes of one read where the upstream is fast. */
const perRead = 16_384

export function asking(body: object, model = 'gemini-2.5-flash'): Asking {
  return { asks: JSON.stringify({ model, ...body }), model }
}

/** A stream that comes as fast as it is read. */
export function streaming(
  events: readonly string[],
  options: Partial<AnswerOptions> = {},
): Streaming {
  const bytes = Buffer.from(events.map(framed).join(''))
  const reads = Array.from({ length: Math.ceil(bytes.length / perRead) }, (_, at) =>
    bytes.subarray(at * perRead, (at + 1) * perRead),
  )
  return { streams: reads, options }
}

/** A stream that comes event by event. */
export function dripping(
  events: readonly string[],
  options: Partial<AnswerOptions> = {},
): Streaming {
  return { streams: events.map((event) => Buffer.from(framed(event))), options }
}

export function answering(
  parts: object[],
  more: object = {},
  options: Partial<AnswerOptions> = {},
): Answering {
  return {
    answers: JSON.stringify({ candidates: [candidate(parts, more)], usageMetadata }),
    options,
  }
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
