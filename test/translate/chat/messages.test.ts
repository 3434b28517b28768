import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../../src/errors.ts'
import { examples } from '../../support/laws.ts'
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

describe('the judge of turn rules', () => {
  const hi = { role: 'user', parts: [{ text: 'Hi' }] }
  const call = { role: 'model', parts: [{ functionCall: { name: 'f' } }] }
  const result = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }
  const other = { role: 'user', parts: [{ functionResponse: { name: 'g', response: {} } }] }
  const lenient = { signed: false, prefill: true }

  it('finds nothing in a good history', () => {
    assert.deepEqual(brokenTurnRules([hi, call, result, call, result, hi], lenient), [])
  })

  it('finds what Google refuses', () => {
    const refused: [contents: object[], fault: RegExp][] = [
      [[], /no content/],
      [[{ role: 'user', parts: [] }], /no parts/],
      [[{ role: 'user', parts: [{ text: '' }] }], /empty text/],
      [[{ role: 'user', parts: [{}] }], /not of one kind/],
      [[{ role: 'tool', parts: [{ text: 'Hi' }] }], /the role tool/],
      [[call, result], /follows no turn of the user/],
      [
        [hi, { role: 'model', parts: [{ text: 'a' }] }, call, result],
        /follows no turn of the user/,
      ],
      [[hi, call], /gets the results of none/],
      [[hi, call, hi], /gets the results of none/],
      [[hi, call, other], /calls f and gets the results of g/],
      [[hi, result], /follows no call/],
      [[hi, call, { role: 'user', parts: [...result.parts, ...hi.parts] }], /beside results/],
    ]
    for (const [contents, fault] of refused) {
      assert.match(brokenTurnRules(contents, lenient).join(), fault)
    }
    assert.match(
      brokenTurnRules([hi, call, result], { ...lenient, signed: true }).join(),
      /signature/,
    )
    const prefilled = [hi, { role: 'model', parts: [{ text: 'a' }] }]
    assert.match(brokenTurnRules(prefilled, { ...lenient, prefill: false }).join(), /model’s own/)
  })
})

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
        examples(100),
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
