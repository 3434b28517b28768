import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  array,
  assert as law,
  boolean,
  constantFrom,
  nat,
  option,
  property,
  record,
  string,
  type Arbitrary,
} from 'fast-check'
import { EventReader } from '../../src/upstream/sse.ts'
import { codePoint } from '../support/code-points.ts'

const MiB = 1024 * 1024

describe('EventReader', () => {
  for (const [name, end] of Object.entries({ CRLF: '\r\n', LF: '\n', CR: '\r' })) {
    it(`reads lines that end in ${name}`, () => {
      assert.deepEqual(read(`data: {"a":1}${end}${end}data: {"b":2}${end}${end}`), [
        '{"a":1}',
        '{"b":2}',
      ])
    })
  }

  it('reads data with one space after the colon, with none, and with more', () => {
    assert.deepEqual(read('data: a\n\ndata:b\n\ndata:  c\n\n'), ['a', 'b', ' c'])
  })

  it('keeps the spaces inside of a string that the network cuts', () => {
    assert.deepEqual(readPieces(['data: {"t":"a ', ' b"}', '\n\n']), ['{"t":"a  b"}'])
  })

  it('joins the data lines of one event', () => {
    assert.deepEqual(read('data: {\ndata:  "a": 1\ndata: }\n\n'), ['{\n "a": 1\n}'])
  })

  it('passes over comments and other fields', () => {
    assert.deepEqual(read(': ping\n\nevent: message\nid: 7\nretry: 10\ndata: a\n\n:\n\n'), ['a'])
  })

  it('gives an event as soon as its blank line is there', () => {
    const reader = new EventReader()
    assert.deepEqual(reader.push(bytesOf('data: a\r\n\r')), ['a'])
    assert.deepEqual(reader.push(bytesOf('\ndata: b\r\n')), [])
    assert.deepEqual(reader.push(bytesOf('\r\n')), ['b'])
    assert.deepEqual(reader.finish(), [])
  })

  it('gives the last event though no blank line ends it', () => {
    assert.deepEqual(read('data: a\n\ndata: b'), ['a', 'b'])
    assert.deepEqual(read('data: a\n\ndata: b\n'), ['a', 'b'])
  })

  it('gives the error that follows the events as bare JSON', () => {
    const error = '{"error":{"code":503,"status":"UNAVAILABLE"}}'
    for (const end of ['', '\n', '\r\n\r\n']) {
      assert.deepEqual(read(`data: a\r\n\r\n${error}${end}`), ['a', error])
    }
  })

  it('gives the error that follows the events as JSON of many lines', () => {
    const error = { error: { code: 499, message: 'a: b\n\nc', status: 'CANCELLED' } }
    const last = read(`data: a\r\n\r\n${JSON.stringify(error, null, 2).replaceAll('\n', '\r\n')}`)
    assert.equal(last.length, 2)
    assert.deepEqual(JSON.parse(last[1] ?? ''), error)
  })

  it('gives an array, which Google sends where nobody asked for events', () => {
    const [only, ...more] = read('[{"a":1}\n,\r\n{"b":2}\n]\n')
    assert.deepEqual(more, [])
    assert.deepEqual(JSON.parse(only ?? ''), [{ a: 1 }, { b: 2 }])
  })

  it('says nothing of nothing', () => {
    assert.deepEqual(read(''), [])
    assert.deepEqual(read('\r\n\r\n\n\n'), [])
  })

  it('forgets the mark of byte order', () => {
    assert.deepEqual(read('\uFEFFdata: a\n\n'), ['a'])
  })

  it('says the same however the bytes are cut', () => {
    law(
      property(streams, array(nat()), ({ bytes, events }, places) => {
        assert.deepEqual(readCut(bytes, places), events)
      }),
    )
  })

  it('says the same when every byte comes alone', () => {
    law(
      property(streams, ({ bytes, events }) => {
        assert.deepEqual(readCut(bytes, [...bytes.keys()]), events)
      }),
      { numRuns: 30 },
    )
  })

  it('reads letters of many bytes wherever they are cut', () => {
    const bytes = bytesOf('data: "Zürich 東京 👩‍👩‍👧 𝄞"\r\n\r\n')
    for (const at of bytes.keys()) {
      assert.deepEqual(readCut(bytes, [at]), ['"Zürich 東京 👩‍👩‍👧 𝄞"'])
    }
  })

  it('reads a picture of 12 MiB', () => {
    const picture = `data: "${'A'.repeat(12 * MiB)}"\r\n\r\n`
    const [event] = readCut(bytesOf(picture), every(64 * 1024, picture.length))
    assert.equal(event?.length, 12 * MiB + 2)
  })

  it('reads an event of two lines of 7 MiB', () => {
    const line = `data: ${'A'.repeat(7 * MiB)}\n`
    const text = `${line}${line}data: end\n\n`
    const [event] = readCut(bytesOf(text), every(1000 * 1000, text.length))
    assert.equal(event?.length, 14 * MiB + 5)
  })

  it('reads event after event of 3 MiB', () => {
    const reader = new EventReader()
    const event = bytesOf(`data: ${'A'.repeat(3 * MiB)}\n\n`)
    for (let n = 0; n < 10; n += 1) assert.equal(reader.push(event).length, 1)
  })

  for (const [what, piece] of Object.entries({
    'a line without end': 'A'.repeat(MiB),
    'an event without end': `data: ${'A'.repeat(MiB)}\n`,
    'bare lines without end': `{${'A'.repeat(MiB)}\n`,
    'bare lines and blank lines without end': `{${'A'.repeat(MiB)}\n\n`,
  })) {
    it(`holds no more than 16 MiB of ${what}`, () => {
      const reader = new EventReader()
      const bytes = bytesOf(piece)
      assert.throws(() => {
        for (let n = 0; n < 18; n += 1) reader.push(bytes)
        reader.finish()
      }, /16 MiB/)
    })
  }

  it('reads a long line in many pieces in linear time', () => {
    const piece = bytesOf('A'.repeat(512))
    const millisecondsFor = (pieces: number) => {
      const begun = performance.now()
      const reader = new EventReader()
      reader.push(bytesOf('data: '))
      for (let n = 0; n < pieces; n += 1) reader.push(piece)
      assert.equal(reader.push(bytesOf('\n\n'))[0]?.length, pieces * 512)
      return performance.now() - begun
    }
    // Read again from its beginning with each piece, 8 MiB would take half a minute.
    assert.ok(millisecondsFor(16 * 1024) < 1500)
  })
})

