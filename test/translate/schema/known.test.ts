import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { toJsonSchema } from '../../../src/translate/json-schema.ts'
import { SchemaBudget } from '../../../src/translate/schema/budget.ts'
import type { KnownSchema } from '../../../src/translate/schema/known.ts'
import { examples } from '../../support/laws.ts'
import { jsonSchema } from '../schemas.ts'
import { frozen, orRefusal } from '../translated.ts'

/** Remembers everything, and lets nobody change it. */
class Memory extends Map<string, KnownSchema> {
  hits = 0

  override get(text: string): KnownSchema | undefined {
    const known = super.get(text)
    if (known !== undefined) this.hits += 1
    return known
  }

  override set(text: string, known: KnownSchema): this {
    return super.set(text, frozen(known))
  }
}

/** The schemas of one request, in their order, up to the first refusal. */
function request(schemas: object[], known?: Memory): string[] {
  const budget = new SchemaBudget()
  const written: string[] = []
  for (const schema of schemas) {
    const one = orRefusal(() => toJsonSchema(schema, 'here', budget, known))
    written.push(one instanceof Error ? one.message : JSON.stringify(one))
    if (one instanceof Error) return written
  }
  return written
}

function stringsBy(count: number): object {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`w${n}`, { type: 'string' }]))
}

describe('schemas that are known', () => {
  it('are written as they would be anew, whatever else their request brings', () => {
    const pool = fc.array(jsonSchema, { minLength: 1, maxLength: 3 })
    const orders = fc.array(fc.array(fc.nat(2), { maxLength: 6 }), { maxLength: 3 })
    fc.assert(
      fc.property(pool, orders, (schemas, requests) => {
        const memory = new Memory()
        for (const order of requests) {
          const asked = order.flatMap((at) => schemas.slice(at, at + 1))
          assert.deepEqual(request(asked, memory), request(asked))
        }
      }),
      examples(15),
    )
  })

  it('stay references where there is no room left to write them out', () => {
    const described = { $ref: '#/$defs/Wide', description: 'mine' }
    const all = Array.from({ length: 5 }, (_, n) => [`p${n}`, described])
    const $defs = { Wide: { type: 'object', properties: stringsBy(300) } }
    const schema = { type: 'object', properties: Object.fromEntries(all), $defs }
    const anew = request([schema, schema, schema])
    assert.equal(new Set(anew).size, 3)
    const memory = new Memory()
    for (let times = 0; times < 3; times += 1) {
      assert.deepEqual(request([schema, schema, schema], memory), anew)
    }
    assert.ok(memory.hits > 0)
  })

  it('are not written again', () => {
    const memory = new Memory()
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    const [first, second] = [schema, structuredClone(schema)].map((one) =>
      toJsonSchema(one, 'here', new SchemaBudget(), memory),
    )
    assert.equal(memory.hits, 1)
    assert.deepEqual(first, second)
  })

  it('cost their request what they cost before', () => {
    const memory = new Memory()
    const wide = { type: 'object', properties: stringsBy(3_000) }
    const asked = Array.from({ length: 20 }, () => wide)
    const anew = request(asked)
    assert.match(anew.at(-1) ?? '', /too deep or too large/)
    assert.deepEqual(request(asked, memory), anew)
    assert.ok(memory.hits > 10)
  })

  it('are none of those that are longest', () => {
    const memory = new Memory()
    const long = { type: 'object', properties: { a: { description: 'd'.repeat(100_000) } } }
    assert.deepEqual(request([long, long], memory), request([long, long]))
    assert.equal(memory.size, 0)
  })

  it('are known by all that they say: no JSON stands for a number that is none', () => {
    const [infinite, absent] = ['1e999', 'null'].map((only) =>
      JSON.parse(`{"type":"object","properties":{"a":{"type":"number","const":${only}}}}`),
    )
    for (const order of [
      [infinite, absent],
      [absent, infinite],
    ]) {
      const memory = new Memory()
      const last = order.map((one) => request([one], memory)).at(-1)
      assert.deepEqual(last, request([absent]))
    }
  })
})
