import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { unionKeys } from './unions.ts'

/** Spells out what the subset has other words for. Changes no schema: returns a new one. */
export function normalise(schema: JsonObject): JsonObject {
  return hasNullableEnum(schema) ? toNullableUnion(schema) : spellOut(schema)
}

function spellOut(schema: JsonObject): JsonObject {
  const { const: constant, nullable, items, exclusiveMinimum, exclusiveMaximum, ...others } = schema
  // Set anew below: on a property it may be a mere `true`, which belongs to the parent's list.
  const { required: _, ...rest } = others
  const tuple = Array.isArray(items)
  const type = withNull(inferType(schema), nullable === true)
  const required = toRequiredList(schema)
  const values = 'const' in schema ? [constant] : schema.enum
  return {
    ...rest,
    ...(nullable === true && type === undefined && orNull(schema)),
    ...(type !== undefined && { type }),
    ...(Array.isArray(values) && toEnum(values, type)),
    ...(tuple && { prefixItems: items }),
    ...(items !== undefined && !tuple && { items }),
    // Gemini refuses an array that does not say what it holds.
    ...(hasType(type, 'array') &&
      items === undefined &&
      !('prefixItems' in schema) && { items: { type: 'string' } }),
    ...lowerBound(exclusiveMinimum, schema),
    ...upperBound(exclusiveMaximum, schema),
    ...(required.length > 0 && { required }),
  }
}

/** Whether `null` is allowed where an enum lists words or numbers, which are all it may list. */
function hasNullableEnum(schema: JsonObject): boolean {
  const { enum: values, nullable } = schema
  if (!Array.isArray(values) || 'const' in schema || !values.some(isWordOrNumber)) return false
  return values.includes(null) || nullable === true
}

/** The enum would forbid the null that its type allows, so that null gets a branch of its own. */
function toNullableUnion(schema: JsonObject): JsonObject {
  const { title, description, nullable: _, enum: values, type, ...rest } = schema
  const types = [type].flat().filter((one) => one !== 'null')
  const some = {
    ...rest,
    ...(type !== undefined && { type: types.length === 1 ? types[0] : types }),
    enum: Array.isArray(values) ? values.filter((value) => value !== null) : [],
  }
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    anyOf: [some, { type: 'null' }],
  }
}

/** A union that may be null too has one more branch. */
function orNull(schema: JsonObject): JsonObject {
  const found = unionKeys.find((key) => Array.isArray(schema[key]))
  const branches = found === undefined ? undefined : schema[found]
  return found !== undefined && Array.isArray(branches)
    ? { [found]: [...branches, { type: 'null' }] }
    : {}
}

/** Whether a schema's `type`, a word or a list of words, allows this one. */
export function hasType(type: unknown, wanted: string): boolean {
  return Array.isArray(type) ? type.includes(wanted) : type === wanted
}

function inferType(schema: JsonObject): unknown {
  const { type, properties, items, prefixItems, enum: values } = schema
  if (type !== undefined) return type
  if (isObject(properties)) return 'object'
  if (items !== undefined || prefixItems !== undefined) return 'array'
  const all = 'const' in schema ? [schema.const] : Array.isArray(values) ? values : []
  if (all.length > 0 && all.every((value) => value === null)) return 'null'
  const first = all.find((value) => value !== null)
  if (typeof first === 'number') return Number.isInteger(first) ? 'integer' : 'number'
  return typeof first === 'string' || typeof first === 'boolean' ? typeof first : undefined
}

function withNull(type: unknown, nullable: boolean): unknown {
  if (!nullable || type === undefined || type === 'null') return type
  const types = Array.isArray(type) ? type : [type]
  return types.includes('null') ? types : [...types, 'null']
}

/** Gemini's enums hold strings and numbers; anything else is said in words. */
function toEnum(values: unknown[], type: unknown): JsonObject {
  const plain = values.filter(isWordOrNumber)
  const nullable = values.includes(null)
  const words = values.filter((value) => value !== null && !isWordOrNumber(value))
  return {
    ...(plain.length > 0 ? { enum: plain } : { enum: undefined }),
    ...(nullable && type !== undefined && { type: withNull(type, true) }),
    ...(words.length > 0 && { allowed: words }),
  }
}

function isWordOrNumber(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}

/**
 * `exclusiveMinimum: 3` -> `minimum: 4` for integers; else `minimum: 3`, the nearest there is, and the
 * keyword itself stays, to be said in words. Of two bounds the stricter counts.
 */
function lowerBound(exclusive: unknown, { type, minimum }: JsonObject): JsonObject {
  if (typeof exclusive !== 'number') return {}
  const bound = type === 'integer' ? Math.floor(exclusive) + 1 : exclusive
  if (typeof minimum === 'number' && minimum > bound) return {}
  return { minimum: bound, ...(type !== 'integer' && { exclusiveMinimum: exclusive }) }
}

function upperBound(exclusive: unknown, { type, maximum }: JsonObject): JsonObject {
  if (typeof exclusive !== 'number') return {}
  const bound = type === 'integer' ? Math.ceil(exclusive) - 1 : exclusive
  if (typeof maximum === 'number' && maximum < bound) return {}
  return { maximum: bound, ...(type !== 'integer' && { exclusiveMaximum: exclusive }) }
}

/** The names in `required`, and those of properties that say `required: true` of themselves. */
function toRequiredList({ required, properties }: JsonObject): unknown[] {
  const listed = Array.isArray(required) ? required : []
  const own = isObject(properties)
    ? Object.entries(properties)
        .filter(([, schema]) => isObject(schema) && schema.required === true)
        .map(([name]) => name)
    : []
  return [...new Set([...listed, ...own])]
}

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
