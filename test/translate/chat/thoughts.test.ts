import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { ApiError } from '../../../src/errors.ts'
import {
  closeTag,
  openTag,
  readMarker,
  splitThoughts,
} from '../../../src/translate/chat/thoughts.ts'
import type { Part } from '../../../src/translate/gemini.ts'

function withoutTags(text: string): string {
  return text.replaceAll(/<m>|<\/m>|\s/g, '')
}

describe('tags', () => {
  it('read back as the parts they were written from', () => {
    const marker = 'think'
    const text = fc
      .string({ minLength: 1, unit: 'grapheme' })
      .filter((written) => !written.includes('<think>') && !written.includes('</think>'))
    const turn = fc.oneof(
      fc
        .tuple(text, text)
        .map(([thought, visible]): Part[] => [{ text: thought, thought: true }, { text: visible }]),
      text.map((thought): Part[] => [{ text: thought, thought: true }]),
    )
    const parts = fc
      .tuple(fc.array(fc.tuple(text, text)), fc.option(turn, { nil: [] }))
      .map(([pairs, last]): Part[] => [
        ...pairs.flatMap(([thought, visible]) => [
          { text: thought, thought: true },
          { text: visible },
        ]),
        ...last,
      ])
    fc.assert(
      fc.property(parts, (said) => {
        const written = said.map(({ text = '', thought }) =>
          thought === true ? openTag(marker) + text + closeTag(marker) : text,
        )
        assert.deepEqual(splitThoughts(written.join(''), marker), said)
      }),
    )
  })

  it('cut anything in two without a loss', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('<m>', '</m>', 'a', '<', '\n\n', '/')), (pieces) => {
        const content = pieces.join('')
        const kept = splitThoughts(content, 'm').map((part) => part.text)
        assert.equal(withoutTags(kept.join('')), withoutTags(content))
      }),
    )
  })

  it('of another name are text', () => {
    assert.deepEqual(splitThoughts('<b>x</b>', 'think'), [{ text: '<b>x</b>' }])
  })

  it('with nothing in them are nothing', () => {
    assert.deepEqual(splitThoughts('<think></think>\n\nx', 'think'), [{ text: 'x' }])
  })
})

describe('a marker', () => {
  it('is a bare word, with or without its brackets', () => {
    assert.deepEqual(['think', '<think>', 'A-1_b'].map(readMarker), ['think', 'think', 'A-1_b'])
  })

  it('is refused where it is no tag name', () => {
    for (const marker of ['', '1a', 'a b', '-a', 'a'.repeat(65), '<a><b>', 'a.b', 'é']) {
      assert.throws(() => readMarker(marker), ApiError, marker)
    }
  })
})
