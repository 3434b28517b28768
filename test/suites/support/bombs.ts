import { bombs as schemaBombs } from '../../translate/schema-bombs.ts'

/** A body that is made to cost more than it weighs, and what may come of it. */
export interface Bomb {
  name: string
  /** Made when it is needed: all at once would fill the memory. */
  make: () => Buffer
  statuses: number[]
  /** The code of the refusal, where it is one in particular. */
  code?: string
}

const model = 'gemini-2.5-flash'
const tooComplex = { statuses: [400], code: 'json_too_complex' }
const survived = { statuses: [200, 400] }

type Row = [name: string, make: () => string, may: Pick<Bomb, 'statuses' | 'code'>]

/** Bodies of up to so many bytes, each as large as its kind of harm allows. */
export function bombsOf(bytes: number): Bomb[] {
  return [...worst(bytes), ...others(bytes)].map(toBomb)
}

/** Those of them that have cost most, for when there is no time for all. */
export function worstBombsOf(bytes: number): Bomb[] {
  return worst(bytes).map(toBomb)
}

function toBomb([name, make, may]: Row): Bomb {
  return { name, make: () => Buffer.from(make()), ...may }
}

function worst(bytes: number): Row[] {
  const fill = (piece: string, room = 400) => upTo(bytes - room, piece)
  const half = (piece: string) => upTo((bytes - 400) / 2, piece)
  const members = Math.min(119_000, Math.floor(bytes / 16))
  return [
    ['opening brackets', () => fill('['), tooComplex],
    ['empty objects', () => `[${fill('{},')}{}]`, bytes > 2 ** 21 ? tooComplex : survived],
    ['lists of 60 levels', () => `[${fill(`${'['.repeat(60)}${']'.repeat(60)},`)}1]`, survived],
    [
      'as many members as may be',
      () => beside(`"x":{${written(members, (n) => `"k${n}":1`)}}`),
      survived,
    ],
    ['parameters that nobody knows', () => beside(written(members, (n) => `"k${n}":1`)), survived],
    [
      'many calls',
      () =>
        result('x').replace(
          '"tool_calls":[',
          `"tool_calls":[${fill('{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}},', 1000)}`,
        ),
      survived,
    ],
    ['one long text', () => said(fill('a')), survived],
    ['escaped quotes', () => said(fill('\\"')), survived],
    ['backslashes', () => said(fill('\\\\')), survived],
    ['half characters', () => said(fill('\\ud800')), survived],
    ['a string without an end', () => `"${fill('\\"')}`, survived],
    ['one long number', () => beside(`"x":${fill('1')}`), survived],
    ['thought tags', () => said(fill('<think>')).replace('"user"', '"assistant"'), survived],
    [
      'a long name of a model of Google’s',
      () => `{"model":"google/${fill('gemini-')}","messages":[]}`,
      { statuses: [404] },
    ],
    ['brackets in arguments', () => result('x', half('[')), survived],
    ['objects in arguments', () => result('x', `{\\"a\\":[${fill('{},')}{}]}`), survived],
    ['objects in a result', () => result(`[${fill('{},')}{}]`), survived],
    ['lists in a result', () => result(`[${fill('[],')}[]]`), survived],
    ['numbers in a result', () => result(`[${fill('1,')}1]`), survived],
    ['long integers in a result', () => result(`[${fill('1234567890123456789,')}1]`), survived],
    ['a picture', () => inUrl(`data:image/png;base64,${fill('A')}`), survived],
    [
      'a picture with line breaks',
      () => inUrl(`data:image/png;base64,${fill('AAAA\\n')}`),
      survived,
    ],
    ['a picture in another alphabet', () => inUrl(`data:image/png;base64,${fill('-_')}`), survived],
    [
      'a picture that goes wrong at its end',
      () => inUrl(`data:image/png;base64,${fill('A')}!`),
      { statuses: [400] },
    ],
    ['a picture in per cents', () => inUrl(`data:text/plain,${fill('%41')}`), survived],
    ['a picture in plain text', () => inUrl(`data:text/plain,${fill('a')}`), survived],
    ['a picture with many parameters', () => inUrl(`data:text/plain${fill(';a=b')},x`), survived],
    [
      'a long signature',
      () =>
        `{"model":"${model}","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"x","extra_content":{"google":{"thought_signature":"${fill('A')}"}}},{"role":"user","content":"x"}]}`,
      survived,
    ],
  ]
}

