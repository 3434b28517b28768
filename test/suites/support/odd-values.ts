import { type Json, Members, type Random, Raw, toJson } from './odd-json.ts'

/** One of these. */
export function pick<T>(all: readonly [T, ...T[]], random: Random): T {
  return all[Math.floor(random() * all.length)] ?? all[0]
}

/** Names that mean something to JavaScript, to JSON, or to us. */
const names = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'toJSON',
  'then',
  'hasOwnProperty',
  'length',
  '$ref',
  '$defs',
  '$id',
  'google',
  'extra_body',
  'extra_content',
  'vertex',
  'thought_signature',
  'thoughtSignature',
  'function',
  'type',
  'role',
  'content',
  '',
  '0',
  '-1',
  'a.b',
  'a[0]',
  ' ',
  '\u0000',
  'ü',
  '名前',
  'x\r\nx-injected: 1',
  'x'.repeat(300),
] as const

const strings = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\r\n',
  'a\r\nx-injected: 1',
  '\ud800',
  'a\udc00b',
  '\ufeff',
  '\u2028\u2029',
  '\u202eabc',
  '👩‍👩‍👧‍👦',
  'é'.repeat(500),
  'Z\u0351\u036b\u0343'.repeat(100),
  'x'.repeat(20_000),
  '\\'.repeat(2_000),
  '"'.repeat(2_000),
  '<think>'.repeat(200),
  '<think>',
  '</think>',
  'null',
  'true',
  '0',
  'NaN',
  '[object Object]',
  '{"a":',
  '[[[[[[[[[[',
  '{"__proto__":{"polluted":1}}',
  '{"constructor":{"prototype":{"polluted":1}}}',
  '../../etc/passwd',
  '%00',
  '${7*7}',
  '{{7*7}}',
  "' OR 1=1 --",
  'gemini-2.5-flash',
  'gemini-3-pro-preview',
  'gemini-2.5-flash-image',
  'gemini-2.5-flash-preview-tts',
  'gemma-3-27b-it',
  'gemini-2.0-flash',
  'call_1',
  'call_' + 'x'.repeat(500),
  'user',
  'assistant',
  'tool',
  'function',
  'system',
  'developer',
  'auto',
  'none',
  'required',
  'text',
  'image_url',
  'json_schema',
  'AUTO',
  'files/abc',
  'gs://bucket/a.png',
  'https://example.org/a.png',
  'http://169.254.169.254/',
  'data:',
  'data:,',
  'data:,%',
  'data:,%ff%fe',
  'data:;base64',
  'data:;base64,',
  'data:;base64,=',
  'data:;base64,====',
  'data:image/png;base64,iVBORw0KGgo',
  'data:image/png;base64,iVBORw0KGgo===',
  'data:image/png;base64,iVBO Rw0K\nGgo=',
  'data:image/png;base64,-_-_',
  'data:image/png;base64,\u0000',
  'data:image/png;base64,ü',
  'data:image/png;base64;base64,AAAA',
  'data:image/png;charset=utf-8;base64,AAAA',
  'data:IMAGE/PNG;BASE64,AAAA',
  'data://image/png;base64,AAAA',
  'data:image/png\r\nx-injected: 1;base64,AAAA',
  `data:${'a/'.repeat(500)};base64,AAAA`,
  `data:text/plain;${'a=b;'.repeat(500)},x`,
  `data:image/png;base64,${'A'.repeat(20_000)}`,
] as const

const numbers = [
  0,
  -1,
  1,
  0.5,
  2,
  3,
  8,
  64,
  129,
  1e15,
  1e300,
  -1e300,
  1e-300,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  65_536,
].map((number) => new Raw(String(number)))

const rawNumbers = [
  '-0',
  '1e400',
  '-1e400',
  '12345678901234567890',
  '0.1e-999',
  '1.0000000000000000000001',
  '9'.repeat(400),
].map((text) => new Raw(text))

const cycle = { $ref: '#/$defs/A' }

