import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../../src/errors.ts'
import { ToolNames } from '../../../src/translate/chat/tool-names.ts'
import { orRefusal, sent, within } from '../translated.ts'

describe('names of tools', () => {
  it('are words that Gemini takes, one for each, and lead back', () => {
    const lists = fc.uniqueArray(
      fc.oneof(
        fc.string({ minLength: 1, maxLength: 80, unit: 'grapheme' }),
        fc.constantFrom('a/b', 'a b', 'a_b', '1', '_1', 'a'.repeat(64), 'a'.repeat(80)),
      ),
    )
    fc.assert(
      fc.property(lists, (list) => {
        const names = new ToolNames(list)
        const there = list.map((name) => names.toGemini(name))
        assert.equal(new Set(there).size, list.length)
        for (const name of there) assert.match(name, /^[A-Za-z_][\w.-]{0,63}$/)
        assert.deepEqual(
          there.map((name) => names.toClient(name)),
          list,
        )
      }),
    )
  })

  it('that Gemini takes stay as they are', () => {
    const list = ['get_weather', 'a-b', 'a.b', '_x', 'A1']
    const names = new ToolNames(list)
    assert.deepEqual(
      list.map((name) => names.toGemini(name)),
      list,
    )
  })

  it('lose the namespace that models put before them', () => {
    const names = new ToolNames(['f'])
    assert.deepEqual(
      ['default_api.f', 'default_api:f', 'other.f'].map((one) => names.toClient(one)),
      ['f', 'f', 'other.f'],
    )
  })

  it('of JavaScript’s own are names like any other', () => {
    const list = ['constructor', '__proto__', 'toString']
    const names = new ToolNames(list)
    assert.deepEqual(
      list.map((name) => names.toClient(names.toGemini(name))),
      list,
    )
  })
})

function paramAtFault(request: object): string | null {
  const refusal = orRefusal(() => sent(request))
  assert.ok(refusal instanceof ApiError)
  return refusal.param
}

describe('a declaration', () => {
  it('keeps the order of its parameters', () => {
    const parameters = {
      type: 'object',
      properties: { z: { type: 'string' }, a: { type: 'string' } },
    }
    const { tools } = sent({ tools: [{ type: 'function', function: { name: 'f', parameters } }] })
    const [declaration] = tools?.[0]?.functionDeclarations ?? []
    assert.equal(JSON.stringify(declaration?.parametersJsonSchema), JSON.stringify(parameters))
  })

  it('has no empty description', () => {
    const tools = [{ type: 'function', function: { name: 'f', description: '' } }]
    assert.deepEqual(sent({ tools }).tools, [{ functionDeclarations: [{ name: 'f' }] }])
  })

  it('may be one of many', () => {
    const tools = Array.from({ length: 512 }, (_, n) => ({
      type: 'function',
      function: { name: `tool ${'x'.repeat(70)}${n}` },
    }))
    const request = within(3000, () => sent({ tools }))
    assert.equal(request.tools?.[0]?.functionDeclarations?.length, 512)
  })

  it('is named in full where its schema is at fault', () => {
    const bad = { type: 'object', properties: { a: { $ref: '#/nowhere' } } }
    const f = { name: 'f', parameters: bad }
    assert.equal(paramAtFault({ functions: [f] }), 'functions[0].parameters')
    assert.equal(
      paramAtFault({ tools: [{ type: 'function', function: f }] }),
      'tools[0].function.parameters',
    )
    assert.equal(
      paramAtFault({
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: bad } },
      }),
      'response_format.json_schema.schema',
    )
  })
})
