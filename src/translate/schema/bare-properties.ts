import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'

/** `{ path: { type: 'string' } }` is no schema, but some tools send it: they mean the properties. */
export function wrapBareProperties(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema)
  const bare =
    entries.length > 0 &&
    entries.every(
      ([key, value]) => isObject(value) && !key.startsWith('$') && key !== 'properties',
    ) &&
    entries.some(([, value]) => isObject(value) && ('type' in value || 'description' in value)) &&
    !entries.some(([key]) => schemaKeys.has(key))
  return bare ? { type: 'object', properties: schema } : schema
}

const schemaKeys = new Set([
  'not',
  'if',
  'then',
  'else',
  'items',
  'additionalProperties',
  'patternProperties',
  'definitions',
])
