import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../../src/errors.ts'
import { toGemini } from '../../../src/translate/chat/request.ts'
import { pastCallsOf } from '../../../src/translate/chat/signatures.ts'
import { toApiError } from '../../../src/translate/status.ts'
import { within } from '../translated.ts'

const user = { role: 'user', content: 'a' }
const send = (body: object) =>
  toGemini(
    { model: 'm', messages: [user], ...body },
    {
      provider: 'gemini',
      model: 'gemini-2.5-flash',
      thoughts: 'reasoning_content',
      remembered: new Map(),
    },
  )

/** Bodies below 1 MB that hold more than anybody reads. */
const crowds: Record<string, object> = {
  tools: { tools: Array.from({ length: 240_000 }, () => ({})) },
  messages: { messages: Array.from({ length: 200_000 }, () => ({})) },
  parts: { messages: [{ role: 'user', content: Array.from({ length: 200_000 }, () => 0) }] },
  calls: {
    messages: [
      user,
      { role: 'assistant', tool_calls: Array.from({ length: 200_000 }, () => ({})) },
    ],
  },
}

describe('a crowd', () => {
  for (const [what, body] of Object.entries(crowds)) {
    it(`of ${what} is refused before it is read`, () => {
      const refusal = within(3000, () => {
        try {
          return send(body)
        } catch (error) {
          return error
        }
      })
      assert.ok(refusal instanceof ApiError)
      assert.equal(refusal.status, 400)
    })
  }

  it('of turns is joined in linear time', () => {
    const messages = Array.from({ length: 16_000 }, (_, n) =>
      n % 2 === 0 ? user : { role: 'assistant', content: '' },
    )
    const { request } = within(3000, () => send({ messages }))
    assert.equal(request.contents.length, 1)
  })
})

describe('a text of somebody else’s making', () => {
  it('is searched for a signature in linear time, were it an id', () => {
    const call = { id: `${'_ts_'.repeat(50_000)}\n`, type: 'function', function: { name: 'f' } }
    const messages = [{ role: 'assistant', tool_calls: [call] }]
    assert.equal(within(1500, () => pastCallsOf({ messages })).length, 1)
  })

  it('is scrubbed in linear time, were it an error of Google’s', () => {
    const message = `project${' '.repeat(100_000)}`
    const body = JSON.stringify({ error: { code: 400, message, status: 'INVALID_ARGUMENT' } })
    const error = within(1500, () => toApiError({ status: 400, body }, 'gateway'))
    assert.ok(error.message.length <= 2001)
  })
})
