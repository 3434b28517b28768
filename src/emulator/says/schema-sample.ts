import { isSchema, type Schema } from '../request.ts'
import type { Hints } from './hints.ts'
import { resolve } from './schema-resolve.ts'

/** Which optional properties appear: all, or those the prompt gives a value for. */
export type Fullness = 'full' | 'as-mentioned'

interface Place {
  root: Schema
  hints: Hints
  fullness: Fullness
  /** Name of the property this value is for. */
  property: string
  /** Position among its siblings in a list, so that they differ. */
  index: number
  /** References on the way here: a second visit is a recursion. */
  refs: string[]
  depth: number
}

/** A value that satisfies a schema, in the OpenAPI subset or JSON Schema. */
export function sample(schema: Schema, hints: Hints, fullness: Fullness): unknown {
  const place = { root: schema, hints, fullness, property: 'value', index: 0, refs: [], depth: 0 }
  return valueAt(schema, place)
}

function valueAt(written: Schema, from: Place): unknown {
  // Only a schema that needs itself gets as deep as this, and no value would satisfy it.
  if (from.depth > 9) return null
  const { schema, refs } = resolve(written, from.root, from.refs)
  const place = { ...from, refs }
  if ('const' in schema) return schema['const']
  if (schema.enum?.length) return choice(schema.enum, place)
  switch (typeOf(schema)) {
    case 'object':
      return objectAt(schema, place)
    case 'array':
      return arrayAt(schema, place)
    case 'integer':
    case 'number':
      return numberAt(schema, place)
    case 'boolean':
      return place.index % 2 === 0
    case 'null':
      return null
    default:
      return stringAt(schema, place)
  }
}

function typeOf({ type, properties, items, additionalProperties, prefixItems }: Schema): string {
  // Schemas of functions are not checked: anything may stand here.
  const names = [type].flat().filter((name) => typeof name === 'string')
  const [first] = names.filter((name) => !/^null$/i.test(name))
  if (first !== undefined) return first.toLowerCase()
  if (names.length > 0) return 'null'
  if (properties || typeof additionalProperties === 'object') return 'object'
  return items || prefixItems ? 'array' : 'string'
}

function choice(values: unknown[], { hints, index }: Place): unknown {
  return values.find((value) => hints.mentions(value)) ?? values[index % values.length]
}

function objectAt(schema: Schema, place: Place): Record<string, unknown> {
  const { properties = {}, required = [] } = schema
  const names = Object.keys(properties).filter(
    (name) => required.includes(name) || isWanted(properties[name], required, place),
  )
  const undeclared = required.filter((name) => !Object.hasOwn(properties, name))
  const free =
    names.length + undeclared.length === 0 && typeof schema['additionalProperties'] === 'object'
  return Object.fromEntries(
    [...names, ...undeclared, ...(free ? ['key'] : [])].map((property) => [
      property,
      valueAt(properties[property] ?? additional(schema), below(place, property)),
    ]),
  )
}

// Properties nobody needs are left out where they would recurse or lead too deep.
function isWanted(property: Schema | undefined, required: string[], place: Place): boolean {
  if (!property || place.depth > 4 || recurses(property, place)) return false
  if (place.fullness === 'full') return true
  const named = property.enum?.some((value) => place.hints.mentions(value)) ?? false
  return named || (required.length === 0 && !property.enum)
}

function recurses(written: Schema, { root, refs }: Place): boolean {
  const { schema, refs: reached } = resolve(written, root, refs)
  const repeated = reached.some((ref, i) => reached.indexOf(ref) < i)
  return repeated || (schema.items !== undefined && repeats(schema.items, root, reached))
}

function repeats(items: Schema, root: Schema, refs: string[]): boolean {
  const { refs: reached } = resolve(items, root, refs)
  return reached.some((ref, i) => reached.indexOf(ref) < i)
}

function additional({ additionalProperties }: Schema): Schema {
  return typeof additionalProperties === 'object' && additionalProperties !== null
    ? { ...additionalProperties }
    : {}
}

function arrayAt(schema: Schema, place: Place): unknown[] {
  const { prefixItems } = schema
  const prefix = Array.isArray(prefixItems) ? prefixItems.filter(isSchema) : []
  const items = schema.items
  const least = number(schema['minItems']) ?? 0
  const most = number(schema['maxItems']) ?? Infinity
  const tooDeep = place.depth > 6 || (items && repeats(items, place.root, place.refs))
  const wished = tooDeep ? 0 : Math.max(prefix.length, items ? 2 : 0)
  const length = Math.min(Math.max(least, wished), most)
  return Array.from({ length }, (_, index) =>
    valueAt(prefix[index] ?? items ?? {}, { ...below(place, place.property), index }),
  )
}

function numberAt(schema: Schema, { hints, index }: Place): number {
  const step = number(schema['multipleOf']) ?? (typeOf(schema) === 'integer' ? 1 : 0)
  const lowest = number(schema['minimum']) ?? above(schema['exclusiveMinimum'], step || 0.5)
  const highest = number(schema['maximum']) ?? under(schema['exclusiveMaximum'], step || 0.5)
  const usual = Math.min(Math.max(1, lowest ?? 1), highest ?? 1)
  const hint = (hints.number() ?? usual) + index
  const within = Math.min(Math.max(hint, lowest ?? -Infinity), highest ?? Infinity)
  return step === 0 ? within : onStep(within, step, lowest)
}

function onStep(value: number, step: number, lowest = -Infinity): number {
  const down = Math.floor(value / step) * step
  return down < lowest ? Math.ceil(value / step) * step : down
}

const formats: Record<string, string> = {
  'date-time': '2026-01-02T03:04:05Z',
  date: '2026-01-02',
  time: '03:04:05Z',
  duration: 'PT1H',
  email: 'ada@example.com',
  uuid: '5f0c2a1e-9a7b-4c3d-8e2f-0123456789ab',
  uri: 'https://example.com/',
  hostname: 'example.com',
  ipv4: '192.0.2.1',
  ipv6: '2001:db8::1',
}

function stringAt(schema: Schema, { hints, property, index }: Place): string {
  const formatted = formats[schema.format ?? '']
  if (formatted !== undefined) return formatted
  const hint = hints.string(property)
  const text = index === 0 ? hint : `${hint} ${index + 1}`
  const least = number(schema['minLength']) ?? 0
  const most = number(schema['maxLength']) ?? Infinity
  const fitting = text.padEnd(least, 'x').slice(0, most)
  const { pattern } = schema
  return typeof pattern === 'string' && isPattern(pattern)
    ? matching(new RegExp(pattern), fitting)
    : fitting
}

function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern) instanceof RegExp
  } catch {
    return false
  }
}

// Not every pattern can be satisfied by trying, but those of codes and numbers can.
function matching(pattern: RegExp, text: string): string {
  const lengths = Array.from({ length: 16 }, (_, i) => i + 1)
  const codes = ['A', 'a', '1'].flatMap((letter) => lengths.map((n) => letter.repeat(n)))
  const tries = [text, ...codes, 'A1', 'ABC-123', 'abc-123', '2026-01-02', '12:00', '+15550100']
  return tries.find((candidate) => pattern.test(candidate)) ?? text
}

function below(place: Place, property: string): Place {
  return { ...place, property, index: 0, depth: place.depth + 1 }
}

function above(bound: unknown, step: number): number | undefined {
  const value = number(bound)
  return value === undefined ? undefined : value + step
}

function under(bound: unknown, step: number): number | undefined {
  const value = number(bound)
  return value === undefined ? undefined : value - step
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}
