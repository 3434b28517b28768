import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { paired, quantile, quartiles, range } from '../../bench/figures.ts'
import { spread, table } from '../../bench/report.ts'

describe('the figures of the benchmark', () => {
  it('take the middle, and the mean of two middles', () => {
    assert.equal(quantile([3, 1, 2], 0.5), 2)
    assert.equal(quantile([4, 1, 2, 3], 0.5), 2.5)
  })

  it('go from the least to the most, or from quartile to quartile', () => {
    assert.deepEqual(range([5, 1, 3]), { median: 3, low: 1, high: 5 })
    assert.deepEqual(quartiles([1, 2, 3, 4, 5]), { median: 3, low: 2, high: 4 })
  })

  it('pair what was measured in the same round, and nothing else', () => {
    assert.deepEqual(paired([10, undefined, 30], [4, 5, undefined], Math.max), [10])
  })

  it('are written with as many digits as mean something', () => {
    assert.equal(spread({ median: 1.834, low: 1.71, high: 2 }), '1.83 [1.71–2.00]')
    assert.equal(spread({ median: 64.2, low: 59, high: 70.26 }), '64.2 [59.0–70.3]')
    assert.equal(spread({ median: 512.4, low: 480, high: 600 }), '512 [480–600]')
  })

  it('are a dash where there are none', () => {
    assert.equal(spread(range([])), '–')
  })

  it('stand in a table that a vertical bar does not break', () => {
    assert.equal(table(['a', 'b'], [['x|y', 'z']]), '| a | b |\n|---|---|\n| x\\|y | z |')
  })
})
