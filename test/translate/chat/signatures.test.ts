import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  dummySignature,
  signatureOfCall,
  signatureOfMessage,
} from '../../../src/translate/chat/signatures.ts'
import { sent, translated } from '../translated.ts'

const gemini3 = { model: 'gemini-3-flash-preview' }

describe('the signature of a call', () => {
  it('is the first that is one', () => {
    const call = {
      id: 'call_1_ts_VGhpcmQ=',
      thought_signature: 'U2Vjb25k',
      extra_content: { google: { thought_signature: 'no base64!' } },
    }
    assert.equal(signatureOfCall(call), 'U2Vjb25k')
  })

  it('is nothing where there is none', () => {
    const calls = [{}, { id: 'call_1' }, { id: 5 }, { function: null }, { function: { name: 'f' } }]
    assert.deepEqual(calls.map(signatureOfCall), [
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('is not changed on its way', () => {
    for (const signature of ['CtgB-_8=', 'CtgB+/8=', 'CtgB']) {
      const extra_content = { google: { thought_signature: signature } }
      const messages = [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f' }, extra_content }] },
      ]
      assert.equal(sent({ messages }, gemini3).contents[1]?.parts[0]?.thoughtSignature, signature)
    }
  })
})

describe('the signature of a message', () => {
  it('may stand in blocks of other vendors’ dialects', () => {
    assert.equal(signatureOfMessage({ thinking_blocks: [null, { signature: 'U2ln' }] }), 'U2ln')
    assert.equal(signatureOfMessage({ reasoning_details: [{ data: 'U2ln' }] }), 'U2ln')
    assert.equal(signatureOfMessage({ thinking_blocks: 'x', reasoning_details: {} }), undefined)
  })

  it('goes to the first call, where that has none', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: 'Well.',
        tool_calls: [
          { id: 'a', function: { name: 'f' } },
          { id: 'b', function: { name: 'f' } },
        ],
        extra_content: { google: { thought_signature: 'U2ln' } },
      },
    ]
    const { request, repairs } = translated({ messages }, gemini3)
    const signed = request.contents[1]?.parts.map((part) => part.thoughtSignature)
    assert.deepEqual(signed, [undefined, 'U2ln', undefined])
    assert.deepEqual(repairs, ['tool_result_missing'])
  })
})

function step(id: string): object[] {
  return [
    { role: 'assistant', tool_calls: [{ id, function: { name: 'f' } }] },
    { role: 'tool', tool_call_id: id, content: 'ok' },
  ]
}

describe('the dummy', () => {
  it('is Google’s word, in base64 at Vertex AI', () => {
    assert.equal(dummySignature('gemini'), 'skip_thought_signature_validator')
    assert.equal(atob(dummySignature('vertex')), 'skip_thought_signature_validator')
  })

  it('is needed on the first call of each step, also in old turns', () => {
    const messages = [{ role: 'user', content: 'Hi' }, ...step('a'), ...step('b')]
    const { contents } = sent({ messages }, gemini3)
    const calls = contents.flatMap(({ parts }) => parts).filter((part) => part.functionCall)
    assert.deepEqual(
      calls.map((part) => part.thoughtSignature),
      [dummySignature('vertex'), dummySignature('vertex')],
    )
  })
})

describe('a memory of signatures', () => {
  it('is asked for each call by its id', () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        tool_calls: [
          { id: 'a', function: { name: 'f' } },
          { id: 'b', function: { name: 'f' } },
        ],
      },
    ]
    const remembered = new Map([
      ['a', 'QQ=='],
      ['z', 'Wg=='],
    ])
    const { contents } = sent({ messages }, { ...gemini3, remembered })
    assert.deepEqual(
      contents[1]?.parts.map((part) => part.thoughtSignature),
      ['QQ==', undefined],
    )
  })
})
