import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sent } from '../translated.ts'

const partsOf = (said: object, model = 'gemini-3-flash-preview') => {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', ...said },
  ]
  const { contents } = sent(
    { messages: [...messages, { role: 'user', content: 'And?' }] },
    { model },
  )
  return contents.find(({ role }) => role === 'model')?.parts
}

describe('reasoning in a history', () => {
  it('is never a visible word', () => {
    for (const key of ['reasoning_content', 'reasoning']) {
      const parts = partsOf({ content: 'Yes.', [key]: 'secret' }) ?? []
      const shown = parts.filter((part) => part.text?.includes('secret') && part.thought !== true)
      assert.deepEqual(shown, [])
      assert.deepEqual(parts.at(-1), { text: 'Yes.' })
    }
  })
})

describe('thoughts, words, pictures and calls', () => {
  it('go back in this order', () => {
    const parts = partsOf({
      reasoning_content: 'Hm.',
      content: 'Here.',
      images: [{ image_url: { url: 'data:image/png;base64,AAAA' } }],
      tool_calls: [{ id: 'c', function: { name: 'f' }, thought_signature: 'U2ln' }],
    })
    const kinds = parts?.map((part) => (part.thought === true ? 'thought' : Object.keys(part)[0]))
    assert.deepEqual(kinds, ['thought', 'text', 'inlineData', 'functionCall'])
  })
})

describe('native parts', () => {
  it('stand for everything else that the message says', () => {
    const parts = [{ text: 'native', thoughtSignature: 'U2ln' }]
    assert.deepEqual(partsOf({ content: 'words', extra_content: { google: { parts } } }), parts)
  })

  it('that are empty are not sent', () => {
    const extra_content = {
      google: { parts: [{}, { text: '' }, { text: 'x' }, { thought: true }] },
    }
    assert.deepEqual(partsOf({ content: 'x', extra_content }), [{ text: 'x' }])
  })
})

describe('a call of an older client', () => {
  it('may be signed too', () => {
    const function_call = { name: 'f', arguments: '{}', thought_signature: 'U2ln' }
    assert.deepEqual(partsOf({ function_call }), [
      { functionCall: { name: 'f', args: {} }, thoughtSignature: 'U2ln' },
    ])
  })
})

describe('an audio answer that is referred to', () => {
  it('is not known any more and says nothing', () => {
    assert.deepEqual(partsOf({ content: 'Hello.', audio: { id: 'audio_1' } }), [{ text: 'Hello.' }])
  })
})
