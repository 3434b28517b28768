import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { mergeSchemas } from './merge.ts'

/** The keywords that hold branches. */
export const unionKeys = ['anyOf', 'oneOf'] as const

/** A union with more than words beside it. */
export function isMixedUnion(schema: JsonObject): boolean {
  const besides = ['type', 'properties', 'items', 'required', 'enum', 'additionalProperties']
  return unionKeys.some((key) => Array.isArray(schema[key])) && besides.some((key) => key in schema)
}

/** What stands beside the branches, moved into each of them. */
export function splitUnion(schema: JsonObject): JsonObject {
  const { anyOf, oneOf, description, title, nullable, ...base } = schema
  const branches: unknown[] = [anyOf, oneOf].find(Array.isArray) ?? []
  const split = branches.map((branch) =>
    isObject(branch) && !isNull(branch) ? mergeSchemas(branch, base) : branch,
  )
  const words = {
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
  }
  return { ...words, ...(nullable === true && { nullable }), anyOf: split }
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema.type === 'null'
}