const objects = [
  {},
  { a: { b: { c: [] } } },
  { type: 'Buffer', data: [1, 2, 3] },
  { toString: 'x', valueOf: 1, toJSON: 'y' },
  { length: -1 },
  { type: 'object', properties: { a: cycle }, $defs: { A: cycle } },
  { $defs: { A: { properties: { a: cycle }, required: ['a'] } }, ...cycle },
  { $ref: '#' },
  { allOf: [{ $ref: '#' }, { $ref: '#' }] },
  { $ref: '#/$defs/__proto__' },
  { $ref: '#/constructor/prototype' },
  { $ref: 'https://evil.example/schema.json' },
  { $ref: '#/%ff%zz' },
  { type: ['string', 'null', 'object'], enum: [null, {}, []] },
  { anyOf: [] },
  { anyOf: [{ type: 'null' }] },
  { properties: { required: ['a'], type: 'object' }, required: 'a' },
  { role: 'tool', tool_call_id: 'nowhere', content: 'x' },
  { role: 'assistant', content: null },
  { role: 'assistant', tool_calls: [] },
  { role: 'user', content: [] },
  { type: 'text', text: 'x' },
  { type: 'function', function: { name: 'f' } },
  { type: 'image_url', image_url: 'data:,x' },
  { google: { thought_signature: 'AAAA', thought: true } },
  { google: { thinking_config: { include_thoughts: true, thinking_budget: -1 } } },
].map(toJson)

/** A value that nobody expects in the place where it will be. */
export function oddValue(random: Random): Json {
  return pick<() => Json>(
    [
      () => pick(strings, random),
      () => pick(strings, random),
      () => orNull(numbers, random),
      () => orNull(rawNumbers, random),
      () => orNull(objects, random),
      () => new Members([[oddName(random), oddValue(random)]]),
      () => new Members([['__proto__', toJson({ polluted: 1, role: 'system' })]]),
      () => new Members([['constructor', toJson({ prototype: { polluted: 1 } })]]),
      () => new Members([['then', oddName(random)]]),
      () => pick([null, true, false], random),
      () => [],
      () => [oddValue(random)],
      () => Array.from({ length: 200 }, () => pick(['', 0, null, 'x'], random)),
      () => nested(Math.floor(random() * 70), random),
    ],
    random,
  )()
}

function orNull(all: readonly Json[], random: Random): Json {
  return all[Math.floor(random() * all.length)] ?? null
}

/** A name for a member. */
export function oddName(random: Random): string {
  return pick(names, random)
}

/** A string that no field was made for. */
export function oddString(random: Random): string {
  return pick(strings, random)
}

function nested(depth: number, random: Random): Json {
  const inArray = random() < 0.5
  return Array.from({ length: depth }).reduce<Json>(
    (inner) => (inArray ? [inner] : new Members([['items', inner]])),
    'x',
  )
}

/** What a value becomes. */
export function oddChange(old: Json, random: Random): Json {
  if (random() < 0.45) return oddValue(random)
  if (Array.isArray(old)) return changedList(old, random)
  if (old instanceof Members) return new Members(changedList([...old.list], random, oddMember))
  if (typeof old === 'string') {
    return pick<() => Json>(
      [
        () => old + oddString(random),
        () => old.repeat(50).slice(0, 100_000),
        () => [old],
        () => '',
      ],
      random,
    )()
  }
  return pick<() => Json>(
    [() => [old], () => JSON.stringify(old), () => toJson({ value: 1 })],
    random,
  )()

  function oddMember(): readonly [string, Json] {
    return [oddName(random), oddValue(random)]
  }
}

function changedList<T>(list: T[], random: Random, more?: () => T): T[] {
  // What was made long already is not made longer: many times over, it would fill the memory.
  if (list.length > 300) return list.slice(0, 10)
  const at = Math.floor(random() * list.length)
  const one = list.slice(at, at + 1)
  return pick(
    [
      () => list.toSpliced(at, 1),
      () => list.toReversed(),
      () => [...list, ...one],
      () => list.flatMap((item) => [item, item]),
      () => Array.from({ length: 40 }, () => one).flat(),
      () => (more === undefined ? [...list, ...list] : [...list, more()]),
      () => (more === undefined ? [] : list.toSpliced(at, 0, more())),
    ],
    random,
  )()
}
