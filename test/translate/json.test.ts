import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { isObject, tryParseJson } from '../../src/translate/json.ts'
import { sent, translated } from './translated.ts'

const digits = '{"id":12345678901234567890,"n":[-98765432109876543210],"small":7}'

describe('big integers', () => {
  it('keep their digits', () => {
    assert.equal(JSON.stringify(tryParseJson(digits)), digits)
  })

  it('keep their digits, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt()), (integers) => {
        const text = `[${integers.join()}]`
        assert.equal(JSON.stringify(tryParseJson(text)), text)
      }),
    )
  })

  it('keep their digits with an exponent, and beside numbers that are none', () => {
    const text = '[1.2345678901234567e+16,0.1234567890123456789,12345678901234567890]'
    assert.equal(
      JSON.stringify(tryParseJson(text)),
      '[1.2345678901234567e+16,0.12345678901234568,12345678901234567890]',
    )
  })

  it('reach Gemini in the arguments of a call and in its result', () => {
    const f = { name: 'f', arguments: digits }
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', tool_calls: [{ id: 'c1', type: 'function', function: f }] },
      { role: 'tool', tool_call_id: 'c1', content: digits },
    ]
    const wire = JSON.stringify(translated({ messages }).request)
    assert.equal(wire.split(digits).length - 1, 2, wire)
  })

  it('reach the client in the arguments of a call', () => {
    const answer = tryParseJson(`{"functionCall":{"args":${digits}}}`)
    assert.ok(isObject(answer) && isObject(answer.functionCall))
    assert.equal(JSON.stringify(answer.functionCall.args), digits)
  })
})

describe('other JSON', () => {
  it('is read as it always is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        assert.equal(JSON.stringify(tryParseJson(text)), text)
      }),
    )
  })

  it('with many digits in a string stays a string', () => {
    assert.deepEqual(tryParseJson('{"a":"12345678901234567890"}'), { a: '12345678901234567890' })
  })

  it('is undefined where it is none', () => {
    assert.deepEqual(
      ['', '{', '{a:1}', 'nil', '12345678901234567890x'].map((text) => tryParseJson(text)),
      [undefined, undefined, undefined, undefined, undefined],
    )
  })

  it('may have a member called __proto__', () => {
    const messages = [
      {
        role: 'assistant',
        tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"__proto__":{"a":1}}' } }],
      },
    ]
    const call = sent({ messages }).contents[1]?.parts[0]?.functionCall
    assert.equal(JSON.stringify(call?.args), '{"__proto__":{"a":1}}')
  })
})

describe('an object', () => {
  it('is neither null nor a list', () => {
    assert.deepEqual([{}, null, [], 'x', 1, undefined].map(isObject), [
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})
