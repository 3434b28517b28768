import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isPlain, toFinishReason } from '../../../src/translate/chat/finish.ts'

const reasons = {
  stop: [
    'STOP',
    'FINISH_REASON_UNSPECIFIED',
    'LANGUAGE',
    'OTHER',
    'IMAGE_OTHER',
    'NO_IMAGE',
    'TOO_MANY_TOOL_CALLS',
    'MALFORMED_FUNCTION_CALL',
    'UNEXPECTED_TOOL_CALL',
    'MALFORMED_RESPONSE',
    'MISSING_THOUGHT_SIGNATURE',
    'SOMETHING_NEW',
  ],
  length: ['MAX_TOKENS'],
  content_filter: [
    'SAFETY',
    'RECITATION',
    'BLOCKLIST',
    'PROHIBITED_CONTENT',
    'SPII',
    'IMAGE_SAFETY',
    'IMAGE_PROHIBITED_CONTENT',
    'IMAGE_RECITATION',
  ],
}

describe('toFinishReason', () => {
  for (const [word, natives] of Object.entries(reasons)) {
    for (const native of natives) {
      it(`says ${word} for ${native}`, () => {
        assert.equal(toFinishReason(native, false, false), word)
      })
    }
  }

  it('says tool_calls where a stop follows a call', () => {
    assert.equal(toFinishReason('STOP', true, false), 'tool_calls')
  })

  it('says function_call to a client that speaks of functions', () => {
    assert.equal(toFinishReason('STOP', true, true), 'function_call')
    assert.equal(toFinishReason('STOP', false, true), 'stop')
  })

  it('says length and content_filter though there was a call', () => {
    assert.equal(toFinishReason('MAX_TOKENS', true, false), 'length')
    assert.equal(toFinishReason('SAFETY', true, false), 'content_filter')
  })

  it('says stop for a reason that all objects have a name for', () => {
    assert.equal(toFinishReason('constructor', false, false), 'stop')
  })
})

describe('isPlain', () => {
  it('holds only for what OpenAI’s word says in full', () => {
    const natives = Object.values(reasons).flat()
    assert.deepEqual(natives.filter(isPlain), ['STOP', 'MAX_TOKENS'])
  })
})
