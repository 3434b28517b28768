import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Heard, toInputAttributes } from '../../src/telemetry/content.ts'
import { cut, longestValue } from '../../src/telemetry/room.ts'

const names = [
  'gen_ai.input.messages',
  'gen_ai.system_instructions',
  'gen_ai.tool.definitions',
] as const

function say(content: unknown, role = 'user') {
  return { role, content }
}

/** In bytes, without what nobody holds. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  collect()
  return process.memoryUsage().heapUsed
}

/** One of the values, which is JSON and short. */
function read(attributes: object, name: string) {
  const value: unknown = Object.entries(attributes).find(([key]) => key === name)?.[1]
  assert.ok(typeof value === 'string' && value.length <= longestValue, `${name} is long`)
  return JSON.parse(value)
}

describe('what clients say', () => {
  it('is short and whole JSON in a trace, however long it was', () => {
    for (const letter of ['x', '"', '\u0001', '🐬', '\ud800']) {
      const long = letter.repeat(200_000)
      const tool = { type: 'function', function: { name: 'f', description: long } }
      const call = { id: long, type: 'function', function: { name: long, arguments: long } }
      const attributes = toInputAttributes({
        messages: [
          say(long, 'system'),
          say([{ type: 'text', text: long }, { type: long }]),
          { role: 'assistant', content: long, reasoning_content: long, tool_calls: [call] },
          { role: 'tool', tool_call_id: long, content: long },
          say(long, long),
        ],
        tools: [{ type: 'function', function: { name: 'first' } }, tool],
      })
      const [messages, instructions, tools] = names.map((name) => read(attributes, name))
      assert.match(messages.at(-1).parts[0].content, /…$/)
      assert.match(instructions[0].content, /…$/)
      assert.deepEqual(tools, [{ type: 'function', name: 'first' }])
    }
  })

  it('is kept from its end', () => {
    const messages = Array.from({ length: 5_000 }, (_, n) => say(`message ${n}`))
    const kept = read(toInputAttributes({ messages }), 'gen_ai.input.messages')
    assert.ok(kept.length > 100 && kept.length < 5_000)
    assert.deepEqual(kept.at(-1).parts, [{ type: 'text', content: 'message 4999' }])
    assert.deepEqual(kept[0].parts[0].content, `message ${5_000 - kept.length}`)
  })

  it('is told without its pictures, in results of tools too', () => {
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,canary' } }
    const content = [{ type: 'text', text: 'The chart' }, picture]
    const kept = read(
      toInputAttributes({ messages: [{ role: 'tool', tool_call_id: 'c', content }, say(content)] }),
      'gen_ai.input.messages',
    )
    const parts = [{ type: 'text', content: 'The chart' }, { type: 'image_url' }]
    assert.deepEqual(kept, [
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c', result: parts }] },
      { role: 'user', parts },
    ])
  })
})

describe('what models say', () => {
  it('is short and whole JSON in a trace, in one piece or in many', () => {
    const whole = new Heard()
    const long = '"'.repeat(200_000)
    whole.add({ choices: [{ message: { content: long }, finish_reason: 'stop' }] })
    const [choice] = read(whole.toAttributes(), 'gen_ai.output.messages')
    assert.match(choice.parts[0].content, /^"+…$/)
    assert.equal(choice.finish_reason, 'stop')
    const pieces = new Heard()
    for (let n = 0; n < 5_000; n += 1) {
      const call = { id: `c${n}`, function: { name: 'f', arguments: '{}' } }
      const delta = { content: 'tide\n', reasoning_content: 'hm', tool_calls: [call] }
      pieces.add(JSON.stringify({ choices: [0, 1, 2].map((index) => ({ index, delta })) }))
    }
    assert.equal(read(pieces.toAttributes(), 'gen_ai.output.messages').length > 0, true)
  })
})

describe('a text that is cut', () => {
  it('is as long as there is room for its JSON', () => {
    assert.equal(cut('tide', 4), 'tide')
    assert.equal(cut('tides', 4), 'tid…')
    assert.equal(JSON.stringify(cut('"'.repeat(100), 50)).length - 2 <= 50, true)
  })

  it('does not keep the whole alive', () => {
    const before = heapUsed()
    const kept = Array.from({ length: 20 }, (_, n) => cut(`${n}${'x'.repeat(4e6)}`))
    const grown = heapUsed() - before
    assert.ok(kept.every((text) => text.length <= 16 * 1024))
    assert.ok(grown < 20e6, `${grown} bytes for ${kept.length} texts`)
  })
})
