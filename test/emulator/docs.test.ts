import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { faultWords } from '../../src/emulator/faults/words.ts'
import { magicWords } from '../../src/emulator/says/magic.ts'
import { scriptKeys } from '../../src/emulator/script/script.ts'

const text = readFileSync(join(import.meta.dirname, '../../docs/emulator.md'), 'utf8')

describe('docs/emulator.md', () => {
  it('has the magic words of the code', () => {
    assert.deepEqual(table('in the prompt'), Object.entries(magicWords))
  })

  it('has the faults of the code', () => {
    const words = Object.values(faultWords).map(({ form, means }) => [form, means])
    assert.deepEqual(table('fault'), words)
  })

  it('has the keys of scripts', () => {
    assert.deepEqual(table('key'), Object.entries(scriptKeys))
  })
})

// The rows of the table whose first column is headed so.
function table(head: string): string[][] {
  const [, rows = ''] = text.split(`| ${head} |`)
  const lines = rows.split('\n').slice(2)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end).map((line) => {
    const [, word = '', meaning = ''] = /^\| `([^`]+)` \| (.*) \|$/.exec(line) ?? []
    return [word, meaning]
  })
}
