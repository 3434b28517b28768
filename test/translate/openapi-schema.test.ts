import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../src/errors.ts'
import { toOpenApiSchema } from '../../src/translate/openapi-schema.ts'
import { examples } from '../support/laws.ts'
import { isRecord } from '../support/shared.ts'
import { bombs } from './schema-bombs.ts'
import { jsonSchema, nodesIn } from './schemas.ts'
import { frozen, orRefusal, within } from './translated.ts'

/** The members of Google's `Schema`, and nothing else. */
const keywords = new Set(
  'type format title description nullable default enum items minItems maxItems properties propertyOrdering required minProperties maxProperties minLength maxLength pattern minimum maximum anyOf example'.split(
    ' ',
  ),
)

const types = new Set<unknown>(
  ['STRING', 'NUMBER', 'INTEGER', 'BOOLEAN', 'ARRAY', 'OBJECT'].flatMap((type) => [
    type,
    type.toLowerCase(),
  ]),
)

const written = (schema: object) => toOpenApiSchema(frozen(schema), 'here')

function law(holds: (after: Record<string, unknown>, before: Record<string, unknown>) => void) {
  fc.assert(
    fc.property(jsonSchema, (schema) => {
      const after = within(10_000, () => orRefusal(() => written(schema)))
      if (!(after instanceof ApiError)) holds(after, schema)
    }),
    examples(8),
  )
}

describe('any JSON Schema in the OpenAPI subset', () => {
  it('holds what Google’s Schema holds, where it holds it', () => {
    law((after) => {
      for (const node of nodesIn(after)) assert.deepEqual(faultsOf(node), [], JSON.stringify(node))
    })
  })

  it('keeps the properties of its root', () => {
    law((after, before) => {
      const names = Object.keys(Object(before.properties)).filter((name) => name !== '__proto__')
      const kept = Object.keys(Object(after.properties))
      assert.deepEqual(
        names.filter((name) => !kept.includes(name)),
        [],
      )
    })
  })
})

function faultsOf(node: Record<string, unknown>): string[] {
  const { type, anyOf, enum: values, items, properties, required, propertyOrdering } = node
  const own = isRecord(properties) ? Object.keys(properties) : []
  const words = Array.isArray(values) ? values : []
  const owed = Array.isArray(required) ? required : []
  const checks: Record<string, boolean> = {
    'an unknown keyword': Object.keys(node).every((key) => keywords.has(key)),
    'no type and no branches': types.has(type) || (type === undefined && Array.isArray(anyOf)),
    'an enum of no string': values === undefined || /^string$/i.test(String(type)),
    'a word that is no word': words.every((word) => typeof word === 'string' && word !== ''),
    'properties of no object': properties === undefined || /^object$/i.test(String(type)),
    'items of no array, or none': (items !== undefined) === /^array$/i.test(String(type)),
    'a required name that is no property': owed.every((name) => own.includes(String(name))),
    'another order': own.length === 0 || String(propertyOrdering) === String(own),
  }
  return Object.keys(checks).filter((fault) => checks[fault] === false)
}

describe('a recursion', () => {
  it('is written out some times and then cut off', () => {
    const node = { type: 'object', properties: { next: { $ref: '#/$defs/N' } } }
    const schema = { type: 'object', properties: { n: { $ref: '#/$defs/N' } }, $defs: { N: node } }
    const after = JSON.stringify(written(schema))
    assert.ok(after.split('"next"').length > 2)
    assert.ok(after.length < 5000)
  })
})

describe('a union', () => {
  it('beside another union keeps both', () => {
    const p = { anyOf: [branch('a')], oneOf: [branch('b'), branch('c')] }
    const after = JSON.stringify(written({ type: 'object', properties: { p } }))
    for (const name of ['a', 'b', 'c']) assert.match(after, new RegExp(`"${name}":`))
  })
})

function branch(name: string): object {
  return { type: 'object', properties: { [name]: { type: 'string' } } }
}

describe('a chain of definitions', () => {
  it('is written out where it is short, and refused where it is long', () => {
    assert.equal(JSON.stringify(written(chain(60))).split('"next"').length - 1, 2 * 59)
    assert.ok(orRefusal(() => written(chain(5000))) instanceof ApiError)
  })
})

function chain(count: number): object {
  const $defs = Object.fromEntries(
    Array.from({ length: count }, (_, n) => [
      `D${n}`,
      n === 0
        ? { type: 'string' }
        : { type: 'object', properties: { next: { $ref: `#/$defs/D${n - 1}` } } },
    ]),
  )
  return { type: 'object', properties: { first: { $ref: `#/$defs/D${count - 1}` } }, $defs }
}

describe('a schema bomb', () => {
  for (const [name, schema] of Object.entries(bombs)) {
    it(`ends soon: ${name}`, () => {
      const after = within(6000, () => orRefusal(() => written(schema)))
      const most = 20 * JSON.stringify(schema).length + 10_000
      assert.ok(after instanceof ApiError || JSON.stringify(after).length < most)
    })
  }
})
