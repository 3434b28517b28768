import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { orRefusal, sent } from '../translated.ts'
import { ApiError } from '../../../src/errors.ts'

const config = (request: object, model?: string) =>
  sent(request, model === undefined ? {} : { model }).generationConfig

describe('a seed', () => {
  it('is an int32, and equal seeds stay equal', () => {
    const seeds = [0, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER]
    assert.deepEqual(
      seeds.map((seed) => config({ seed })?.seed),
      [0, -1, 2 ** 31 - 1, -(2 ** 31), 5, -1],
    )
  })
})

describe('a number out of OpenAI’s range', () => {
  const wrong: [param: string, values: unknown[]][] = [
    ['temperature', [-0.1, 2.1, 'x']],
    ['top_p', [-0.1, 1.1]],
    ['top_logprobs', [-1, 21, 1.5]],
    ['presence_penalty', [-2.1, 2.1]],
    ['frequency_penalty', [-2.1, 2.1]],
    ['max_tokens', [0, -1, 1.5]],
    ['max_completion_tokens', [0, -1, 1.5]],
    ['n', [0, 9, 1.5]],
    ['seed', [1.5]],
  ]
  for (const [param, values] of wrong) {
    it(`is refused in ${param}`, () => {
      for (const value of values) {
        const refusal = orRefusal(() => config({ logprobs: true, [param]: value }))
        assert.ok(refusal instanceof ApiError, String(value))
        assert.equal(refusal.param, param)
      }
    })
  }
})

describe('stops', () => {
  it('may be five, as Gemini takes them', () => {
    const stop = ['a', 'b', 'c', 'd', 'e']
    assert.deepEqual(config({ stop })?.stopSequences, stop)
  })

  it('are counted without the empty ones', () => {
    assert.deepEqual(config({ stop: ['a', '', 'b', '', 'c', ''] })?.stopSequences, ['a', 'b', 'c'])
  })
})

describe('candidates', () => {
  it('are asked for where the model gives several', () => {
    const models = [
      'gemini-2.0-flash',
      'gemini-2.5-pro',
      'gemini-3-flash-preview',
      'gemini-3.8-flash',
    ]
    assert.deepEqual(
      models.map((model) => config({ n: 2 }, model)?.candidateCount),
      [2, 2, undefined, undefined],
    )
  })
})
