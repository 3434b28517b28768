import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventCount } from '../../../src/emulator/by-hand/event-count.ts'
import type { Framing } from '../../../src/emulator/framing.ts'

/** How many events there are in a text that comes byte by byte, and in one that comes at once. */
function countOf(framing: Framing, text: string): number[] {
  const [slow, fast] = [eventCount(framing), eventCount(framing)]
  const bytes = Buffer.from(text)
  const each = Array.from(bytes, (byte) => slow(Uint8Array.of(byte)))
  return [each.reduce((sum, count) => sum + count, 0), fast(bytes)]
}

describe('the events in bytes', () => {
  for (const [framing, text, count] of [
    ['sse', 'data: 1\r\n\r\ndata: 2\r\n\r\n', 2],
    ['sse', 'data: 1\n\ndata: 2\n\n', 2],
    ['sse', 'data: 1\r\rdata: 2\r\r', 2],
    ['sse', 'data: 1\r\n\ndata: 2\n\r\n', 2],
    ['sse', 'data: 1\r\ndata: still 1\r\n\r\n', 1],
    ['sse', 'data: 1\r\n\r\n\r\n\r\n', 1],
    ['sse', '\n\ndata: 1\n\n', 1],
    ['sse', ': a comment\n\n', 0],
    ['sse', ': a comment\ndata: 1\n: another\n\n', 1],
    ['sse', 'data: 1\n\ndata: ha', 1],
    ['sse', '{"error": {}}\n', 0],
    ['whole', '{"a": [{}, {}]}\n', 1],
    ['whole', '{"a": "}", "b": "\\"}"', 0],
    ['whole', '{"a": "}", "b": "\\"}"}', 1],
    ['array', '[{"a": {}},\r\n{"b": []}]\n', 2],
    ['array', '[{"a": {}},\r\n{"b": [', 1],
  ] as const) {
    it(`are ${count}, ${framing}: ${JSON.stringify(text)}`, () => {
      assert.deepEqual(countOf(framing, text), [count, count])
    })
  }
})
