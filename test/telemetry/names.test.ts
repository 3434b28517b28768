import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Names } from '../../src/telemetry/names.ts'

describe('names', () => {
  it('are said once they are learnt', () => {
    const names = new Names(2, 'other')
    assert.equal(names.say('gemini'), 'other')
    names.learn('gemini')
    assert.equal(names.say('gemini'), 'gemini')
  })

  it('are no more than fit, and none is forgotten', () => {
    const names = new Names(200, 'other')
    for (let n = 0; n < 300; n += 1) names.learn(`model-${n}`)
    const said = new Set(Array.from({ length: 300 }, (_, n) => names.say(`model-${n}`)))
    assert.equal(said.size, 201)
    assert.equal(names.say('model-199'), 'model-199')
    assert.equal(names.say('model-200'), 'other')
  })
})
