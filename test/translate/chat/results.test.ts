import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { sent, translated } from '../translated.ts'

const responseTo = (content: unknown) => {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f' } }] },
    { role: 'tool', tool_call_id: 'c', content },
  ]
  return sent({ messages }).contents[2]?.parts[0]?.functionResponse?.response
}

describe('a result', () => {
  it('that is an object arrives as that object', () => {
    const plain = fc
      .dictionary(
        fc.string().filter((key) => key !== '$ref' && key !== '__proto__'),
        fc.jsonValue(),
      )
      .filter((value) => !JSON.stringify(value).includes('$ref'))
    fc.assert(
      fc.property(plain, (value) => {
        const text = JSON.stringify(value)
        assert.equal(JSON.stringify(responseTo(text)), text)
      }),
    )
  })

  it('that is any text arrives whole', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((text) => !/^\s*[[{]/.test(text)),
        (text) => {
          assert.deepEqual(responseTo(text), { output: text })
        },
      ),
    )
  })

  it('that only begins like an object is text', () => {
    for (const text of ['{', '[', '{a}', '[1', '{} and more']) {
      assert.deepEqual(responseTo(text), { output: text })
    }
  })
})

function step(content: string): object[] {
  return [
    { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f' } }] },
    { role: 'tool', tool_call_id: 'c', content },
  ]
}

describe('results and calls', () => {
  it('find each other in any order', () => {
    const ids = ['a', 'b', 'c', 'd']
    fc.assert(
      fc.property(fc.shuffledSubarray(ids, { minLength: 4 }), (order) => {
        const messages = [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            tool_calls: ids.map((id) => ({ id, function: { name: 'f', arguments: '' } })),
          },
          ...order.map((id) => ({ role: 'tool', tool_call_id: id, content: `for ${id}` })),
        ]
        const { request, repairs } = translated({ messages })
        const outputs = request.contents[2]?.parts.map((part) => part.functionResponse?.response)
        assert.deepEqual(
          outputs,
          ids.map((id) => ({ output: `for ${id}` })),
        )
        assert.deepEqual(repairs, order.join() === ids.join() ? [] : ['tool_results_reordered'])
      }),
    )
  })

  it('of two steps with the same ids stay with their step', () => {
    const messages = [{ role: 'user', content: 'Hi' }, ...step('one'), ...step('two')]
    const outputs = sent({ messages })
      .contents.flatMap(({ parts }) => parts)
      .flatMap((part) => part.functionResponse?.response.output ?? [])
    assert.deepEqual(outputs, ['one', 'two'])
  })

  it('of an id that matches exactly are not taken by one that matches nearly', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        tool_calls: ['call-1', 'call_1'].map((id) => ({ id, function: { name: 'f' } })),
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'exact' },
    ]
    const [first, second] = sent({ messages }).contents[2]?.parts ?? []
    assert.equal(second?.functionResponse?.response.output, 'exact')
    assert.ok('error' in (first?.functionResponse?.response ?? {}))
  })
})
