import type { JsonObject } from '../gemini.ts'

/** A keyword that Gemini lacks, in words for its description. */
export function toHint(key: string, value: unknown): string {
  const written = JSON.stringify(value) ?? ''
  const most = structural.has(key) ? 2000 : 300
  return `${key}: ${written.length > most ? `${written.slice(0, most)}…` : written}`
}

/** These may hold whole properties, which the model can only hear of here. */
const structural = new Set([
  'not',
  'if',
  'then',
  'else',
  'also',
  'contains',
  'patternProperties',
  'dependentSchemas',
  'dependentRequired',
  'dependencies',
  'unevaluatedProperties',
])

/** The schema with hints at the end of its description, and without fields that are undefined. */
export function withHints(node: JsonObject, hints: string[]): JsonObject {
  const present = Object.entries(node).filter(([, value]) => value !== undefined)
  const clean: JsonObject = Object.fromEntries(present)
  if (hints.length === 0) return clean
  const { description } = clean
  const said = typeof description === 'string' && description !== '' ? `${description} ` : ''
  return { ...clean, description: `${said}(${hints.join('; ')})` }
}
