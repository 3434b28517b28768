import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  assert as law,
  constantFrom,
  nat,
  oneof,
  property,
  record,
  string,
  uint8Array,
  uniqueArray,
  uuid,
} from 'fast-check'
import { toCallId } from '../../../src/translate/chat/call-id.ts'
import { codePoint } from '../../support/code-points.ts'

const heads = oneof(
  constantFrom('', 'r1', 'hAmNaZb8BZOX4_UPlNXoEA', '__--', 'x'.repeat(4000)),
  string({ unit: codePoint }),
  uuid().map((uuid) => `chatcmpl-${uuid}`),
)

describe('toCallId', () => {
  it('is `call_` and 24 to 32 letters or digits', () => {
    law(
      property(heads, nat(7), nat(200), (head, choice, call) => {
        assert.match(toCallId(head, choice, call), /^call_[A-Za-z0-9]{24,32}$/)
      }),
    )
  })

  it('is the same for the same call', () => {
    assert.equal(toCallId('r1', 0, 1), toCallId('r1', 0, 1))
  })

  it('is another for each call of an answer', () => {
    const places = record({ choice: nat(7), call: nat(127) })
    const calls = uniqueArray(places, {
      minLength: 2,
      maxLength: 40,
      selector: ({ choice, call }) => `${choice} ${call}`,
    })
    law(
      property(heads, calls, (head, calls) => {
        const ids = calls.map(({ choice, call }) => toCallId(head, choice, call))
        assert.equal(new Set(ids).size, ids.length)
      }),
    )
  })

  it('is another in another answer', () => {
    const made = uuid({ version: 4 }).map((uuid) => `chatcmpl-${uuid}`)
    const given = uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) =>
      Buffer.from(bytes).toString('base64url'),
    )
    for (const ids of [made, given]) {
      law(
        property(ids, ids, nat(7), nat(20), (one, other, choice, call) => {
          assert.notEqual(toCallId(one, choice, call), toCallId(other, choice, call))
        }),
        // As random as they are made: neighbours need not differ.
        { unbiased: true },
      )
    }
  })
})