function others(bytes: number): Row[] {
  const fill = (piece: string, room = 400) => upTo(bytes - room, piece)
  const half = (piece: string) => upTo((bytes - 400) / 2, piece)
  const members = Math.min(119_000, Math.floor(bytes / 16))
  return [
    ['opening braces', () => fill('{"a":'), tooComplex],
    ['empty lists', () => `[${fill('[],')}[]]`, bytes > 2 ** 21 ? tooComplex : survived],
    ['ones', () => `[${fill('1,')}1]`, tooComplex],
    [
      'members with numbers for names',
      () => beside(`"x":{${written(members, (n) => `"${n * 7919}":1`)}}`),
      survived,
    ],
    [
      'one member again and again',
      () => beside(`"x":{${written(members, () => '"a":{}')}}`),
      survived,
    ],
    [
      'many messages',
      () =>
        `{"model":"${model}","messages":[${fill('{"role":"user","content":"x"},')}{"role":"user","content":"x"}]}`,
      survived,
    ],
    [
      'many wrong messages',
      () => `{"model":"${model}","messages":[${fill('{"role":"x","content":5},')}1]}`,
      survived,
    ],
    [
      'many parts',
      () =>
        `{"model":"${model}","messages":[{"role":"user","content":[${fill('{"type":"text","text":"x"},')}{"type":"text","text":"x"}]}]}`,
      survived,
    ],
    [
      'many tools',
      () => beside(`"tools":[${fill('{"type":"function","function":{"name":"f"}},')}1]`),
      survived,
    ],
    [
      'a long enum',
      () =>
        beside(
          `"response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"enum":[${fill('"a",')}"b"]}}}`,
        ),
      survived,
    ],
    ['escaped letters', () => said(fill('\\u0041')), survived],
    ['letters of four bytes', () => said(fill('😀')), survived],
    ['white space', () => `${fill(' ')}{}`, survived],
    ['blank lines', () => said(fill('\\n')), survived],
    ['a long name of a model', () => `{"model":"${fill('a')}","messages":[]}`, { statuses: [404] }],
    [
      'a long role',
      () => `{"model":"${model}","messages":[{"role":"${fill('a')}"}]}`,
      { statuses: [400] },
    ],
    ['brackets in a result', () => result(half('[')), survived],
    ['a long address', () => inUrl(`https://example.org/${fill('a/')}`), survived],
    ['a long address of blanks', () => inUrl(`https://example.org/${fill('.a')}`), survived],
    ['a long scheme', () => inUrl(`${fill('a')}:x`), { statuses: [400] }],
    ['a long stop', () => beside(`"stop":["${fill('a')}"]`), survived],
    [
      'a long marker',
      () => beside(`"extra_body":{"google":{"thought_tag_marker":"${fill('a')}"}}`),
      survived,
    ],
  ]
}

function upTo(most: number, piece: string): string {
  return piece.repeat(Math.floor(most / Buffer.byteLength(piece)))
}

function said(content: string): string {
  return `{"model":"${model}","messages":[{"role":"user","content":"${content}"}]}`
}

function inUrl(url: string): string {
  const part = `{"type":"image_url","image_url":{"url":"${url}"}}`
  return `{"model":"${model}","messages":[{"role":"user","content":[${part}]}]}`
}

function result(content: string, args = '{}'): string {
  const call = `{"id":"c","type":"function","function":{"name":"f","arguments":"${args}"}}`
  return `{"model":"${model}","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[${call}]},{"role":"tool","tool_call_id":"c","content":"${content}"}]}`
}

function beside(member: string): string {
  return `{"model":"${model}","messages":[{"role":"user","content":"x"}],${member}}`
}

function written(count: number, one: (n: number) => string): string {
  return Array.from({ length: count }, (_, n) => one(n)).join(',')
}

/** Schemas of a few kB that ask for gigabytes, as a tool's and as the answer's. */
export function schemaBombBodies(): Bomb[] {
  const messages = [{ role: 'user', content: 'x' }]
  return Object.entries(schemaBombs).flatMap(([name, schema]) => {
    const tool = { type: 'function', function: { name: 'f', parameters: schema } }
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    return [
      { name: `a tool of ${name}`, value: { model, messages, tools: [tool] } },
      { name: `an answer of ${name}`, value: { model, messages, response_format } },
    ].map((bomb) => ({
      name: bomb.name,
      make: () => Buffer.from(JSON.stringify(bomb.value)),
      ...survived,
    }))
  })
}

/** Requests with deep JSON in their strings. */
export function deepArguments(): { name: string; body: object }[] {
  const nestings: [string, (depth: number) => string][] = [
    ['lists', (depth) => '['.repeat(depth) + ']'.repeat(depth)],
    ['objects', (depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`],
    ['both', (depth) => `${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`],
    ['objects in a list', (depth) => `[${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}]`],
  ]
  return nestings.flatMap(([name, nest]) =>
    [60, 100, 1000, 5000, 50_000].flatMap((depth) => [
      { name: `${depth} ${name} in arguments`, body: called(nest(depth), 'x') },
      { name: `${depth} ${name} in a result`, body: called('{}', nest(depth)) },
    ]),
  )
}

function called(args: string, content: string): object {
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: args } }
  const messages = [
    { role: 'user', content: 'x' },
    { role: 'assistant', tool_calls: [call] },
    { role: 'tool', tool_call_id: 'c', content },
  ]
  return { model, messages }
}
