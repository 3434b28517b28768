import * as fc from 'fast-check'
import { isRecord } from '../support/shared.ts'

/** Names that invite confusion: keywords, JavaScript's own, and each other. */
const names = [
  'a',
  'b',
  'type',
  'properties',
  '$ref',
  'required',
  'items',
  'enum',
  'const',
  '$defs',
  'allOf',
  'description',
  'constructor',
  '__proto__',
]

const few = { minLength: 1, maxLength: 3 }

const references = [
  '#/$defs/A',
  '#/$defs/B',
  '#/$defs/A_1',
  '#/definitions/A',
  '#/$defs/A/properties/a',
  '#',
]

/** Any JSON Schema of an object that a tool may have: nested, recursive, merged and oddly named. */
export const jsonSchema = schemas(references)

/** One that is recursive and merged, but whose merges never come back to themselves. */
export const mergedOnce = schemas([])

function schemas(circles: string[]): fc.Arbitrary<Record<string, unknown>> {
  const pointer = fc.constantFrom(...references)
  const target = fc.constantFrom(...(circles.length > 0 ? circles : references.slice(0, 4)))
  const { object } = fc.letrec<{ schema: unknown; object: Record<string, unknown> }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small', withCrossShrink: true },
      leaf(),
      tie('object'),
      fc.record({ type: fc.constant('array'), items: tie('schema') }),
      fc.record({ type: fc.constant('array'), prefixItems: fc.array(tie('schema'), few) }),
      fc.record({ anyOf: fc.array(tie('schema'), few) }),
      fc.record({ oneOf: fc.array(tie('schema'), few), description: fc.constant('one') }),
      pointer.map(($ref) => ({ $ref })),
      target.map(($ref) => ({ $ref, description: 'mine' })),
      fc.tuple(tie('object'), fc.record({ $ref: target })).map(merged),
      fc.record({ allOf: fc.array(member(tie, target), few) }),
      fc.tuple(tie('object'), fc.record({ allOf: fc.array(member(tie, target), few) })).map(merged),
      fc.tuple(tie('object'), fc.record({ anyOf: fc.array(tie('schema'), few) })).map(merged),
    ),
    object: objectOf(tie('schema')),
  }))
  const definitions = fc.record({
    A: definition(circles),
    B: definition(circles),
    A_1: definition(circles),
    C: definition(circles),
  })
  return fc.tuple(object, definitions).map(([root, { A, B, A_1, C }]) => ({
    ...root,
    type: 'object',
    $defs: { A, B, A_1 },
    definitions: { A: C },
  }))
}

/** What an `allOf` holds: members that speak of the same properties, and more than one union. */
function member(
  tie: (key: 'schema' | 'object') => fc.Arbitrary<unknown>,
  target: fc.Arbitrary<string>,
): fc.Arbitrary<unknown> {
  return fc.oneof(
    leaf(),
    tie('object'),
    fc.record({ $ref: target }),
    fc.record({ anyOf: fc.array(tie('object'), few) }),
    fc.record({ oneOf: fc.array(tie('object'), few) }),
  )
}

function objectOf(schema: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const properties = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), schema), {
    ...few,
    selector: ([name]) => name,
  })
  return fc
    .tuple(
      properties,
      fc.array(fc.constantFrom(...names, 'ghost'), { maxLength: 3 }),
      fc.constantFrom('object', ['object', 'null'], undefined),
      fc.constantFrom({}, { additionalProperties: false }, { title: 'T', $comment: 'c' }),
    )
    .map(([entries, required, type, more]) => ({
      ...(type !== undefined && { type }),
      properties: Object.fromEntries(entries),
      ...(required.length > 0 && { required }),
      ...more,
    }))
}

function definition(circles: string[]): fc.Arbitrary<Record<string, unknown>> {
  const pointer = fc.constantFrom(...references.filter(isWhole))
  const described = fc.constantFrom(...circles.filter(isWhole), '#/$defs/B')
  const inner = fc.oneof(
    leaf(),
    pointer.map(($ref) => ({ $ref })),
    pointer.map(($ref) => ({ type: 'array', items: { $ref } })),
    pointer.map(($ref) => ({ anyOf: [{ $ref }, { type: 'null' }] })),
    ...(circles.length > 0 ? [described.map(($ref) => ({ $ref, description: 'mine' }))] : []),
  )
  return fc
    .record({
      a: inner,
      more: fc.dictionary(fc.constantFrom('b', 'type', '$ref'), inner, { maxKeys: 2 }),
      required: fc.subarray(['a', 'b', 'type']),
    })
    .map(({ a, more, required }) => ({ type: 'object', properties: { a, ...more }, required }))
}

/** A definition that points into itself could be nothing but its own alias. */
function isWhole(reference: string): boolean {
  return !reference.endsWith('/a')
}

function leaf(): fc.Arbitrary<unknown> {
  return fc.constantFrom<unknown>(
    true,
    {},
    { type: 'string', format: 'uuid', pattern: '^x', minLength: 1 },
    { type: ['string', 'null'] },
    { type: ['string', 'integer', 'null'], description: 'any' },
    { type: 'integer', exclusiveMinimum: 3, multipleOf: 2 },
    { type: 'string', nullable: true, default: 'x', examples: ['y'] },
    { enum: ['x', null, 3, true] },
    { const: 'x' },
    { const: 7 },
    { const: null },
    { type: 'array' },
    { type: 'object', additionalProperties: { type: 'string' } },
    Object.fromEntries(['not', 'if', 'then', 'else', 'x-y'].map((key) => [key, {}])),
  )
}

function merged([a, b]: [Record<string, unknown>, Record<string, unknown>]) {
  return { ...a, ...b }
}

/**
 * Every place of a property in a schema, as far as four steps down: `.a.b` for properties, `[]` for
 * members. Where schemas are merged, each of them counts.
 */
export function placesOf(schema: Record<string, unknown>): Set<string> {
  const found = new Set<string>()
  visit(schema, '', 0)
  return found

  function visit(node: unknown, place: string, steps: number): void {
    if (!isRecord(node) || steps > 3) return
    const { $ref, properties, items, prefixItems, anyOf, oneOf, allOf } = node
    if (typeof $ref === 'string') visit(targetOf(schema, $ref), place, steps)
    for (const one of [anyOf, oneOf, allOf].flat()) visit(one, place, steps)
    for (const one of [items, prefixItems].flat()) visit(one, `${place}[]`, steps + 1)
    for (const [name, inner] of Object.entries(isRecord(properties) ? properties : {})) {
      found.add(`${place}.${name}`)
      visit(inner, `${place}.${name}`, steps + 1)
    }
  }
}

/** What a local reference points at. */
export function targetOf(root: unknown, $ref: string): unknown {
  const steps = $ref === '#' ? [] : $ref.slice(2).split('/')
  return steps.reduce<unknown>(
    (at, step) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, step)
        ? Reflect.get(at, step)
        : undefined,
    root,
  )
}

/** Every schema inside a schema, itself first. */
export function* nodesIn(schema: unknown): Generator<Record<string, unknown>> {
  if (!isRecord(schema)) return
  yield schema
  const { properties, $defs, items, prefixItems, anyOf, oneOf, additionalProperties } = schema
  const inner = [
    ...Object.values(isRecord(properties) ? properties : {}),
    ...Object.values(isRecord($defs) ? $defs : {}),
    ...[items, prefixItems, anyOf, oneOf, additionalProperties].flat(),
  ]
  for (const one of inner) yield* nodesIn(one)
}
