import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  array,
  assert as law,
  boolean,
  constant,
  constantFrom,
  double,
  infiniteStream,
  integer,
  letrec,
  nat,
  oneof,
  property,
  record,
  shuffledSubarray,
  string,
  tuple,
  uniqueArray,
} from 'fast-check'
import { ArgumentsWriter } from '../../../src/translate/chat/arguments.ts'
import type { PartialArg } from '../../../src/translate/gemini.ts'
import { codePoint } from '../../support/code-points.ts'

describe('ArgumentsWriter', () => {
  it('writes each value as it comes', () => {
    const writer = new ArgumentsWriter()
    assert.equal(writer.push([text('$.location', 'Bos', true)]), '{"location":"Bos')
    assert.equal(writer.push([text('$.location', 'ton')]), 'ton"')
    assert.equal(writer.push([{ jsonPath: '$.days', numberValue: 3 }]), ',"days":3')
    assert.equal(writer.end(), '}')
  })

  it('writes an empty object for nothing', () => {
    const writer = new ArgumentsWriter()
    assert.equal(writer.push([]) + writer.end(), '{}')
  })

  it('closes a string whose end did not come', () => {
    assert.deepEqual(written([text('$.a[0].b', 'x', true)]), { a: [{ b: 'x' }] })
  })

  it('ends a string that comes in pieces with an empty piece', () => {
    const pieces = [text('$.a', 'x', true), text('$.a', '', false), text('$.b', 'y', false)]
    assert.deepEqual(written(pieces), { a: 'x', b: 'y' })
  })

  it('ends a string where another value begins', () => {
    const pieces = [text('$.a[0]', 'x', true), text('$.a[1]', 'y', true)]
    assert.deepEqual(written(pieces), { a: ['x', 'y'] })
  })

  it('writes null in both of its spellings', () => {
    const values = [
      { jsonPath: '$.a', nullValue: 'NULL_VALUE' },
      { jsonPath: '$.b', nullValue: null },
    ]
    assert.deepEqual(written(values), { a: null, b: null })
  })

  it('keeps the digits of a big number', () => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- raw JSON stands for a number
    const big = JSON.rawJSON('12345678901234567890') as number
    const writer = new ArgumentsWriter()
    assert.equal(
      writer.push([{ jsonPath: '$.id', numberValue: big }]) + writer.end(),
      '{"id":12345678901234567890}',
    )
  })

  it('escapes what JSON must not have in a string, wherever it is cut', () => {
    const nasty = 'a"b\\c\n\t\u0000\u2028é👍'
    for (let at = 0; at <= nasty.length; at += 1) {
      const pieces = [text('$.a', nasty.slice(0, at), true), text('$.a', nasty.slice(at))]
      assert.deepEqual(written(pieces), { a: nasty })
    }
  })

  it('reads every form of a path', () => {
    const values = ['$.a.b', "$['c d'].e", '$["f\\"g"]', "$['h\\'i']", '$.j[0][1]', "$.k['l.m'][0]"]
    assert.deepEqual(written([...values.slice(0, 4), '$.j[0][0]', ...values.slice(4)].map(one)), {
      a: { b: 1 },
      'c d': { e: 1 },
      'f"g': 1,
      "h'i": 1,
      j: [[1, 1]],
      k: { 'l.m': [1] },
    })
  })

  it('reads the escapes of a name', () => {
    assert.deepEqual(written([one("$['a\\nb\\u000b\\\\']")]), { 'a\nb\u000b\\': 1 })
  })

  it('writes any object whose values come in order', () => {
    law(
      property(objects, infiniteStream(nat(6)), boolean(), (object, sizes, open) => {
        const values = leavesOf(object).flatMap((leaf) => inPieces(leaf, sizes, open))
        const writer = new ArgumentsWriter()
        const all = inBatches(values, sizes).map((batch) => writer.push(batch))
        const whole = all.join('') + writer.end()
        assert.deepEqual(JSON.parse(whole), object)
        // In order means that nothing had to be written twice.
        assert.equal(whole, JSON.stringify(object))
      }),
    )
  })

  it('writes any object whose values come in any order', () => {
    law(
      property(
        objects.chain((object) =>
          record({
            object: constant(object),
            leaves: shuffledSubarray(leavesOf(object), {
              minLength: leavesOf(object).length,
            }),
          }),
        ),
        infiniteStream(nat(6)),
        ({ object, leaves }, sizes) => {
          const values = leaves.flatMap((leaf) => inPieces(leaf, sizes, false))
          assert.deepEqual(written(values), object)
        },
      ),
    )
  })

  it('writes nothing into what all objects share', () => {
    const shared = Object(Reflect.get({}, 'toString'))
    const names = ['$.__proto__.stain', '$.constructor.prototype.stain', '$.toString.stain']
    try {
      for (const jsonPath of names) {
        const writer = new ArgumentsWriter()
        const whole = writer.push([{ jsonPath, stringValue: 'x' }]) + writer.end()
        assert.ok(whole.endsWith('{"stain":"x"}}') || whole.endsWith('{"stain":"x"}}}'), whole)
        assert.equal(Reflect.get({}, 'stain'), undefined, jsonPath)
        assert.equal(Reflect.get(shared, 'stain'), undefined, jsonPath)
      }
    } finally {
      Reflect.deleteProperty(Object.prototype, 'stain')
      Reflect.deleteProperty(shared, 'stain')
    }
  })

  it('writes members by the names that all objects have', () => {
    const values = [one('$.constructor.a'), one('$.toString'), one('$.constructor.b')]
    assert.deepEqual(Object.entries(Object(written(values))), [
      ['constructor', { a: 1, b: 1 }],
      ['toString', 1],
    ])
  })

  it('writes a long string in many pieces in linear time', () => {
    const writer = new ArgumentsWriter()
    const begun = performance.now()
    let length = 0
    for (let n = 0; n < 20_000; n += 1) {
      length += writer.push([text('$.a.b.c', 'x'.repeat(50), true)]).length
    }
    assert.ok(length > 1_000_000)
    assert.ok(performance.now() - begun < 1000)
  })
})

