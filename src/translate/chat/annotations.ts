import type { Candidate, Citation, GroundingChunk, GroundingSupport } from '../gemini.ts'
import type { Annotation } from './response.ts'

/**
 * Where the answer's words come from: Gemini's grounding and citations as OpenAI's `url_citation`.
 * Gemini counts UTF-8 bytes of the answer's text; clients get Unicode code points of `content`,
 * which may hold thought tags before it. Source: discovery document of the Gemini API 2026-03.
 */
export class Citations {
  /** The visible text so far: offsets are bytes of it. */
  #text = ''
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
    if (hidden !== (this.#hidden.at(-1)?.count ?? 0)) {
      this.#hidden.push({ from: this.#text.length, count: hidden })
    }
    this.#text += text
  }

  add({ groundingMetadata, citationMetadata }: Candidate): void {
    this.#chunks.push(...(groundingMetadata?.groundingChunks ?? []))
    this.#supports.push(...(groundingMetadata?.groundingSupports ?? []))
    this.#citations.push(
      ...(citationMetadata?.citations ?? citationMetadata?.citationSources ?? []),
    )
  }

  toAnnotations(): Annotation[] {
    if (this.#supports.length === 0 && this.#citations.length === 0) return []
    const bytes = new TextEncoder().encode(this.#text)
    const grounded = this.#supports.flatMap(({ segment = {}, groundingChunkIndices = [] }) => {
      const span = this.#locate(segment, bytes)
      return groundingChunkIndices.flatMap((index) =>
        toAnnotation(sourceOf(this.#chunks[index]), span),
      )
    })
    const cited = this.#citations.flatMap(({ startIndex = 0, endIndex = 0, ...source }) =>
      toAnnotation(source, this.#locate({ startIndex, endIndex }, bytes)),
    )
    return [...grounded, ...cited]
  }

  /** Trusts the offsets where the words are there, else looks for the words. */
  #locate({ partIndex = 0, startIndex = 0, endIndex = 0, text }: Segment, bytes: Uint8Array): Span {
    const base = byteLength(this.#text.slice(0, this.#parts[partIndex] ?? 0))
    const decoder = new TextDecoder()
    const there = decoder.decode(bytes.subarray(base + startIndex, base + endIndex))
    const found = text === undefined || text === there ? -1 : this.#text.indexOf(text)
    const from = found === -1 ? decoder.decode(bytes.subarray(0, base + startIndex)).length : found
    const cited = found === -1 || text === undefined ? there : text
    return { start: this.#toContent(from, from), end: this.#toContent(from + cited.length, from) }
  }

  /** A place in the text -> the place in `content`; `near` is where the cited words begin. */
  #toContent(place: number, near: number): number {
    const hidden = this.#hidden.findLast(({ from }) => from <= near)?.count ?? 0
    return codePoints(this.#text.slice(0, place)) + hidden
  }
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
  { uri, title }: { uri?: string | undefined; title?: string | undefined },
  span: Span,
): Annotation[] {
  if (!uri) return []
  const url_citation = {
    start_index: span.start,
    end_index: span.end,
    url: uri,
    title: title ?? '',
  }
  return [{ type: 'url_citation', url_citation }]
}

/** Length in Unicode code points, as Python slices. */
export function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}
