import type { Candidate, Citation, GroundingChunk, GroundingSupport } from '../gemini.ts'
import { addAll } from '../add-all.ts'
import { LongText, longestText } from './long-text.ts'
import type { Annotation } from './response.ts'

/**
 * Where the answer's words come from: Gemini's grounding and citations as OpenAI's `url_citation`.
 * Gemini counts UTF-8 bytes of the answer's text; clients get Unicode code points of `content`,
 * which may hold thought tags before it. Source: discovery document of the Gemini API 2026-03.
 */
export class Citations {
  /** The visible text so far: offsets are bytes of it. */
  #text = new LongText()
  /** The text was too long to be remembered, so its places cannot be told. */
  #forgotten = false
  /** In streams each event brings only new sources, while indices count all of them. */
  readonly #chunks: GroundingChunk[] = []
  readonly #supports: GroundingSupport[] = []
  readonly #citations: Citation[] = []
  /** From which place of the text on how many code points of `content` are something else. */
  readonly #hidden: { from: number; count: number }[] = []

  /** Where the first parts begin in the text: segments may count from one of them. */
  readonly #parts: number[] = []

  /** Whatever is added from here on belongs to the next of Gemini's parts. */
  beginPart(): void {
    if (this.#parts.length < mostParts) this.#parts.push(this.#text.length)
  }

  /** `hidden` are the code points of `content` so far that are not visible text. */
  addText(text: string, hidden: number): void {
    if (this.#forgotten) return
    if (this.#text.length + text.length > longestText) return this.#forget()
    if (hidden !== (this.#hidden.at(-1)?.count ?? 0)) {
      this.#hidden.push({ from: this.#text.length, count: hidden })
    }
    this.#text.append(text)
  }

  #forget(): void {
    this.#forgotten = true
    this.#text = new LongText()
    for (const list of [this.#chunks, this.#supports, this.#citations]) list.length = 0
  }

  add({ groundingMetadata, citationMetadata }: Candidate): void {
    if (this.#forgotten) return
    addAll(this.#chunks, groundingMetadata?.groundingChunks)
    addAll(this.#supports, groundingMetadata?.groundingSupports)
    addAll(this.#citations, citationMetadata?.citations ?? citationMetadata?.citationSources)
  }

  toAnnotations(): Annotation[] {
    if (this.#supports.length === 0 && this.#citations.length === 0) return []
    const words = new Words(this.#text.toString())
    const grounded = this.#supports.flatMap(({ segment = {}, groundingChunkIndices = [] }) => {
      const span = this.#locate(segment, words)
      return groundingChunkIndices.flatMap((index) =>
        toAnnotation(sourceOf(this.#chunks[index]), span),
      )
    })
    const cited = this.#citations.flatMap(({ startIndex = 0, endIndex = 0, ...source }) =>
      toAnnotation(source, this.#locate({ startIndex, endIndex }, words)),
    )
    return [...grounded, ...cited]
  }

  /** Trusts the offsets where the words are there, else looks for the words. */
  #locate({ partIndex = 0, startIndex = 0, endIndex = 0, text }: Segment, words: Words): Span {
    const base = words.bytesBefore(this.#parts[partIndex] ?? 0)
    const start = words.placeOf(base + startIndex)
    const there = words.text.slice(start, words.placeOf(base + endIndex))
    const found = text === undefined || text === there ? -1 : words.find(text)
    const from = found === -1 ? start : found
    const cited = found === -1 || text === undefined ? there : text
    // What stands before the place where the cited words begin is not counted.
    const hidden = this.#hidden[firstWhere(this.#hidden, (one) => one.from > from) - 1]?.count ?? 0
    const toContent = (place: number) => words.pointsBefore(place) + hidden
    return { start: toContent(from), end: toContent(from + cited.length) }
  }
}

/** The index of the first member of which it is true; of a list whose first ones are those of which it is not. */
function firstWhere<T>(list: readonly T[], isTrue: (member: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const member = list[middle]
    if (member !== undefined && isTrue(member)) high = middle
    else low = middle + 1
  }
  return low
}

/** The visible text, counted once, for there may be thousands of citations. */
class Words {
  readonly text: string
  /** UTF-8 bytes and code points before each place of the text. */
  readonly #bytes: Uint32Array
  readonly #points: Uint32Array
  /** Looking for words reads the whole text: it is not done for ever. */
  #searches = 100

  constructor(text: string) {
    this.text = text
    this.#bytes = new Uint32Array(text.length + 1)
    this.#points = new Uint32Array(text.length + 1)
    for (let place = 0; place < text.length; place += 1) {
      const point = text.codePointAt(place) ?? 0
      const wide = point > 0xffff
      const bytes = point < 0x80 ? 1 : point < 0x800 ? 2 : wide ? 4 : 3
      const [bytesBefore = 0, pointsBefore = 0] = [this.#bytes[place], this.#points[place]]
      this.#bytes[place + 1] = bytesBefore + bytes
      this.#points[place + 1] = pointsBefore + 1
      if (!wide) continue
      // The second half of it is no place of its own.
      place += 1
      this.#bytes[place + 1] = bytesBefore + bytes
      this.#points[place + 1] = pointsBefore + 1
    }
  }

  bytesBefore(place: number): number {
    return this.#bytes[Math.min(place, this.text.length)] ?? 0
  }

  pointsBefore(place: number): number {
    return this.#points[Math.min(place, this.text.length)] ?? 0
  }

  /** The place before which there are so many bytes. */
  placeOf(bytes: number): number {
    let low = 0
    let high = this.text.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.bytesBefore(middle) < bytes) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Where these words are; -1 where they are not. */
  find(words: string): number {
    this.#searches -= 1
    return this.#searches < 0 ? -1 : this.text.indexOf(words)
  }
}

/** More than any answer has that counts its parts. */
const mostParts = 64

type Segment = NonNullable<GroundingSupport['segment']>

interface Span {
  start: number
  end: number
}

function sourceOf(chunk: GroundingChunk | undefined) {
  return chunk?.web ?? chunk?.maps ?? chunk?.retrievedContext ?? {}
}

function toAnnotation(
  { uri, title }: { uri?: unknown; title?: unknown },
  span: Span,
): Annotation[] {
  if (typeof uri !== 'string' || uri === '') return []
  const url_citation = {
    start_index: span.start,
    end_index: span.end,
    url: uri,
    title: typeof title === 'string' ? title : '',
  }
  return [{ type: 'url_citation', url_citation }]
}

/** Length in Unicode code points, as Python slices. */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
