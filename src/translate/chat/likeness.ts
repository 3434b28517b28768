import type { GenerateContentResponse, Part } from '../gemini.ts'
import { endOfString, isDigit } from '../json-structure.ts'
import type { ChatChunk } from './response.ts'

/** An event that is like the one before it but for its text and its counts. */
export class Repeat {
  readonly text: string
  /** The whole event, as JSON: its counts are read when they are needed. */
  readonly data: string
  /** Whether the text holds nothing that JSON writes otherwise than it is. */
  readonly plain: boolean

  constructor(text: string, data: string, plain: boolean) {
    this.text = text
    this.data = data
    this.plain = plain
  }
}

/**
 * What an event of a stream looks like around its text. Most events of an answer differ in nothing
 * but their text and their token counts: those need not be parsed to know what they say, and not
 * parsing them halves the cost of a stream. Whatever differs elsewhere, by a single letter, is no repeat.
 */
export class Likeness {
  /** Up to the text, its opening quote included. */
  readonly #before: string
  /** From its closing quote on, cut where the counts were. */
  readonly #after: readonly string[]

  constructor(before: string, after: readonly string[]) {
    this.#before = before
    this.#after = after
  }

  /** Undefined where the event may say something that is not said again by repeating its text. */
  static of(data: string, response: GenerateContentResponse): Likeness | undefined {
    const part = textPartOf(response)
    if (part === undefined || !data.startsWith('{')) return undefined
    const [key, ...others] = data.matchAll(textKey)
    // A string of this kind can be no part of another: its quotes would be escaped there.
    if (key === undefined || others.length > 0) return undefined
    const start = key.index + key[0].length
    const end = endOfString(data, start - 1)
    // A name may be written with escapes, and stand for the text all the same.
    if (decoded(data.slice(start, end)) !== part.text) return undefined
    return new Likeness(data.slice(0, start), withoutCounts(data.slice(end)))
  }

  /** The event if it is a repeat of the one that this was made of. */
  repeat(data: string): Repeat | undefined {
    if (!data.startsWith(this.#before)) return undefined
    const start = this.#before.length
    const end = endOfString(data, start - 1)
    if (!this.#endsAlike(data, end)) return undefined
    const literal = data.slice(start, end)
    const plain = !odd.test(literal)
    const text = plain ? literal : decoded(literal)
    return text === undefined || text === '' ? undefined : new Repeat(text, data, plain)
  }

  #endsAlike(data: string, from: number): boolean {
    let at = from
    for (let piece = 0; piece < this.#after.length; piece += 1) {
      const start = piece === 0 ? at : endOfCount(data, at)
      const expected = this.#after[piece] ?? ''
      // `startsWith` with a place takes ten times as long.
      if (start === undefined || data.slice(start, start + expected.length) !== expected) {
        return false
      }
      at = start + expected.length
    }
    return at === data.length
  }
}

/** The one part of an event that holds a text and nothing that would add up if it came again. */
export function textPartOf(response: GenerateContentResponse): Part | undefined {
  const [candidate, ...others] = response.candidates ?? []
  const [part, ...more] = candidate?.content?.parts ?? []
  const plain =
    others.length === 0 &&
    more.length === 0 &&
    hasOnly(response, plainResponse) &&
    hasOnly(candidate, plainCandidate) &&
    hasOnly(candidate?.content, plainContent) &&
    hasOnly(part, plainPart)
  return plain && part?.text ? part : undefined
}

const plainResponse = new Set([
  'candidates',
  'usageMetadata',
  'modelVersion',
  'responseId',
  'createTime',
])
const plainCandidate = new Set(['content', 'index'])
const plainContent = new Set(['parts', 'role'])
const plainPart = new Set(['text', 'thought'])

function hasOnly(object: object | undefined, known: ReadonlySet<string>): boolean {
  return object !== undefined && Object.keys(object).every((key) => known.has(key))
}

const textKey = /"text"\s*:\s*"/g

/** Only these are numbers that may change from event to event: `promptTokenCount` and its kin. */
const count = /(?<="\w{0,40}[cC]ount"\s{0,4}:\s{0,4})\d+/g

function withoutCounts(json: string): string[] {
  return json.split(count)
}

const zero = 0x30
/** More digits may be more than a number can hold. */
const mostDigits = 15

/** Where a count that begins here ends; undefined where none does. */
function endOfCount(json: string, start: number): number | undefined {
  let end = start
  while (isDigit(json.charCodeAt(end))) end += 1
  const digits = end - start
  const padded = digits > 1 && json.charCodeAt(start) === zero
  return digits === 0 || digits > mostDigits || padded ? undefined : end
}

// Nothing is escaped in most texts, and they hold nothing that would have to be.
// oxlint-disable-next-line no-control-regex
const odd = /[\\\u0000-\u001F]/

/** What a string of JSON says, given without its quotes; undefined for what is none. */
function decoded(literal: string): string | undefined {
  try {
    return JSON.parse(`"${literal}"`)
  } catch {
    return undefined
  }
}

/** Stands where the text will be. A NUL is written as an escape, which nothing else in a chunk is. */
const gap = '\u0000'
const written = JSON.stringify(gap)

/** Chunks that differ in nothing but their text: what is around it is written once, for all of them. */
export class Mould {
  readonly #before: string
  readonly #after: string

  constructor(before: string, after: string) {
    this.#before = before
    this.#after = after
  }

  /** Undefined for a chunk that says more, or other things, than one text. */
  static of(chunk: ChatChunk): Mould | undefined {
    const [choice, ...others] = chunk.choices
    if (choice === undefined || others.length > 0) return undefined
    const { content, reasoning_content, ...besides } = choice.delta
    const key = reasoning_content === undefined ? 'content' : 'reasoning_content'
    if (content !== undefined && key !== 'content') return undefined
    const emptied = { ...choice, delta: { [key]: gap, ...besides } }
    const [before, after, ...more] = JSON.stringify({ ...chunk, choices: [emptied] }).split(written)
    if (before === undefined || after === undefined || more.length > 0) return undefined
    return new Mould(`${before}"`, `"${after}`)
  }

  /** A chunk with this text, as JSON. `plain`: it holds nothing that JSON writes otherwise than it is. */
  cast(text: string, plain: boolean): string {
    return this.#before + (plain ? text : JSON.stringify(text).slice(1, -1)) + this.#after
  }
}
