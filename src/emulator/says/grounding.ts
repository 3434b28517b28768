import type { Call } from '../call.ts'
import type { GroundingChunk, GroundingMetadata, GroundingSupport } from '../response.ts'
import { type Sources, suggestions } from './sources.ts'

/** What a finished text rests on. */
export function groundingOf(text: string, sources: Sources, call: Call): GroundingMetadata {
  const { chunks } = sources
  const supports = supportsOf(text, sources)
  return {
    ...entryPoint(sources),
    ...(chunks.length > 0 && { groundingChunks: chunks }),
    ...(supports.length > 0 && { groundingSupports: supports }),
    ...queries(sources, call),
  }
}

/**
 * What an event of a stream adds to the grounding of those before it: chunks come once, with the
 * first sentence that rests on them, while indices count all chunks so far.
 */
export function groundingBetween(
  [before, after]: [string, string],
  text: string,
  sources: Sources,
  call: Call,
): GroundingMetadata {
  const [from, to] = [bytes(before), bytes(after)]
  const supports = supportsOf(text, sources)
  const ended = (until: number) => supports.filter(({ segment }) => segment.endIndex <= until)
  const fresh = ended(to).slice(ended(from).length)
  const known = chunksOf(ended(from))
  const chunks = sources.chunks.slice(known, Math.max(known, chunksOf(ended(to))))
  const over = after === text
  const rest: GroundingChunk[] = over ? sources.chunks.slice(known + chunks.length) : []
  return {
    ...(over && entryPoint(sources)),
    ...(chunks.length + rest.length > 0 && { groundingChunks: [...chunks, ...rest] }),
    ...(fresh.length > 0 && { groundingSupports: fresh }),
    ...(over && queries(sources, call)),
  }
}

function chunksOf(supports: GroundingSupport[]): number {
  return (
    Math.max(0, ...supports.flatMap((support) => support.groundingChunkIndices)) +
    (supports.length > 0 ? 1 : 0)
  )
}

function entryPoint({ kind, queries }: Sources): Partial<GroundingMetadata> {
  const searched = kind === 'web'
  return searched ? { searchEntryPoint: { renderedContent: suggestions(queries) } } : {}
}

function queries({ kind, queries: asked }: Sources, { backend }: Call): Partial<GroundingMetadata> {
  if (kind === 'web') return { webSearchQueries: asked }
  return kind === 'maps' && backend === 'vertex' ? { retrievalQueries: asked } : {}
}

// Each sentence rests on the next source, the last one on every source there is.
function supportsOf(text: string, { chunks, kind }: Sources): GroundingSupport[] {
  if (chunks.length === 0) return []
  const all = chunks.map((_, i) => i)
  const found = segments(text)
  return found.map(({ start, sentence }, i) => ({
    segment: {
      ...(start !== '' && { startIndex: bytes(start) }),
      endIndex: bytes(start + sentence),
      text: sentence,
    },
    groundingChunkIndices: i === found.length - 1 ? all : [i % chunks.length],
    ...(kind === 'maps' && { confidenceScores: i === found.length - 1 ? all.map(sure) : [0.9] }),
  }))
}

function sure(index: number): number {
  return 0.9 - index / 100
}

// JSON is one segment: nobody cuts it into sentences.
function segments(text: string): { start: string; sentence: string }[] {
  if (/^\s*[[{]/.test(text)) return [{ start: '', sentence: text.trimEnd() }]
  return [...text.matchAll(/\S[^.!?\n]*(?:[.!?](?!\s)[^.!?\n]*)*[.!?]*/gu)].map(
    ({ 0: sentence, index }) => ({ start: text.slice(0, index), sentence }),
  )
}

function bytes(text: string): number {
  return Buffer.byteLength(text)
}
