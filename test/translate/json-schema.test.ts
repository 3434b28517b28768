import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../src/errors.ts'
import { toJsonSchema } from '../../src/translate/json-schema.ts'
import { examples } from '../support/laws.ts'
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
      const after = within(10_000, () => orRefusal(() => written(schema)))
      // A few branches that are merged again and again may be more than is written: another is tried.
      fc.pre(!(after instanceof ApiError && after.message.includes('too deep or too large')))
      if (after instanceof ApiError) throw after
      holds(after, schema)
    }),
    examples(12),
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

  it('has words at most beside a reference, and something at the end of each', () => {
    law((after) => {
      for (const node of nodesIn(after)) {
        if (typeof node.$ref !== 'string') continue
        assert.deepEqual(
          Object.keys(node).filter((key) => !key.startsWith('$') && key !== 'description'),
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

describe('members of an allOf', () => {
  const string = { type: 'string' }
  const having = (...names: string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, string])),
  })

  it('that speak of one property both count', () => {
    const members = ['a', 'b'].map((name) => ({ properties: { x: having(name) } }))
    const after = written({ type: 'object', allOf: members })
    assert.deepEqual(after, { type: 'object', properties: { x: having('a', 'b') } })
  })

  it('that speak of one property three levels down both count', () => {
    const members = ['a', 'b'].map((name) => ({
      properties: { x: { properties: { y: { type: 'array', items: having(name) } } } },
    }))
    const { properties } = written({ type: 'object', allOf: members })
    const y = { type: 'array', items: having('a', 'b') }
    assert.deepEqual(properties, { x: { type: 'object', properties: { y } } })
  })

  it('that are unions are the combinations of their branches', () => {
    const unions = [['a', 'b'], ['c']].map((names) => ({
      anyOf: names.map((name) => having(name)),
    }))
    assert.deepEqual(written({ allOf: unions }), { anyOf: [having('a', 'c'), having('b', 'c')] })
  })

  it('that are too many unions to combine are told', () => {
    const unions = Array.from({ length: 8 }, (_, n) => ({
      anyOf: [having(`a${n}`), having(`b${n}`)],
    }))
    const { anyOf, description } = written({ allOf: unions })
    assert.equal([anyOf].flat().length, 64)
    assert.match(String(description), /also: .*"b7"/)
  })

  it('that set bounds leave the narrower one', () => {
    const after = written({
      allOf: [
        { type: 'number', minimum: 1, maximum: 9 },
        { type: 'integer', minimum: 3, maximum: 20 },
      ],
    })
    assert.deepEqual(after, { type: 'integer', minimum: 3, maximum: 9 })
  })

  it('that contradict each other in words are told', () => {
    const { description } = written({ allOf: [{ pattern: '^a' }, { pattern: 'b$' }] })
    assert.match(String(description), /\^a.*b\$/)
  })

  it('that come back to themselves through one property end', () => {
    const $defs = {
      A: { allOf: [{ $ref: '#/$defs/B' }, { properties: { next: { $ref: '#/$defs/A' } } }] },
      B: { properties: { next: { $ref: '#/$defs/B' }, b: string } },
    }
    const after = written({ type: 'object', properties: { a: { $ref: '#/$defs/A' } }, $defs })
    assert.ok(placesOf(after).has('.a.next.next.b'))
  })
})

describe('a reference', () => {
  it('gets a name that no other definition has', () => {
    const refs = { p: '#/$defs/A_2', q: '#/$defs/A', r: '#/definitions/A' }
    const after = written({
      type: 'object',
      properties: Object.fromEntries(Object.entries(refs).map(([key, $ref]) => [key, { $ref }])),
      $defs: { A_2: { type: 'string' }, A: { type: 'integer' } },
      definitions: { A: { type: 'boolean' } },
    })
    assert.deepEqual(typesOf(after), ['string', 'integer', 'boolean'])
  })

  it('may point at an anchor or at the schema’s own name', () => {
    const after = written({
      $id: 'https://example.com/all.json',
      type: 'object',
      properties: {
        a: { $ref: '#node' },
        b: { $ref: 'https://example.com/all.json#/$defs/B' },
        c: { $ref: 'part.json' },
        d: { $ref: 'all.json#node' },
      },
      $defs: {
        A: { $anchor: 'node', type: 'string' },
        B: { type: 'integer' },
        C: { $id: 'part.json', type: 'boolean' },
      },
    })
    assert.deepEqual(typesOf(after), ['string', 'integer', 'boolean', 'string'])
  })

  it('to another schema is refused, though this one has a name', () => {
    const schema = { $id: 'https://example.com/a', properties: { a: { $ref: 'b' } } }
    assert.ok(orRefusal(() => written(schema)) instanceof ApiError)
  })

  it('stays with its words beside it where writing it out would take too much room', () => {
    const $defs = { Wide: { type: 'object', properties: wide(300) } }
    const described = { $ref: '#/$defs/Wide', description: 'mine', default: 'x' }
    const properties = Object.fromEntries(
      Array.from({ length: 50 }, (_, n) => [`p${n}`, described]),
    )
    const after = written({ type: 'object', properties, $defs })
    const { p0, p49 } = Object(after.properties)
    assert.equal(p0.type, 'object')
    assert.deepEqual(p49, { $ref: '#/$defs/Wide', description: 'mine (default: "x")' })
  })
})

function wide(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, { type: 'string' }]))
}

