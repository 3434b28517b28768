import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../src/errors.ts'
import { toJsonSchema } from '../../src/translate/json-schema.ts'
import { isRecord } from '../support/shared.ts'
import { bombs } from './schema-bombs.ts'
import { jsonSchema, mergedOnce, nodesIn, placesOf, targetOf } from './schemas.ts'
import { frozen, orRefusal, within } from './translated.ts'

/** What Gemini documents for JSON Schema, and nothing else. */
const keywords = new Set(
  '$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering'.split(
    ' ',
  ),
)

const written = (schema: object) => toJsonSchema(frozen(schema), 'here')

type Holds = (after: Record<string, unknown>, before: Record<string, unknown>) => void

function law(holds: Holds, schemas = jsonSchema) {
  fc.assert(
    fc.property(schemas, (schema) => {
      holds(
        within(2000, () => written(schema)),
        schema,
      )
    }),
    { numRuns: 40 },
  )
}

describe('any JSON Schema in the subset that Gemini reads', () => {
  it('keeps every property', () => {
    law((after, before) => {
      const kept = placesOf(after)
      assert.deepEqual(
        [...placesOf(before)].filter((place) => !kept.has(place)),
        [],
      )
    }, mergedOnce)
  })

  it('has known keywords only', () => {
    law((after) => {
      const unknown = [...nodesIn(after)].flatMap(Object.keys).filter((key) => !keywords.has(key))
      assert.deepEqual(unknown, [])
    })
  })

  it('has nothing beside a reference, and something at the end of each', () => {
    law((after) => {
      for (const node of nodesIn(after)) {
        if (typeof node.$ref !== 'string') continue
        assert.deepEqual(
          Object.keys(node).filter((key) => !key.startsWith('$')),
          [],
        )
        assert.match(node.$ref, /^#\/\$defs\//)
        assert.ok(isRecord(targetOf(after, node.$ref)), node.$ref)
      }
    })
  })

  it('requires only properties that are there', () => {
    law((after) => {
      for (const { required = [], properties } of nodesIn(after)) {
        for (const name of [required].flat()) {
          assert.ok(isRecord(properties) && Object.hasOwn(properties, String(name)), String(name))
        }
      }
    })
  })

  it('comes back to a definition through optional properties only', () => {
    law((after) => {
      for (const $ref of Object.keys(isRecord(after.$defs) ? after.$defs : {})) {
        const start = `#/$defs/${$ref}`
        assert.ok(!owes(after, targetOf(after, start), start, []), start)
      }
    })
  })

  it('has enums of strings and numbers', () => {
    law((after) => {
      const values = [...nodesIn(after)].flatMap((node) => node.enum ?? [])
      assert.deepEqual(
        values.filter((one) => !['string', 'number'].includes(typeof one)),
        [],
      )
    })
  })

  it('says of each array what it holds', () => {
    law((after) => {
      for (const { type, items, prefixItems } of nodesIn(after)) {
        if ([type].flat().includes('array')) assert.ok(items ?? prefixItems)
      }
    })
  })
})

/** Whether a definition is met again on a way through required properties. */
function owes(root: unknown, node: unknown, start: string, way: string[]): boolean {
  if (!isRecord(node)) return false
  const { $ref, properties, required } = node
  if (typeof $ref === 'string') {
    if ($ref === start) return true
    return !way.includes($ref) && owes(root, targetOf(root, $ref), start, [...way, $ref])
  }
  if (!isRecord(properties) || !Array.isArray(required)) return false
  return required.some(
    (name) => typeof name === 'string' && owes(root, properties[name], start, way),
  )
}

describe('a schema', () => {
  it('keeps the order of its keys', () => {
    const schema = { type: 'object', properties: { z: {}, a: {}, m: {} }, required: ['m', 'z'] }
    assert.equal(JSON.stringify(written(schema)), JSON.stringify(schema))
  })

  it('may have forty definitions in a row', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [
        `D${n}`,
        { type: 'object', properties: { next: { $ref: `#/$defs/D${(n + 1) % 40}` } } },
      ]),
    )
    const schema = { type: 'object', properties: { first: { $ref: '#/$defs/D0' } }, $defs }
    assert.deepEqual(written(schema), schema)
  })

  it('names the field at fault where it points nowhere', () => {
    const schema = { type: 'object', properties: { a: { $ref: '#/$defs/gone' } } }
    const refusal = orRefusal(() => written(schema))
    assert.ok(refusal instanceof ApiError)
    assert.equal(refusal.param, 'here')
    assert.match(refusal.message, /#\/\$defs\/gone/)
  })

  it('may point at names with slashes and tildes', () => {
    const schema = {
      type: 'object',
      properties: { a: { $ref: '#/$defs/x~1y~0z' }, b: { $ref: '#/$defs/p%20q' } },
      $defs: { 'x/y~z': { type: 'string' }, 'p q': { type: 'integer' } },
    }
    const after = written(schema)
    const types = ['a', 'b'].map((name) => {
      const { $ref } = Object(Reflect.get(Object(after.properties), name))
      return Object(targetOf(after, String($ref))).type
    })
    assert.deepEqual(types, ['string', 'integer'])
  })

  it('keeps both members of two nested merges', () => {
    const members = ['x', 'y'].map((name) => ({
      allOf: [{ properties: { [name]: { type: 'string' } } }],
    }))
    const after = written({ type: 'object', allOf: members })
    assert.deepEqual(Object.keys(Object(after.properties)).toSorted(), ['x', 'y'])
  })
})

describe('a schema bomb', () => {
  for (const [name, schema] of Object.entries(bombs)) {
    it(`ends soon: ${name}`, () => {
      const after = within(3000, () => orRefusal(() => written(schema)))
      assert.ok(after instanceof ApiError || JSON.stringify(after).length < 5_000_000)
    })
  }
})