interface Stream {
  bytes: Uint8Array
  events: string[]
}

/** A line of data as a server may write it. */
const lines = string({ unit: codePoint, minLength: 1, maxLength: 12 }).map((line) =>
  line.replaceAll(/[\r\n]/g, ' '),
)

const noises = constantFrom('', ': keep-alive', 'event: message', 'id: 4', ':')

const streams: Arbitrary<Stream> = record({
  end: constantFrom('\r\n', '\n', '\r'),
  events: array(
    record({
      lines: array(record({ text: lines, spaced: boolean() }), {
        minLength: 1,
        maxLength: 3,
      }),
      noise: noises,
    }),
    { maxLength: 5 },
  ),
  error: option(constantFrom(0, 2)),
}).map(({ end, events, error }) => {
  const failure = { error: { code: 503, message: 'Überlastet 🙈' } }
  const bare = error === null ? '' : JSON.stringify(failure, null, error)
  const written = events.map(({ lines, noise }) => {
    const data = lines.map(({ text, spaced }) =>
      // The first space belongs to the field, so one that is data needs another before it.
      spaced || text.startsWith(' ') ? `data: ${text}` : `data:${text}`,
    )
    return [noise, ...data, '', ''].filter((line, at) => line !== '' || at > 0).join(end)
  })
  return {
    bytes: bytesOf(written.join('') + bare.replaceAll('\n', end)),
    events: [
      ...events.map(({ lines }) => lines.map(({ text }) => text).join('\n')),
      ...(bare === '' ? [] : [bare]),
    ],
  }
})

function read(text: string): string[] {
  return readPieces([text])
}

function readPieces(pieces: string[]): string[] {
  const reader = new EventReader()
  return [...pieces.flatMap((piece) => reader.push(bytesOf(piece))), ...reader.finish()]
}

function readCut(bytes: Uint8Array, places: number[]): string[] {
  const cuts = places.map((place) => place % (bytes.length + 1)).toSorted((a, b) => a - b)
  const reader = new EventReader()
  const events = [0, ...cuts].flatMap((from, at) =>
    reader.push(bytes.subarray(from, cuts[at] ?? bytes.length)),
  )
  return [...events, ...reader.finish()]
}

function every(step: number, length: number): number[] {
  return Array.from({ length: Math.floor(length / step) }, (_, at) => (at + 1) * step)
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