/** The types of the properties, references followed. */
function typesOf(schema: Record<string, unknown>): unknown[] {
  return Object.values(Object(schema.properties)).map(
    (property) => Object(targetOf(schema, String(Object(property).$ref))).type,
  )
}

describe('a required property', () => {
  it('is required no more where it comes back by a definition that is nothing but a reference', () => {
    const again = { $ref: '#/$defs/A/properties/a', description: 'mine' }
    const after = written({
      type: 'object',
      properties: { description: again, a: true },
      required: ['description'],
      $defs: { A: { type: 'object', properties: { a: { $ref: '#' } } } },
    })
    assert.ok(isRecord(after.$defs) && Object.keys(after.$defs).length > 1)
    for (const name of Object.keys(after.$defs)) {
      const start = `#/$defs/${name}`
      assert.ok(!owes(after, targetOf(after, start), start, []), JSON.stringify(after))
    }
  })
})

describe('a word that Gemini lacks', () => {
  it('is said whole where it holds properties', () => {
    const not = { properties: { z: { description: 'd'.repeat(400) }, last: { type: 'string' } } }
    assert.match(String(written({ type: 'object', not }).description), /last/)
  })

  it('is a bound where it is one, and the stricter of two counts', () => {
    const bounds = [
      { type: 'number', minimum: 2, exclusiveMinimum: 5 },
      { type: 'number', minimum: 5, exclusiveMinimum: 2 },
      { type: 'integer', maximum: 9, exclusiveMaximum: 9 },
    ]
    assert.deepEqual(bounds.map(written), [
      { type: 'number', minimum: 5, description: '(exclusiveMinimum: 5)' },
      { type: 'number', minimum: 5 },
      { type: 'integer', maximum: 8 },
    ])
  })

  it('is a null of its own beside an enum', () => {
    const either = [{ type: 'string', enum: ['a'] }, { type: 'null' }]
    const ways = [
      { type: ['string', 'null'], enum: ['a', null] },
      { type: 'string', nullable: true, enum: ['a'] },
      { enum: ['a', null] },
      { enum: [null, 'a'] },
    ]
    for (const way of ways) {
      assert.deepEqual(written({ ...way, description: 'd' }), { description: 'd', anyOf: either })
    }
    assert.deepEqual(written({ const: null }), { type: 'null' })
  })
})

describe('branches that only require', () => {
  it('bring the properties that they require', () => {
    const [a, b] = [{ type: 'string' }, { type: 'integer' }]
    const anyOf = [{ required: ['a'] }, { required: ['b'] }]
    assert.deepEqual(written({ type: 'object', properties: { a, b }, anyOf }).anyOf, [
      { type: 'object', properties: { a }, required: ['a'] },
      { type: 'object', properties: { b }, required: ['b'] },
    ])
  })
})

describe('a schema bomb', () => {
  for (const [name, schema] of Object.entries(bombs)) {
    it(`ends soon: ${name}`, () => {
      const after = within(6000, () => orRefusal(() => written(schema)))
      const most = 20 * JSON.stringify(schema).length + 10_000
      assert.ok(after instanceof ApiError || JSON.stringify(after).length < most)
    })
  }
})
