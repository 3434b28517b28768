import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { abilities } from '../../../src/translate/abilities.ts'
import { toParameters } from '../../../src/translate/chat/parameters.ts'
import { SchemaBudget } from '../../../src/translate/schema/budget.ts'
import { bombs } from '../schema-bombs.ts'
import { orRefusal, sent, within } from '../translated.ts'

const models = ['gemini-2.5-flash', 'gemini-2.0-flash']

function written(parameters: Record<string, unknown>, model = 'gemini-2.5-flash') {
  const budget = new SchemaBudget()
  return toParameters(parameters, 'here', { can: abilities(model), budget, known: undefined })
}

describe('parameters', () => {
  it('that say nothing are left out', () => {
    const nothing = [
      {},
      { type: 'object' },
      { $schema: 'x', type: 'object', title: 'T', description: 'd', 'x-y': 1 },
      { type: 'object', properties: {}, required: [], additionalProperties: false },
      { type: 'object', additionalProperties: true, $defs: { A: { type: 'string' } } },
      { $ref: '#/$defs/A', $defs: { A: { type: 'object', properties: {} } } },
    ]
    for (const model of models) {
      for (const parameters of nothing) {
        assert.deepEqual(written(parameters, model), { field: {}, wrapped: false })
      }
    }
  })

  const branches = ['a', 'b'].map((name) => ({
    type: 'object',
    properties: { [name]: { type: 'string' } },
  }))
  const saying: Record<string, Record<string, unknown>> = {
    'any of some': { type: 'object', anyOf: branches },
    'one of some': { type: 'object', oneOf: branches },
    'any of some, and no properties': { type: 'object', properties: {}, anyOf: branches },
    'all of unions': { type: 'object', allOf: [{ anyOf: branches }, { anyOf: branches }] },
    'names of a pattern': { type: 'object', patternProperties: { '^a': { type: 'string' } } },
    'any names': { type: 'object', additionalProperties: { type: 'string' } },
    'no others': { type: 'object', not: { required: ['a'] } },
  }
  for (const [what, parameters] of Object.entries(saying)) {
    for (const model of models) {
      it(`that are an object of ${what} are said to ${model}`, () => {
        assert.notDeepEqual(written(parameters, model).field, {})
      })
    }
  }

  it('that are no object are wrapped, and their definitions stay at the root', () => {
    const { field, wrapped } = written({
      type: 'array',
      items: { $ref: '#/$defs/A' },
      $defs: { A: { type: 'string' } },
    })
    assert.ok(wrapped)
    assert.deepEqual(field.parametersJsonSchema, {
      type: 'object',
      properties: { value: { type: 'array', items: { $ref: '#/$defs/A' } } },
      required: ['value'],
      $defs: { A: { type: 'string' } },
    })
  })

  it('that are wrapped may still come back to themselves', () => {
    const { field } = written({ type: 'array', items: { $ref: '#' } })
    const { properties, $defs } = Object(field.parametersJsonSchema)
    assert.deepEqual(properties.value.items, { $ref: '#/$defs/root' })
    assert.deepEqual($defs.root, { type: 'array', items: { $ref: '#/$defs/root' } })
  })
})

describe('the tools of one request', () => {
  for (const model of models) {
    for (const [name, parameters] of Object.entries(bombs)) {
      it(`cost ${model} no more than one may: ${name}`, () => {
        // Two show it; the suite `json-bombs` asks with twenty.
        const tools = Array.from({ length: 2 }, (_, n) => ({
          type: 'function',
          function: { name: `f${n}`, parameters },
        }))
        const request = within(10_000, () => orRefusal(() => sent({ tools }, { model })))
        // Each is as long as the first, or longer.
        const most = 20 * tools.length * JSON.stringify(tools[0]).length + 10_000
        assert.ok(request instanceof Error || JSON.stringify(request).length < most)
      })
    }
  }

  it('share what they may cost', () => {
    // Written out, it is more than half of what is allowed.
    const $defs = Object.fromEntries(
      Array.from({ length: 12 }, (_, n) => {
        const before = n === 0 ? { type: 'string' } : { $ref: `#/$defs/D${n - 1}` }
        return [`D${n}`, { type: 'object', properties: { a: before, b: before } }]
      }),
    )
    const parameters = { type: 'object', properties: { a: { $ref: '#/$defs/D11' } }, $defs }
    const tools = ['f', 'g'].map((name) => ({ type: 'function', function: { name, parameters } }))
    const to = { model: 'gemini-2.0-flash' }
    for (const tool of tools) {
      assert.ok(!(orRefusal(() => sent({ tools: [tool] }, to)) instanceof Error))
    }
    assert.ok(orRefusal(() => sent({ tools }, to)) instanceof Error)
  })

  it('may be many', () => {
    const properties = Object.fromEntries(
      Array.from({ length: 30 }, (_, n) => [`p${n}`, { type: 'string', description: 'd' }]),
    )
    const tools = Array.from({ length: 500 }, (_, n) => ({
      type: 'function',
      function: { name: `f${n}`, parameters: { type: 'object', properties } },
    }))
    for (const model of models) {
      assert.equal(sent({ tools }, { model }).tools?.[0]?.functionDeclarations?.length, 500)
    }
  })
})
