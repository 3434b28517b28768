import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ChatChunk, type ChunkChoice, collect } from '../../../src/translate/chat/response.ts'

describe('collect', () => {
  it('joins content, reasoning and refusal', () => {
    const [choice] = collect([
      chunk({ role: 'assistant', content: '' }),
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning_content: '.' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo' }),
      end('stop'),
    ]).choices
    assert.deepEqual(choice?.message, {
      role: 'assistant',
      content: 'Hello',
      refusal: null,
      reasoning_content: 'Hm.',
    })
  })

  it('joins the pieces of each call, interleaved as they may be', () => {
    const [choice] = collect([
      chunk({ tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'b', type: 'function', function: { name: 'g' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] }),
      chunk({ tool_calls: [{ index: 1, function: { arguments: '{}' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
      end('tool_calls'),
    ]).choices
    assert.deepEqual(choice?.message.tool_calls, [
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
      { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
    ])
    assert.equal(choice.message.content, null)
  })

  it('keeps the signature of a call and that of the message apart', () => {
    const call = { index: 0, id: 'a', type: 'function' as const, function: { name: 'f' } }
    const [choice] = collect([
      chunk({ tool_calls: [{ ...call, extra_content: signed('QQ==') }] }),
      chunk({ content: '', extra_content: signed('Qg==') }),
      end('tool_calls'),
    ]).choices
    assert.deepEqual(choice?.message.tool_calls?.[0]?.extra_content, signed('QQ=='))
    assert.deepEqual(choice.message.extra_content, signed('Qg=='))
  })

  it('does not call a message a thought because one of its deltas was', () => {
    const thought = { google: { thought: true, thought_signature: 'QQ==' } }
    const [choice] = collect([
      chunk({ reasoning_content: 'Hm', extra_content: thought }),
      chunk({ content: 'Hi' }),
      end('stop'),
    ]).choices
    assert.deepEqual(choice?.message.extra_content, { google: { thought_signature: 'QQ==' } })
  })

  it('puts choices in the order of their indices', () => {
    const { choices } = collect([
      chunk({ content: 'b' }, 1),
      chunk({ content: 'a' }, 0),
      end('stop', 1),
      end('length', 0),
    ])
    assert.deepEqual(
      choices.map(({ index, finish_reason, message }) => [index, finish_reason, message.content]),
      [
        [0, 'length', 'a'],
        [1, 'stop', 'b'],
      ],
    )
  })

  it('leaves an empty content empty where nothing else was said', () => {
    assert.equal(collect([chunk({ content: '' }), end('stop')]).choices[0]?.message.content, '')
  })
})

function signed(thought_signature: string) {
  return { google: { thought_signature } }
}

function chunk(delta: ChunkChoice['delta'], index = 0): ChatChunk {
  return envelope({ index, delta, logprobs: null, finish_reason: null })
}

function end(finish_reason: ChunkChoice['finish_reason'], index = 0): ChatChunk {
  return envelope({ index, delta: {}, logprobs: null, finish_reason })
}

function envelope(choice: ChunkChoice): ChatChunk {
  return {
    id: 'r1',
    object: 'chat.completion.chunk',
    created: 1763164273,
    model: 'asked',
    system_fingerprint: '',
    choices: [choice],
  }
}
