import type { Candidate, CitationMetadata, GroundingChunk, GroundingSupport } from '../gemini.ts'
import type { Annotation } from './response.ts'

/**
 * Where the answer's words come from: Gemini's grounding and citations as OpenAI's `url_citation`.
 * Gemini counts UTF-8 bytes of the answer's text; clients get Unicode code points of `content`,
 * which may hold thought tags before it. Source: discovery document of the Gemini API 2026-03.
 */
export class Citations {
  /** The visible text so far: offsets are bytes of it. */
  #text = ''
  /** Its length in code points, counted on as it grows. */
  #length = 0
  /** In streams each event brings only new sources, while indices count all of them. */
  readonly #chunks: GroundingChunk[] = []
  readonly #supports: GroundingSupport[] = []
  readonly #citations: NonNullable<CitationMetadata['citations']> = []
  /** Where pieces of the text begin, in the text and in `content`, both in code points. */
  readonly #pieces: { text: number; content: number }[] = []

  addText(text: string, contentStart: number): void {
    this.#pieces.push({ text: this.#length, content: contentStart })
    this.#text += text
    this.#length += codePoints(text)
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
      const span = this.#locate(segment.startIndex ?? 0, segment.endIndex ?? 0, segment.text, bytes)
      return groundingChunkIndices.flatMap((index) =>
        toAnnotation(sourceOf(this.#chunks[index]), span),
      )
    })
    const cited = this.#citations.flatMap(({ startIndex = 0, endIndex = 0, uri, title }) =>
      toAnnotation({ uri, title }, this.#locate(startIndex, endIndex, undefined, bytes)),
    )
    return [...grounded, ...cited]
  }

  /** Trusts the offsets where the words are there, else looks for the words. */
  #locate(start: number, end: number, words: string | undefined, bytes: Uint8Array): Span {
    const decoder = new TextDecoder()
    const before = decoder.decode(bytes.subarray(0, start))
    const there = decoder.decode(bytes.subarray(start, end))
    const found = words === undefined || words === there ? -1 : this.#text.indexOf(words)
    const from = found === -1 ? codePoints(before) : codePoints(this.#text.slice(0, found))
    const length = codePoints(found === -1 || words === undefined ? there : words)
    return {
      start: this.#toContent(from),
      end: this.#toContent(from + Math.max(length - 1, 0)) + Math.min(length, 1),
    }
  }

  #toContent(offset: number): number {
    const piece = this.#pieces.findLast(({ text }) => text <= offset)
    return piece === undefined ? offset : piece.content + (offset - piece.text)
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
  if (uri === undefined) return []
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
