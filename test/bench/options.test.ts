import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readOptions } from '../../bench/options.ts'

describe('the options of the benchmark', () => {
  it('measure everything when nothing is chosen', () => {
    const { parts, whole } = readOptions([])
    assert.deepEqual(
      { parts, whole },
      { parts: ['start', 'memory', 'cpu', 'latency'], whole: true },
    )
  })

  it('measure the CPU alone of cases that are named', () => {
    const { parts, cases, whole } = readOptions(['--cases', 'unary,burst'])
    assert.deepEqual(
      { parts, cases, whole },
      { parts: ['cpu'], cases: ['unary', 'burst'], whole: false },
    )
  })

  it('add versions with variables of their own', () => {
    const { versions } = readOptions([
      '--pollux',
      'old=../main',
      '--pollux',
      'quiet=.,LOG_LEVEL=warn',
    ])
    assert.deepEqual(versions, [
      { name: 'old', path: '../main', env: {} },
      { name: 'quiet', path: '.', env: { LOG_LEVEL: 'warn' } },
    ])
  })

  it('do not belong into the README when they are quick', () => {
    assert.equal(readOptions(['--quick']).whole, false)
  })

  it('refuse what makes no sense', () => {
    assert.throws(() => readOptions(['--parts', 'disk']), /There is no part disk/)
    assert.throws(() => readOptions(['--rounds', 'many']), /--rounds is a number above 0/)
    assert.throws(() => readOptions(['--pollux', 'nowhere']), /Expected name=…/)
  })
})
