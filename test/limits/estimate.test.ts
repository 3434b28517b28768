import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { estimateTokens } from '../../src/limits/estimate.ts'

/** Of a body beside an empty one. */
const weightOf = (content: unknown) =>
  estimateTokens({ messages: [{ role: 'user', content }] }) -
  estimateTokens({ messages: [{ role: 'user', content: '' }] })

/** Of a body without messages, in hundreds. */
function answer(limits: object): number {
  return Math.floor(estimateTokens({ messages: [], ...limits }) / 100) * 100
}

describe('an estimate of tokens', () => {
  it('takes four bytes of text for one', () => {
    assert.equal(weightOf('a'.repeat(4_000)), 1_000)
    assert.equal(weightOf('語'.repeat(4_000)), 3_000)
  })

  it('takes what may be answered for what will be', () => {
    assert.equal(answer({}), 1_000)
    assert.equal(answer({ max_completion_tokens: null }), 1_000)
    assert.equal(answer({ max_completion_tokens: 200, max_tokens: 9_000 }), 200)
    assert.equal(answer({ max_tokens: 9_000, n: 2 }), 18_000)
    assert.equal(answer({ max_tokens: 1e9 }), 65_500)
    assert.equal(answer({ n: 1e9 }), 128_000)
    const google = { generation_config: { max_output_tokens: 60_000 } }
    assert.equal(answer({ max_tokens: 5, extra_body: { google } }), 60_000)
    assert.equal(answer({ n: -1, max_tokens: 'many' }), 1_000)
  })

  it('does not take pictures, sounds and files for text', () => {
    const data = 'A'.repeat(1_000_000)
    for (const [part, weight] of [
      [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }, 1_120],
      [{ type: 'input_audio', input_audio: { data, format: 'wav' } }, 1_920],
      [{ type: 'video_url', video_url: { url: 'gs://bucket/film.mp4' } }, 6_000],
      [{ type: 'file', file: { file_data: `data:application/pdf;base64,${data}` } }, 5_600],
    ] as const) {
      assert.equal(weightOf([part]), weight)
    }
  })

  it('is not talked down by a text that calls itself a picture', () => {
    const text = 'a'.repeat(400_000)
    const message = { role: 'user', type: 'image_url', content: text }
    assert.ok(estimateTokens({ messages: [message] }) > 100_000)
    const part = { type: 'image_url', image_url: { url: 'https://x.example' }, text }
    assert.ok(weightOf([part]) > 100_000)
  })

  it('counts tools, calls and their results', () => {
    const text = 'a'.repeat(4_000)
    const tools = [{ type: 'function', function: { name: 'f', description: text } }]
    const messages = [
      { role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: text } }] },
      { role: 'tool', content: text },
    ]
    const weight = estimateTokens({ tools, messages })
    assert.ok(weight > 4_000 && weight < 4_100, `${weight}`)
  })

  it('is one of anything', () => {
    let nested: unknown = 'x'
    for (let depth = 0; depth < 100_000; depth += 1) nested = [nested]
    for (const body of [undefined, null, 7, 'text', [], nested, { type: 'constructor' }]) {
      assert.ok(Number.isInteger(estimateTokens(body)))
    }
  })
})
