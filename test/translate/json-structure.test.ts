import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSimple, structureOf } from '../../src/translate/json-structure.ts'

const bounds = { deepest: 3, mostTokens: 10, mostNames: 4, mostAtTop: 4 }

describe('JSON', () => {
  for (const [name, text, simple] of [
    ['an object', '{"a":1,"b":[1,2]}', true],
    ['as deep as it may be', '[[[]]]', true],
    ['deeper', '[[[[]]]]', false],
    ['with as many members as it may have', '{"a":[1,1,1],"b":[1,1,1]}', true],
    ['with more', '{"a":[1,1,1],"b":[1,1,1,1,1,1]}', false],
    ['with as many names as it may have', '{"a":{"b":1,"c":1},"d:":1}', true],
    ['with more names', '{"a":{"b":1,"c":1},"d":1,"e":1}', false],
    ['with more at its top', '[1,1,1,1,1,1]', false],
    ['with brackets in a string', '["[[[[[,,,,,,,,,,,,,"]', true],
    ['with escaped quotes before brackets', String.raw`["\"[[[[[","\\",[[]]]`, true],
    ['with a quote that is not escaped', String.raw`["\\\\",[[[[`, false],
    ['with a string that does not end', '["[[[[[[[', true],
    ['with a number of ten thousand digits', '1'.repeat(10_000), true],
    ['with a longer number', `[${'1'.repeat(10_001)}]`, false],
    ['with many numbers', `[${'1234567890,'.repeat(3)}1]`, true],
  ] as const) {
    it(`is ${simple ? 'simple' : 'not simple'} ${name}`, () => {
      assert.equal(isSimple(text, bounds), simple)
    })
  }

  for (const [text, structure] of [
    ['{"id":123456789012345}', 'simple'],
    ['{"id":1234567890123456}', 'long integers'],
    ['{"id":-1234567890123456}', 'long integers'],
    ['[1234567890123456.0]', 'long integers'],
    ['{"id":"1234567890123456"}', 'simple'],
    ['{"avgLogprobs":-0.26438218355178833}', 'simple'],
    ['[-0.26438218355178833,1234567890123456]', 'long integers'],
    ['[1.2345678901234567e+16]', 'long integers'],
    ['[1.2345678901234567E16]', 'long integers'],
    ['1234567890123456', 'long integers'],
    ['[12345678,90123456]', 'simple'],
  ] as const) {
    it(`of ${text} is ${structure}`, () => {
      assert.equal(structureOf(text, bounds), structure)
    })
  }
})
