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
      const { startIndex = 0, endIndex = 0, text } = segment
      const span = this.#locate(startIndex, endIndex, text, bytes)
      return groundingChunkIndices.flatMap((index) =>
        toAnnotation(sourceOf(this.#chunks[index]), span),
      )
    })
    const cited = this.#citations.flatMap(({ startIndex = 0, endIndex = 0, ...source }) =>
      toAnnotation(source, this.#locate(startIndex, endIndex, undefined, bytes)),
    )
    return [...grounded, ...cited]
  }

  /** Trusts the offsets where the words are there, else looks for the words. */
  #locate(start: number, end: number, words: string | undefined, bytes: Uint8Array): Span {
    const decoder = new TextDecoder()
    const there = decoder.decode(bytes.subarray(start, end))
    const found = words === undefined || words === there ? -1 : this.#text.indexOf(words)
    const from = found === -1 ? decoder.decode(bytes.subarray(0, start)).length : found
    const cited = found === -1 || words === undefined ? there : words
    return { start: this.#toContent(from, from), end: this.#toContent(from + cited.length, from) }
  }

  /** A place in the text -> the place in `content`; `near` is where the cited words begin. */
  #toContent(place: number, near: number): number {
    const hidden = this.#hidden.findLast(({ from }) => from <= near)?.count ?? 0
    return codePoints(this.#text.slice(0, place)) + hidden
  }
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
