import type { JsonObject } from './gemini.ts'
import { SchemaBudget } from './schema/budget.ts'
import type { KnownSchemas } from './schema/known.ts'
import { SchemaReader } from './schema/reader.ts'

/**
 * JSON Schema -> the subset of it that Gemini 2.5 and later accept (`parametersJsonSchema`,
 * `responseJsonSchema`). Key order is kept, because Gemini answers in that order. What the subset
 * lacks is said in the description instead, so that the model still hears of it. The budget is what
 * this schema shares with the others of its request; what is known already is not written again.
 * Source: ai.google.dev/gemini-api/docs/structured-output, discovery document of 2026-03.
 */
export function toJsonSchema(
  schema: object,
  param: string,
  budget = new SchemaBudget(),
  known?: KnownSchemas,
): JsonObject {
  if (known === undefined) return write(schema, param, budget)
  const text = JSON.stringify(schema)
  const before = known.get(text)
  if (before !== undefined && budget.spendAgain(before.spent)) return before.written
  if (text.length > longestKnown) return write(schema, param, budget)
  const { spent } = budget
  // Of its text alone, by which others will find it: `1e999` was parsed to a number that JSON has not.
  const written = write(JSON.parse(text), param, budget)
  // With less left in place than it asks for, it would be written otherwise.
  if (budget.writesInPlace) {
    // As a copy: what was cut from a long text holds all of it.
    const kept = JSON.parse(JSON.stringify(written))
    known.set(text, { written: kept, spent: budget.spentSince(spent) })
  }
  return written
}

/** A longer schema is never known, in characters: it would push out many. */
export const longestKnown = 100_000

function write(schema: object, param: string, budget: SchemaBudget): JsonObject {
  const dialect = { keywords: jsonSchemaKeywords, splitsUnions: false }
  return new SchemaReader(schema, param, dialect, budget).read()
}

/** The keywords that Gemini reads in JSON-Schema mode. */
export const jsonSchemaKeywords: ReadonlySet<string> = new Set([
  '$id',
  '$anchor',
  '$ref',
  '$defs',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'anyOf',
  'oneOf',
  'properties',
  'additionalProperties',
  'required',
  'propertyOrdering',
])
