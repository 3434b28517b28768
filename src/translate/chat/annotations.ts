import type { Candidate, Citation, GroundingChunk, GroundingSupport } from '../gemini.ts'
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
    this.#chunks.push(...(groundingMetadata?.groundingChunks ?? []))
    this.#supports.push(...(groundingMetadata?.groundingSupports ?? []))
    this.#citations.push(
      ...(citationMetadata?.citations ?? citationMetadata?.citationSources ?? []),
    )
  }

  toAnnotations(): Annotation[] {
    if (this.#supports.length === 0 && this.#citations.length === 0) return []
    const text = this.#text.toString()
    const words = { text, bytes: new TextEncoder().encode(text) }
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
    const base = byteLength(words.text.slice(0, this.#parts[partIndex] ?? 0))
    const decoder = new TextDecoder()
    const decode = (from: number, to: number) => decoder.decode(words.bytes.subarray(from, to))
    const there = decode(base + startIndex, base + endIndex)
    const found = text === undefined || text === there ? -1 : words.text.indexOf(text)
    const from = found === -1 ? decode(0, base + startIndex).length : found
    const cited = found === -1 || text === undefined ? there : text
    // What stands before the place where the cited words begin is not counted.
    const hidden = this.#hidden.findLast((one) => one.from <= from)?.count ?? 0
    const toContent = (place: number) => codePoints(words.text.slice(0, place)) + hidden
    return { start: toContent(from), end: toContent(from + cited.length) }
  }
}

/** The visible text, and the same in UTF-8. */
interface Words {
  text: string
  bytes: Uint8Array
}

/** More than any answer has that counts its parts. */
const mostParts = 64

type Segment = NonNullable<GroundingSupport['segment']>

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}

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
