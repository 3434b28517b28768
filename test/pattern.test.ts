import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matches } from '../src/pattern.ts'

describe('a pattern', () => {
  const meant: [pattern: string, name: string][] = [
    ['gemini-2.5-flash', 'gemini-2.5-flash'],
    ['*', ''],
    ['*', 'anything/at-all'],
    ['gemini-*', 'gemini-'],
    ['gemini-*', 'gemini-2.5-flash'],
    ['*-flash', 'gemini-2.5-flash'],
    ['gemini-*-flash', 'gemini-2.5-flash'],
    ['a*b*c', 'abc'],
    ['a*b*c', 'a-b-b-c'],
    ['**', 'x'],
  ]
  for (const [pattern, name] of meant) {
    it(`${pattern} means ${JSON.stringify(name)}`, () => assert.ok(matches(pattern, name)))
  }

  const others: [pattern: string, name: string][] = [
    ['gemini-2.5-flash', 'gemini-2.5-flash-lite'],
    ['gemini-2.5-flash', 'gemini-2x5-flash'],
    ['', 'x'],
    ['gemini-*', 'my-gemini-2'],
    ['*-flash', 'gemini-2.5-flash-lite'],
    // The two ends may not share a letter.
    ['aba*ba', 'aba'],
    ['a*b*c', 'acb'],
    ['a*b*b', 'ab'],
  ]
  for (const [pattern, name] of others) {
    it(`${pattern} does not mean ${name}`, () => assert.ok(!matches(pattern, name)))
  }
})
