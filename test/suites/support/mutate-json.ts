import { isRecord } from '../../support/shared.ts'
import type { Dice } from './dice.ts'

/** The JSON with one of its values changed into what does not belong there; other text as it is. */
export function mutateValue(json: string, dice: Dice): string {
  // What an earlier change has dug is too deep to be written a second time.
  const tree = isPit.test(json) ? undefined : tryParse(json)
  if (tree === undefined) return json
  const at = dice.pick(pathsIn(tree))
  const text = JSON.stringify(changed(tree, at, dice.pick(changes), dice)) ?? ''
  return text.replace(/"pit of (\d+)"/, (_, depth) => pit(Number(depth)) + bottom(Number(depth)))
}

/** The JSON with its text changed: what no serializer writes. */
export function mutateText(json: string, dice: Dice): string {
  return dice.pick(textChanges)(json, dice)
}

type Path = readonly (string | number)[]

/** Every place in a value, itself included. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  return [path, ...membersOf(value).flatMap(([name, member]) => pathsIn(member, [...path, name]))]
}

function membersOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown, at) => [at, item])
  return isRecord(value) ? Object.entries(value) : []
}

type Change = (value: unknown, dice: Dice) => unknown

/** Stands for a member that is to be left out. */
const gone = Symbol('gone')

function changed(tree: unknown, [step, ...rest]: Path, change: Change, dice: Dice): unknown {
  if (step === undefined) return change(tree, dice)
  if (Array.isArray(tree)) {
    return tree.flatMap((item: unknown, at) => {
      if (at !== step) return [item]
      const next = changed(item, rest, change, dice)
      return next === gone ? [] : [next]
    })
  }
  if (!isRecord(tree)) return tree
  const members = Object.entries(tree).flatMap(([name, member]) => {
    if (name !== step) return [[name, member]]
    const next = changed(member, rest, change, dice)
    return next === gone ? [] : [[name, next]]
  })
  return Object.fromEntries(members)
}

const changes: Change[] = [
  // Another type, or an odd value of the same.
  (_, dice) => dice.pick(oddValues),
  (_, dice) => dice.pick(oddValues),
  (_, dice) => dice.pick(oddValues),
  (_, dice) => dice.pick(words),
  () => gone,
  () => gone,
  (value) => [value],
  (value) => ({ value }),
  (value) => (Array.isArray(value) ? value[0] : value),
  (value) => (Array.isArray(value) ? Object.fromEntries(value.entries()) : value),
  (value) => (isRecord(value) ? Object.entries(value) : value),
  // Twice, or without end.
  (value) => (Array.isArray(value) ? [...value, ...value] : [value, value]),
  (value) => (typeof value === 'string' ? value.repeat(50) : value),
  (value, dice) =>
    typeof value === 'string' ? value.slice(0, dice.below(value.length + 1)) : value,
  (value) => (typeof value === 'number' ? -value : String(value)),
  (value, dice) =>
    isRecord(value) ? { ...value, [dice.pick(oddNames)]: dice.pick(oddValues) } : value,
  (value, dice) => (isRecord(value) ? renamed(value, dice) : value),
  (_, dice) => `pit of ${dice.pick([10, 100, 3_000])}`,
]

function renamed(value: Record<string, unknown>, dice: Dice): unknown {
  const entries = Object.entries(value)
  const [name] = entries.length === 0 ? [''] : dice.pick(entries)
  const other = dice.pick(oddNames)
  return Object.fromEntries(entries.map(([key, member]) => [key === name ? other : key, member]))
}

/** A value so deep that it can only be written as text: this, and then its bottom. */
function pit(depth: number): string {
  return '[{"a":'.repeat(depth)
}

