import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { ApiError } from '../../src/errors.ts'
import { optional, parse, toPath } from '../../src/translate/parse.ts'
import { translated } from './translated.ts'

describe('a field that may be left out', () => {
  it('may be null, which is the same', () => {
    const schema = z.object({ a: optional(z.string()) })
    for (const value of [{}, { a: null }, { a: undefined }]) {
      assert.equal(parse(schema, value).a, undefined)
    }
  })

  it('is checked where it is there', () => {
    const schema = z.object({ a: optional(z.string()) })
    assert.throws(() => parse(schema, { a: 1 }), ApiError)
  })
})

describe('a path', () => {
  it('is written as OpenAI writes it', () => {
    assert.equal(toPath(['messages', 1, 'content', 0, 'type']), 'messages[1].content[0].type')
    assert.equal(toPath([]), '')
    assert.equal(toPath([0, 'a']), '[0].a')
  })
})

describe('a fault', () => {
  const faults: [param: string, request: object][] = [
    ['messages[0]', { messages: ['Hi'] }],
    ['messages[0].role', { messages: [{ content: 'Hi' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content[1].type', { messages: user({ type: 'text', text: 'a' }, { type: 'x' }) }],
    ['messages[0].content[0].text', { messages: user({ type: 'text' }) }],
    [
      'messages[0].content[0].image_url.url',
      { messages: user({ type: 'image_url', image_url: {} }) },
    ],
    [
      'messages[0].content[0].input_audio.data',
      { messages: user({ type: 'input_audio', input_audio: {} }) },
    ],
    [
      'messages[1].tool_calls[0].function.name',
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', tool_calls: [{ type: 'function', function: {} }] },
        ],
      },
    ],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }],
    ['tools[0].type', { tools: [{ type: 'x' }] }],
    ['response_format.type', { response_format: {} }],
    ['stop', { stop: 5 }],
    ['n', { n: 1.5 }],
    ['stream', { stream: 'yes' }],
    ['stream_options.include_usage', { stream_options: { include_usage: 1 } }],
  ]

  for (const [param, request] of faults) {
    it(`in ${param} is named: ${JSON.stringify(request)}`, () => {
      assert.throws(
        () => translated(request),
        (error) => {
          assert.ok(error instanceof ApiError)
          assert.deepEqual(
            [error.status, error.type, error.param],
            [400, 'invalid_request_error', param],
          )
          assert.match(error.message, /^[A-Z'`].*[.!?)]$/s)
          return true
        },
      )
    })
  }

  it('of a number beyond its bounds tells the bound', () => {
    for (const [schema, value, told] of [
      [z.number().max(2), 9, 'Expected a value of at most 2.'],
      [z.int().min(1), 0, 'Expected a value of at least 1.'],
      [z.number().gt(0), 0, 'Expected a value above 0.'],
      [z.number().lt(1), 1, 'Expected a value below 1.'],
    ] as const) {
      assert.throws(() => parse(schema, value), { message: told })
    }
  })

  it('in the whole body names nothing', () => {
    assert.throws(
      () => parse(z.object({}), 'x'),
      (error) => error instanceof ApiError && error.param === null,
    )
  })
})

function user(...content: object[]): object[] {
  return [{ role: 'user', content }]
}
