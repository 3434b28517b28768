import type { JsonObject } from '../gemini.ts'

/** A keyword that Gemini lacks, in words for its description. */
export function toHint(key: string, value: unknown): string {
  const written = JSON.stringify(value) ?? ''
  return `${key}: ${written.length > 300 ? `${written.slice(0, 300)}…` : written}`
}

/** The schema with hints at the end of its description, and without fields that are undefined. */
export function withHints(node: JsonObject, hints: string[]): JsonObject {
  const present = Object.entries(node).filter(([, value]) => value !== undefined)
  const clean: JsonObject = Object.fromEntries(present)
  if (hints.length === 0) return clean
  const { description } = clean
  const said = typeof description === 'string' && description !== '' ? `${description} ` : ''
  return { ...clean, description: `${said}(${hints.join('; ')})` }
}
