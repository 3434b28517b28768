import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assert as law, nat, property, record } from 'fast-check'
import { mergeUsage, toUsage } from '../../../src/translate/chat/usage.ts'

describe('toUsage', () => {
  it('gives a number for every count', () => {
    assert.deepEqual(toUsage({}), {
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    })
  })

  it('counts a total that Gemini does not say', () => {
    const { total_tokens } = toUsage({ promptTokenCount: 2, thoughtsTokenCount: 3 })
    assert.equal(total_tokens, 5)
  })

  it('adds up one kind of token that comes twice', () => {
    const promptTokensDetails = [
      { modality: 'AUDIO', tokenCount: 2 },
      { modality: 'VIDEO', tokenCount: 9 },
      { modality: 'AUDIO', tokenCount: 3 },
      { modality: 'AUDIO' },
    ]
    assert.equal(toUsage({ promptTokensDetails }).prompt_tokens_details.audio_tokens, 5)
  })

  it('makes prompt and completion the total', () => {
    const counts = record({
      promptTokenCount: nat(),
      candidatesTokenCount: nat(),
      thoughtsTokenCount: nat(),
      toolUsePromptTokenCount: nat(),
    })
    law(
      property(counts, (usage) => {
        const totalTokenCount = Object.values(usage).reduce((sum, count) => sum + count, 0)
        const told = toUsage({ ...usage, totalTokenCount })
        assert.equal(told.prompt_tokens + told.completion_tokens, told.total_tokens)
      }),
    )
  })
})

describe('mergeUsage', () => {
  it('keeps the newest word on each count', () => {
    const first = { promptTokenCount: 10, candidatesTokenCount: 1, totalTokenCount: 11 }
    const second = { candidatesTokenCount: 2, totalTokenCount: 12 }
    assert.deepEqual(mergeUsage(first, second), {
      promptTokenCount: 10,
      candidatesTokenCount: 2,
      totalTokenCount: 12,
    })
  })

  it('forgets nothing where an event has no usage', () => {
    const known = { promptTokenCount: 10 }
    assert.deepEqual(mergeUsage(known, undefined), known)
    assert.deepEqual(mergeUsage(undefined, known), known)
    assert.equal(mergeUsage(undefined, undefined), undefined)
  })

  it('keeps a count that a later event calls null', () => {
    const later = JSON.parse('{"promptTokenCount":null,"totalTokenCount":12}')
    const merged = mergeUsage({ promptTokenCount: 10, totalTokenCount: 10 }, later)
    assert.deepEqual(merged, { promptTokenCount: 10, totalTokenCount: 12 })
  })
})
