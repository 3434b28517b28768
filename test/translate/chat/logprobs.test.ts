import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toLogprobs } from '../../../src/translate/chat/logprobs.ts'
import type { LogprobsCandidate } from '../../../src/translate/gemini.ts'

describe('toLogprobs', () => {
  it('is null where Gemini gave none', () => {
    assert.equal(toLogprobs(undefined, 5), null)
    assert.equal(toLogprobs({}, 5), null)
  })

  it('gives the bytes of each token', () => {
    assert.deepEqual(
      tokensOf([{ token: 'ß👍', logProbability: -1 }])[0]?.bytes,
      [0xc3, 0x9f, 0xf0, 0x9f, 0x91, 0x8d],
    )
  })

  it('has no bytes for a token that is half a letter', () => {
    assert.equal(tokensOf([{ token: 'a\uFFFD', logProbability: -1 }])[0]?.bytes, null)
  })

  it('knows what Gemini leaves out: a probability of one', () => {
    assert.equal(tokensOf([{ token: 'a' }])[0]?.logprob, 0)
  })

  it('gives OpenAI’s number for what can never be', () => {
    const never = ['"-Infinity"', 'null', '"NaN"'].map((written): LogprobsCandidate =>
      JSON.parse(`{"token":"a","logProbability":${written}}`),
    )
    assert.deepEqual(
      tokensOf([...never, { token: 'a', logProbability: -Infinity }]).map((one) => one.logprob),
      [-9999, -9999, -9999, -9999],
    )
  })

  it('gives as many alternatives as were asked for', () => {
    const candidates = [-1, -2, -3].map((logProbability) => ({ token: 'a', logProbability }))
    const result = { chosenCandidates: candidates.slice(0, 1), topCandidates: [{ candidates }] }
    for (const top of [0, 1, 2, 3]) {
      assert.equal(toLogprobs(result, top)?.content?.[0]?.top_logprobs.length, top)
    }
    assert.equal(toLogprobs(result, 20)?.content?.[0]?.top_logprobs.length, 3)
  })

  it('has an empty list where a token has no alternatives', () => {
    assert.deepEqual(tokensOf([{ token: 'a' }])[0]?.top_logprobs, [])
  })
})

function tokensOf(chosenCandidates: LogprobsCandidate[]) {
  return toLogprobs({ chosenCandidates }, 5)?.content ?? []
}
