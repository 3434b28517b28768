import type { Candidate } from '../gemini.ts'
import { isObject } from '../json.ts'
import { toSnakeKeys } from './google.ts'

/** What Gemini tells of its searching and reading, in the snake_case of its OpenAI endpoint. */
export function toFindings(candidate: Candidate): Record<string, unknown> {
  const { groundingMetadata, citationMetadata, urlContextMetadata } = candidate
  return {
    ...(isObject(groundingMetadata) && { grounding_metadata: toSnakeKeys(groundingMetadata) }),
    ...(isObject(citationMetadata) && { citation_metadata: toSnakeKeys(citationMetadata) }),
    ...(isObject(urlContextMetadata) && { url_context_metadata: toSnakeKeys(urlContextMetadata) }),
  }
}

/** Findings come bit by bit: lists grow, anything else is said anew. */
export function mergeFindings(
  known: Record<string, unknown>,
  news: Record<string, unknown>,
): Record<string, unknown> {
  const merged = Object.entries(news).map(([key, value]) => {
    const before = known[key]
    if (Array.isArray(before) && Array.isArray(value)) return [key, [...before, ...value]]
    return [key, isObject(before) && isObject(value) ? mergeFindings(before, value) : value]
  })
  return { ...known, ...Object.fromEntries(merged) }
}
