import type { JsonObject } from '../gemini.ts'
import { isObject, lookUp } from '../json.ts'
import { multiplyUnions } from './unions.ts'

/**
 * All members of an `allOf` as one schema. Where several speak of the same thing, the narrower word
 * counts or both are kept for a later merge; mere words are the first one's. What cannot be
 * expressed together stands in `also`, which becomes a hint like any unknown keyword.
 */
export function mergeSchemas(members: JsonObject[]): JsonObject {
  // Collected by keyword first: merging pair by pair would copy everything once a member.
  const said = new Map<string, unknown[]>()
  for (const member of members) {
    for (const [key, value] of Object.entries(member)) {
      const values = said.get(key)
      if (values === undefined) said.set(key, [value])
      else values.push(value)
    }
  }
  const settled = [...said].map(([key, values]) => [key, settle(key, values)] as const)
  const also = settled.flatMap(([key, { lost }]) => lost.map((value) => ({ [key]: value })))
  return {
    ...Object.fromEntries(settled.map(([key, { kept }]) => [key, kept])),
    ...(also.length > 0 && { also: [...[said.get('also') ?? []].flat(2), ...also] }),
  }
}

/** What stands beside a reference wins over its target, in the target's order. */
export function overlay(target: JsonObject, siblings: JsonObject): JsonObject {
  const merged = mergeSchemas([siblings, target])
  const { properties, required } = merged
  return {
    ...inOrder(merged, { ...target, ...siblings }),
    ...(isObject(properties) && {
      properties: inOrder(properties, {
        ...(isObject(target.properties) && target.properties),
        ...properties,
      }),
    }),
    ...(Array.isArray(required) && { required: union([target.required, required]) }),
  }
}

function inOrder(values: JsonObject, order: JsonObject): JsonObject {
  const keys = [...new Set([...Object.keys(order), ...Object.keys(values)])]
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(values, key)).map((key) => [key, values[key]]),
  )
}

interface Settled {
  kept: unknown
  /** What contradicts it or cannot stand beside it. */
  lost: unknown[]
}

function settle(key: string, values: unknown[]): Settled {
  const [first] = values
  if (values.length === 1) return { kept: first, lost: [] }
  if (key === 'anyOf' || key === 'oneOf') return multiplyUnions(values)
  const rule = lookUp(rules, key)
  if (rule !== undefined) return { kept: rule(values), lost: [] }
  if (key.startsWith('$') || words.has(key)) return { kept: first, lost: [] }
  const seen = new Set([JSON.stringify(first)])
  const lost = values.filter((value) => seen.size < seen.add(JSON.stringify(value)).size)
  return { kept: first, lost }
}

/** Keywords that only tell a reader something: one word on a thing is enough. */
const words = new Set(
  'title description default examples example format also definitions propertyOrdering'.split(' '),
)

const rules: Record<string, (values: unknown[]) => unknown> = {
  properties: mergeProperties,
  required: union,
  allOf: (values) => values.filter(Array.isArray).flat(),
  items: together,
  additionalProperties: together,
  prefixItems: mergePlaces,
  enum: commonValues,
  type: commonTypes,
  minimum: highest,
  exclusiveMinimum: highest,
  minItems: highest,
  minLength: highest,
  minProperties: highest,
  maximum: lowest,
  exclusiveMaximum: lowest,
  maxItems: lowest,
  maxLength: lowest,
  maxProperties: lowest,
}

function mergeProperties(values: unknown[]): JsonObject {
  const found = new Map<string, unknown[]>()
  for (const [name, schema] of values.filter(isObject).flatMap(Object.entries<unknown>)) {
    const known = found.get(name)
    if (known === undefined) found.set(name, [schema])
    else known.push(schema)
  }
  return Object.fromEntries([...found].map(([name, schemas]) => [name, together(schemas)]))
}

/** A schema of all of these, to be merged when it is read: references are not known here. */
function together(schemas: unknown[]): unknown {
  if (schemas.includes(false)) return false
  const distinct = new Map(
    schemas
      .filter((schema) => isObject(schema) && Object.keys(schema).length > 0)
      .map((schema) => [lonelyReference(schema) ?? schema, schema]),
  )
  const [first = schemas[0], ...more] = distinct.values()
  return more.length === 0 ? first : { allOf: [first, ...more] }
}

function lonelyReference(schema: unknown): string | undefined {
  const alone = isObject(schema) && Object.keys(schema).length === 1
  return alone && typeof schema.$ref === 'string' ? schema.$ref : undefined
}

/** Tuples of the same array: place by place. */
function mergePlaces(values: unknown[]): unknown[] {
  const tuples = values.filter(Array.isArray)
  const [longest = []] = tuples.toSorted((a, b) => b.length - a.length)
  return longest.map((_: unknown, n) =>
    together(tuples.flatMap((tuple) => (n < tuple.length ? [tuple[n]] : []))),
  )
}

function union(values: unknown[]): unknown {
  const lists = values.filter(Array.isArray)
  return lists.length === 0 ? values[0] : [...new Set<unknown>(lists.flat())]
}

/** Where two lists have nothing in common, no value fits: the first is a better guess than none. */
function commonValues(values: unknown[]): unknown {
  const lists = values.filter(Array.isArray)
  if (lists.length === 0) return values[0]
  return lists.reduce<unknown[]>((left, right) => {
    const allowed = new Set<unknown>(right)
    const common = left.filter((value) => allowed.has(value))
    return common.length > 0 ? common : left
  }, lists[0] ?? [])
}

function commonTypes(values: unknown[]): unknown {
  const common = values
    .map((value): unknown[] => [value].flat())
    .reduce((left, right) => {
      const met = left.flatMap((type) => commonType(type, right))
      return met.length > 0 ? met : left
    })
  return common.length === 1 ? common[0] : common
}

/** Every integer is a number. */
function commonType(type: unknown, others: unknown[]): unknown[] {
  if (others.includes(type)) return [type]
  const other = type === 'number' ? 'integer' : type === 'integer' ? 'number' : undefined
  return other !== undefined && others.includes(other) ? ['integer'] : []
}

function highest(values: unknown[]): unknown {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === 0 ? values[0] : numbers.reduce((a, b) => Math.max(a, b))
}

function lowest(values: unknown[]): unknown {
  const numbers = values.filter((value) => typeof value === 'number')
  return numbers.length === 0 ? values[0] : numbers.reduce((a, b) => Math.min(a, b))
}
