import type { Reply } from '../reply.ts'
import type { Fault, Place } from './fault.ts'
import { gzipped } from './gzip.ts'

/** One thing to do with the connection. */
export type Step =
  | { kind: 'wait'; ms: number }
  | { kind: 'write'; bytes: Buffer }
  /** All bytes of an event are written. */
  | { kind: 'event' }
  | { kind: 'end'; how: How }

/** How a body ends: by its end, by a reset, or never. */
export type How = 'fin' | 'reset' | 'stall'

/** What is done to send a body with what goes wrong on its way. */
export function* steps({ frames, pause, waitsFirst }: Reply, fault: Fault): Generator<Step> {
  const gap = fault.pace ?? pause
  const { how, place } = endOf(fault, frames.length)
  const { last, bodies } = cutOff(
    frames.map((frame) => Buffer.from(frame)),
    place,
  )
  const blocks = fault.gzip ? gzipped(bodies, how === 'fin') : bodies
  for (const [i, body] of blocks.entries()) {
    if (gap > 0 && (i > 0 || waitsFirst) && i < bodies.length) yield { kind: 'wait', ms: gap }
    for (const bytes of writes(body, fault)) yield { kind: 'write', bytes }
    if (i < last) yield { kind: 'event' }
  }
  yield { kind: 'end', how }
}

function endOf({ reset, fin, stall }: Fault, count: number): { how: How; place?: Place } {
  if (reset) return { how: 'reset', place: reset }
  if (stall) return { how: 'stall', place: stall }
  // The last event has the finishReason, so it is never sent.
  if (fin) return { how: 'fin', place: { ...fin, after: Math.min(fin.after, count - 1) } }
  return { how: 'fin' }
}

/** The bodies up to a place, and how many of them are complete. */
function cutOff(bodies: Buffer[], place: Place | undefined): { last: number; bodies: Buffer[] } {
  if (!place) return { last: bodies.length, bodies }
  const kept = bodies.slice(0, place.after)
  const part = (bodies[place.after] ?? Buffer.alloc(0)).subarray(0, place.into)
  return { last: kept.length, bodies: part.length > 0 ? [...kept, part] : kept }
}

function* writes(body: Buffer, { split, cut }: Fault): Generator<Buffer> {
  const places = cut === undefined ? [] : cutPlaces(body, cut)
  let from = 0
  for (const to of [...places, body.length]) {
    yield* pieces(body.subarray(from, to), split)
    from = to
  }
}

function* pieces(bytes: Buffer, size = bytes.length): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

// A byte 10xxxxxx continues the letter before it.
function cutPlaces(body: Buffer, cut: 'every-utf8' | 'crlf'): number[] {
  const isCut = cut === 'crlf' ? afterCarriageReturn : continues
  return Array.from(body.keys()).filter((at) => at > 0 && isCut(body, at))
}

function afterCarriageReturn(body: Buffer, at: number): boolean {
  return body[at - 1] === 0x0d && body[at] === 0x0a
}

function continues(body: Buffer, at: number): boolean {
  return ((body[at] ?? 0) & 0b1100_0000) === 0b1000_0000
}