/** Also where another change has written it otherwise. */
const isPit = /(?:[[{]\s*(?:"\w+":\s*)?){100}/

function bottom(depth: number): string {
  return `1${'}]'.repeat(depth)}`
}

const oddNames = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'toJSON',
  'hasOwnProperty',
  'then',
  'length',
  'error',
  'text',
  'thought',
  'functionCall',
  'inlineData',
  'executableCode',
  'finishReason',
  'promptFeedback',
  'somethingNew',
  '',
]

const oddValues: unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  2 ** 53,
  -(2 ** 63),
  '',
  ' ',
  'x',
  '1',
  '1e9',
  'NaN',
  '\u0000',
  '\ud800',
  '\u2028\r\n\n',
  'data: {}\n\ndata: [DONE]\n\n',
  '[DONE]',
  '</think>',
  '🎈'.repeat(500),
  [],
  {},
  [null],
  [[]],
  [{}],
  [5],
  ['x'],
  { text: 5 },
  { parts: null },
  JSON.parse('{"__proto__":{"polluted":true}}'),
  JSON.parse('{"toString":1,"valueOf":null,"toJSON":{}}'),
  { length: 1e9 },
]

/** Words of Google's and of nobody's, where an enum is expected. */
const words = [
  'STOP',
  'MAX_TOKENS',
  'SAFETY',
  'MALFORMED_FUNCTION_CALL',
  'FINISH_REASON_UNSPECIFIED',
  'SOMETHING_NEW',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'audio/L16;codec=pcm;rate=24000',
  'audio/mpeg',
  'image/png',
  'image/svg+xml\r\nx: y',
  'video/mp4',
  '',
  '2026-13-45T99:99:99Z',
  '$.city[999999999].x',
  '$[0][1]',
  "$['__proto__'].polluted",
]

const textChanges: ((json: string, dice: Dice) => string)[] = [
  (json, dice) =>
    atSome(
      json,
      /-?\d+(\.\d+)?/g,
      dice.pick([
        '1e999',
        '-1e999',
        '01',
        'NaN',
        '0x10',
        '1e-400',
        '123456789012345678901234567890',
      ]),
      dice,
    ),
  (json, dice) => atSome(json, /"\w+":/g, '"__proto__":', dice),
  // The same member twice: the last one counts.
  (json, dice) =>
    atSome(
      json,
      /"(finishReason|text|candidates|index|content|parts)":/g,
      dice.pick(['"text":5,$&', '"index":7,$&', '"finishReason":null,$&', '"parts":{},$&']),
      dice,
    ),
  (json, dice) =>
    atSome(
      json,
      /"[^"]*"/g,
      dice.pick([
        String.raw`"\ud83c"`,
        String.raw`"\u0000"`,
        String.raw`"\x41"`,
        '"tab\tin it"',
        "'single'",
        '"never closed',
        'undefined',
      ]),
      dice,
    ),
  (json, dice) => json.slice(0, dice.below(json.length)),
  (json, dice) => json.slice(dice.below(json.length)),
  (json) => `${json}${json}`,
  (json) => `${json},`,
  (json) => `[${json}]`,
  (json) => `[[${json}]]`,
  (json) => `\uFEFF${json}`,
  (json) => `)]}'\n${json}`,
  (json) => json.replaceAll('{', '{\n  ').replaceAll(',', ',\n'),
  (json) => '['.repeat(20_000) + json,
  () => '',
  () => 'null',
  () => '[]',
  () => '{}',
  () => '"text"',
  () => '[DONE]',
  () => '{"error":null}',
  () => '{"error":"a mere string"}',
  () => '{"error":{"code":"503","message":5,"status":["UNAVAILABLE"],"details":{}}}',
  () => '{"error":{"code":200,"message":"","status":"OK"}}',
  () => '[{"error":{"code":503,"message":"Overloaded.","status":"UNAVAILABLE"}}]',
]

function atSome(json: string, what: RegExp, instead: string, dice: Dice): string {
  const places = [...json.matchAll(what)]
  if (places.length === 0) return json
  const { index, 0: found } = dice.pick(places)
  const put = instead.replaceAll('$&', found)
  return json.slice(0, index) + put + json.slice(index + found.length)
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