type Leaf = { path: string; value: string | number | boolean | null }

// What every object inherits has its own test: a writer that is wrong there would spoil the others.
// Names with escapes are left to a test of their own too: a Node 26.10 that has read the JSON text
// {"b":0,"\\":1} calls the second member of {"b":0,"\n":1} by a backslash.
const names = oneof(
  string({ minLength: 1, maxLength: 4 }),
  string({ unit: codePoint, maxLength: 3 }),
  constantFrom('a', 'b', 'c', '0', '10', "it's", 'a.b', '[0]', 'x y'),
).filter((name) => !(name in Object.prototype) && !JSON.stringify(name).includes('\\'))

const scalars = oneof(
  string({ unit: codePoint, maxLength: 12 }),
  constantFrom('', '"', '\\', 'a\nb', '👍'),
  integer(),
  double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
  boolean(),
  constant(null),
)

type Value = string | number | boolean | null | Value[] | { [name: string]: Value }

// Paths lead to values, so that a container in which there is none has no path.
const { object: objects } = letrec<{ value: Value; object: { [name: string]: Value } }>((tie) => ({
  value: oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalars,
    array(tie('value'), { minLength: 1, maxLength: 4 }),
    tie('object'),
  ),
  object: uniqueArray(tuple(names, tie('value')), {
    minLength: 1,
    maxLength: 4,
    selector: ([name]) => name,
  }).map((members) => Object.fromEntries(members)),
}))

function leavesOf(value: Value, path = '$'): Leaf[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => leavesOf(item, `${path}[${at}]`))
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => leavesOf(member, path + step(name)))
  }
  return [{ path, value }]
}

/** RFC 9535: the short form where the name allows it, else the normal form with its escapes. */
function step(name: string): string {
  if (/^[A-Za-z_\u0080-\uD7FF][\w\u0080-\uD7FF]*$/.test(name)) return `.${name}`
  const named: Record<string, string> = {
    '\b': '\\b',
    '\t': '\\t',
    '\n': '\\n',
    '\f': '\\f',
    '\r': '\\r',
    "'": "\\'",
    '\\': '\\\\',
  }
  const escaped = Array.from(name, (letter) => {
    const code = letter.charCodeAt(0)
    return named[letter] ?? (code < 32 ? `\\u${code.toString(16).padStart(4, '0')}` : letter)
  })
  return `['${escaped.join('')}']`
}

/** The values as Gemini streams them: strings bit by bit, the last bit with or without a promise. */
function inPieces({ path, value }: Leaf, sizes: Iterator<number>, open: boolean): PartialArg[] {
  if (typeof value === 'number') return [{ jsonPath: path, numberValue: value }]
  if (typeof value === 'boolean') return [{ jsonPath: path, boolValue: value }]
  if (value === null) return [{ jsonPath: path, nullValue: 'NULL_VALUE' }]
  // Gemini cuts between letters; that half letters do no harm either has its own test.
  const letters = Array.from(value)
  const [a, b] = [Number(sizes.next().value), Number(sizes.next().value)]
  const [first, second, last] = [
    letters.slice(0, a).join(''),
    letters.slice(a, a + b).join(''),
    letters.slice(a + b).join(''),
  ]
  return [text(path, first, true), text(path, second, true), text(path, last, open)]
}

function inBatches(values: PartialArg[], sizes: Iterator<number>): PartialArg[][] {
  const batches: PartialArg[][] = []
  for (let at = 0; at < values.length;) {
    const size = Number(sizes.next().value) + 1
    batches.push(values.slice(at, at + size))
    at += size
  }
  return batches
}

function written(values: PartialArg[]): unknown {
  const writer = new ArgumentsWriter()
  return JSON.parse(values.map((value) => writer.push([value])).join('') + writer.end())
}

function text(jsonPath: string, stringValue: string, willContinue = false): PartialArg {
  return { jsonPath, stringValue, ...(willContinue && { willContinue }) }
}

function one(jsonPath: string): PartialArg {
  return { jsonPath, numberValue: 1 }
}
