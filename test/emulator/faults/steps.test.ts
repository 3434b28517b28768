import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { faultyEvents } from '../../../src/emulator/faults/events.ts'
import type { Fault } from '../../../src/emulator/faults/fault.ts'
import { parseFault } from '../../../src/emulator/faults/parse.ts'
import { steps } from '../../../src/emulator/faults/steps.ts'
import { frames } from '../../../src/emulator/framing.ts'

const reply = { status: 200, headers: {}, frames: ['ab\r\n', 'cd\r\n', 'ü你👋\r\n'], pause: 0 }

describe('the steps to send three events', () => {
  it('are writes, each the end of an event, and an end', () => {
    assert.deepEqual(told(''), ['ab\r\n', '.', 'cd\r\n', '.', 'ü你👋\r\n', '.', 'fin'])
  })

  it('wait between the events', () => {
    assert.deepEqual(told('pace=5'), ['ab\r\n', '.', 5, 'cd\r\n', '.', 5, 'ü你👋\r\n', '.', 'fin'])
  })

  it('end in a reset, at an event or within the next', () => {
    assert.deepEqual(told('reset@1'), ['ab\r\n', '.', 'reset'])
    assert.deepEqual(told('reset@1+2'), ['ab\r\n', '.', 'cd', 'reset'])
    assert.deepEqual(told('reset@0'), ['reset'])
    assert.deepEqual(told('reset@9').at(-1), 'reset')
  })

  it('never reach the last event where they end cleanly', () => {
    assert.deepEqual(told('fin@1'), ['ab\r\n', '.', 'fin'])
    assert.deepEqual(told('fin@9'), ['ab\r\n', '.', 'cd\r\n', '.', 'fin'])
  })

  it('stall', () => assert.deepEqual(told('stall@2'), ['ab\r\n', '.', 'cd\r\n', '.', 'stall']))

  it('are as small as wanted', () => {
    assert.deepEqual(told('split=3;fin@1'), ['ab\r', '\n', '.', 'fin'])
    const bytes = writes('split=1')
    assert.ok(bytes.every(({ length }) => length === 1))
    assert.equal(Buffer.concat(bytes).toString(), reply.frames.join(''))
  })

  it('cut between CR and LF, or within every letter of more than one byte', () => {
    assert.deepEqual(told('cut=crlf;fin@1'), ['ab\r', '\n', '.', 'fin'])
    const cut = writes('cut=every-utf8').slice(2)
    assert.deepEqual(
      cut.map(({ length }) => length),
      // ü is two bytes, 你 three and 👋 four; each cut falls within one of them.
      [1, 2, 1, 2, 1, 1, 3],
    )
  })

  it('compress every event so that it can be read when it comes', () => {
    const compressed = writes('gzip')
    assert.equal(gunzipSync(Buffer.concat(compressed)).toString(), reply.frames.join(''))
  })
})

describe('the events with what goes wrong among them', () => {
  const events = [
    { candidates: [], n: 1 },
    { candidates: [], n: 2 },
  ]

  it('include one that is not JSON', () => {
    const [, broken = '', last = ''] = written('malformed@1')
    assert.throws(() => JSON.parse(broken.slice('data: '.length)))
    assert.equal(JSON.parse(last.slice('data: '.length)).n, 2)
  })

  it('include one of just so many bytes', () => {
    const [, huge = ''] = written('huge@1=12345')
    assert.equal(Buffer.byteLength(huge), 12_345)
    assert.match(
      JSON.parse(huge.slice('data: '.length)).candidates[0].content.parts[0].text,
      /^x+$/,
    )
  })

  it('end in an error object', () => {
    const [first = '', error = '', ...rest] = written('error@1=503')
    assert.match(first, /"n":1/)
    assert.equal(JSON.parse(error.slice('data: '.length)).error.status, 'UNAVAILABLE')
    assert.deepEqual(rest, [])
  })

  it('have no candidates', () => {
    assert.ok(written('no-candidates').every((frame) => !frame.includes('candidates')))
  })

  function written(fault: string): string[] {
    return frames(faultyEvents(events, parseFault([fault])), 'sse')
  }
})

function told(fault: string): (string | number)[] {
  return [...steps(reply, read(fault))].map((step) => {
    switch (step.kind) {
      case 'wait':
        return step.ms
      case 'write':
        return step.bytes.toString()
      case 'event':
        return '.'
      case 'end':
        return step.how
    }
  })
}

function writes(fault: string): Buffer[] {
  return [...steps(reply, read(fault))].flatMap((step) =>
    step.kind === 'write' ? [step.bytes] : [],
  )
}

function read(fault: string): Fault {
  return parseFault([fault])
}
