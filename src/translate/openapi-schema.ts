import type { JsonObject } from './gemini.ts'
import { isObject } from './json.ts'
import { jsonSchemaKeywords, SchemaReader } from './json-schema.ts'

/**
 * JSON Schema -> the OpenAPI 3.0 subset (`parameters`, `responseSchema`) that models before 2.5 ask
 * for, where any other keyword is refused with 400. References are written out, `null` types become
 * `nullable`, and what the subset lacks is said in the description.
 * Source: discovery document of the Gemini API 2026-03, `Schema`.
 */
export function toOpenApiSchema(schema: object, param: string): JsonObject {
  const { $defs, ...root } = new SchemaReader(schema, param, readKeywords).read()
  return write(root, isObject($defs) ? $defs : {}, [])
}

const ownKeywords = [
  'minLength',
  'maxLength',
  'pattern',
  'minProperties',
  'maxProperties',
  'example',
]
const readKeywords: ReadonlySet<string> = new Set([...jsonSchemaKeywords, ...ownKeywords])

/** How often a definition is written out inside itself before it is cut off. */
const unrolled = 3

/** Formats that every backend accepts, by type; older ones refuse any other. */
const formats: Record<string, string[]> = {
  string: ['enum', 'date-time'],
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

function write(schema: unknown, defs: JsonObject, inside: string[]): JsonObject {
  if (!isObject(schema)) return { type: 'string' }
  if (typeof schema.$ref === 'string') return writeReference(schema.$ref, defs, inside)
  const { type, anyOf, oneOf, prefixItems, additionalProperties, format, ...rest } = schema
  const {
    enum: values,
    items,
    properties,
    required,
    $id: _,
    $anchor: __,
    description,
    ...plain
  } = rest
  const branches = [anyOf, oneOf].find(Array.isArray)
  if (branches !== undefined) return writeUnion(branches, schema, defs, inside)
  const types = (Array.isArray(type) ? type : [type]).filter((one) => one !== 'null')
  const nullable = Array.isArray(type) && type.includes('null') ? { nullable: true } : {}
  if (types.length > 1) {
    const single = types.map((one) => ({ ...schema, type: one, description: undefined }))
    return { ...writeUnion(single, { description }, defs, inside), ...nullable }
  }
  const only = types[0] === undefined ? 'string' : String(types[0])
  const strings = (Array.isArray(values) ? values : []).filter((value) => value !== '')
  const members = items ?? (Array.isArray(prefixItems) ? { anyOf: prefixItems } : undefined)
  const written = isObject(properties)
    ? Object.fromEntries(
        Object.entries(properties).map(([name, one]) => [name, write(one, defs, inside)]),
      )
    : undefined
  const hints = [
    typeof format === 'string' && !formats[only]?.includes(format) ? `format: ${format}` : '',
    isObject(additionalProperties)
      ? `other properties: ${JSON.stringify(additionalProperties)}`
      : '',
    only !== 'string' && strings.length > 0 ? `one of ${JSON.stringify(strings)}` : '',
  ]
  return compact({
    type: only.toUpperCase(),
    ...plain,
    description:
      [description, ...hints.filter(Boolean).map((hint) => `(${hint})`)]
        .filter(Boolean)
        .join(' ') || undefined,
    ...nullable,
    format: typeof format === 'string' && formats[only]?.includes(format) ? format : undefined,
    enum: only === 'string' && strings.length > 0 ? strings.map(String) : undefined,
    items: only === 'array' ? write(members, defs, inside) : undefined,
    // An object without properties is refused, so an untyped one says nothing about them.
    properties:
      only === 'object' && written && Object.keys(written).length > 0 ? written : undefined,
    required: only === 'object' ? required : undefined,
    // Models before 2.5 answer in alphabetical order unless told otherwise.
    propertyOrdering:
      only === 'object' && written && Object.keys(written).length > 0
        ? Object.keys(written)
        : undefined,
  })
}

function writeReference($ref: string, defs: JsonObject, inside: string[]): JsonObject {
  const name = $ref.replace('#/$defs/', '')
  if (inside.filter((one) => one === name).length >= unrolled) {
    return { type: 'OBJECT', description: `Again a ${name}, and so on.` }
  }
  return write(defs[name], defs, [...inside, name])
}

/** A union with `null` is a nullable; a union of one is that one. */
function writeUnion(
  branches: unknown[],
  { description, title }: JsonObject,
  defs: JsonObject,
  inside: string[],
): JsonObject {
  const real = branches.filter((branch) => !(isObject(branch) && branch.type === 'null'))
  const nullable = real.length < branches.length ? { nullable: true } : {}
  const written = real.map((branch) => write(branch, defs, inside))
  const [first = { type: 'STRING' }] = written
  const body = written.length > 1 ? { anyOf: written } : first
  return compact({
    ...body,
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
    ...nullable,
  })
}

function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
