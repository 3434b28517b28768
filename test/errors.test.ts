import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { brief, invalidRequest } from '../src/errors.ts'

describe('what an error quotes of a client', () => {
  it('is itself while it is short', () => {
    assert.equal(brief('wizard'), 'wizard')
    assert.equal(brief('x'.repeat(100)), 'x'.repeat(100))
  })

  it('is cut where it is long', () => {
    assert.equal(brief('x'.repeat(1_000_000)), `${'x'.repeat(99)}…`)
    assert.equal(brief({ long: 'x'.repeat(1_000_000) }).length, 100)
  })

  it('is JSON where it is no string, whatever a client calls its fields', () => {
    assert.equal(brief({ toString: 5 }), '{"toString":5}')
    assert.equal(brief(null), 'null')
    assert.equal(brief(undefined), 'undefined')
    assert.equal(brief(5), '5')
  })

  it('never ends in half a character', () => {
    assert.ok(brief(`${'x'.repeat(98)}🌉🌉`).isWellFormed())
  })
})

describe('the message of an error', () => {
  it('is at most 2,000 characters when it is sent', () => {
    const { error } = invalidRequest('x'.repeat(1_000_000)).toJSON()
    assert.equal(error.message.length, 2_000)
    assert.equal(invalidRequest('Short.').toJSON().error.message, 'Short.')
  })
})
