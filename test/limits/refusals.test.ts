import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { toDuration } from '../../src/limits/refusals.ts'

describe('a time, as OpenAI writes it,', () => {
  for (const [ms, written] of [
    [0, '0ms'],
    [0.2, '1ms'],
    [120, '120ms'],
    [999.5, '1s'],
    [1_000, '1s'],
    [7_660, '7.66s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [360_000, '6m0s'],
    [90_500, '1m30.5s'],
  ] as const) {
    it(`of ${ms} ms is ${written}`, () => {
      assert.equal(toDuration(ms), written)
    })
  }
})
