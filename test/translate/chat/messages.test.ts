import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../../src/errors.ts'
import { brokenTurnRules } from '../../support/turn-rules.ts'
import type { Strictness } from '../../support/turn-rules.ts'
import { orRefusal, sent, type To, within } from '../translated.ts'
import { history } from './histories.ts'

const targets: [name: string, to: To, strictness: Strictness][] = [
  ['Gemini 2.5 on Vertex AI', { model: 'gemini-2.5-flash' }, { signed: false, prefill: true }],
  [
    'Gemini 2.5 on the Developer API',
    { model: 'gemini-2.5-flash', provider: 'gemini' },
    { signed: false, prefill: true },
  ],
  ['Gemini 3 on Vertex AI', { model: 'gemini-3-flash-preview' }, { signed: true, prefill: true }],
  [
    'Gemini 3.8 on the Developer API',
    { model: 'gemini-3.8-flash', provider: 'gemini' },
    { signed: true, prefill: false },
  ],
  [
    'Gemma on the Developer API',
    { model: 'gemma-3-27b-it', provider: 'gemini' },
    { signed: false, prefill: true },
  ],
]

/** Every picture of a history holds the same bytes. */
function picturesIn(value: unknown): number {
  return JSON.stringify(value).split('AAAA').length - 1
}

describe('any history', () => {
  for (const [name, to, strictness] of targets) {
    it(`keeps the turn rules of ${name}`, () => {
      fc.assert(
        fc.property(history, (messages) => {
          const request = orRefusal(() => sent({ messages }, to))
          if (request instanceof ApiError) {
            assert.match(request.message, /at least one non-empty message/)
            const said = messages.map((one) => ({ ...one, reasoning_content: null }))
            assert.ok(!JSON.stringify(said).includes('word'))
          } else {
            assert.deepEqual(brokenTurnRules(request.contents, strictness), [])
          }
        }),
        { numRuns: 300 },
      )
    })
  }

  it('loses no word that the user, a tool or an instruction said', () => {
    fc.assert(
      fc.property(history, (messages) => {
        const request = orRefusal(() => sent({ messages }, { model: 'gemini-3-flash-preview' }))
        if (request instanceof ApiError) return
        const heard = JSON.stringify(request)
        const spoken = messages.filter((one) => !/assistant|model/.test(Object(one).role))
        const words = JSON.stringify(spoken).match(/word\d+;/g) ?? []
        assert.deepEqual(
          words.filter((word) => !heard.includes(word)),
          [],
        )
      }),
    )
  })

  it('loses no picture', () => {
    fc.assert(
      fc.property(history, (messages) => {
        const request = orRefusal(() => sent({ messages }))
        if (request instanceof ApiError) return
        assert.equal(picturesIn(request), picturesIn(messages))
      }),
    )
  })

  it('is the same each time', () => {
    fc.assert(
      fc.property(history, (messages) => {
        const once = orRefusal(() => sent({ messages }))
        assert.deepEqual(
          orRefusal(() => sent({ messages })),
          once,
        )
      }),
      { numRuns: 50 },
    )
  })
})

describe('a long history', () => {
  it('of many calls whose results have other ids ends soon', () => {
    const numbers = Array.from({ length: 5000 }, (_, n) => n)
    const messages = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        tool_calls: numbers.map((n) => ({ id: `c${n}`, function: { name: 'f' } })),
      },
      ...numbers.map((n) => ({ role: 'tool', tool_call_id: `x${n}`, content: 'ok' })),
    ]
    const { contents } = within(3000, () => sent({ messages }))
    assert.equal(contents[2]?.parts.length, 5000)
  })

  it('of many turns ends soon', () => {
    const messages = Array.from({ length: 20_000 }, (_, n) => ({
      role: n % 2 === 0 ? 'user' : 'assistant',
      content: 'x',
    }))
    assert.equal(within(3000, () => sent({ messages })).contents.length, 20_000)
  })
})
