import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { replaced } from '../../bench/readme.ts'

const begin = '<!-- the last run -->'
const end = '<!-- end of the last run -->'

describe('the README of the benchmark', () => {
  it('has new tables between its markers, and everything else as it was', () => {
    const text = `before\n${begin}\nold\n${end}\nafter\n`
    assert.equal(replaced(text, 'new'), `before\n${begin}\n\nnew\n\n${end}\nafter\n`)
  })

  it('is not written where a marker is gone', () => {
    assert.throws(() => replaced('before\nafter\n', 'new'), /no markers/)
  })
})
