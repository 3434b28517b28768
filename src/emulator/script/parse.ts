import type { ErrorDetail, Refusal } from '../errors.ts'
import { parseFault } from '../faults/parse.ts'
import type { Script, ScriptedAnswer, ScriptEntry, When } from './script.ts'

/** A script that cannot be played; the message names the place. */
export class ScriptError extends Error {}

/** Reads a script out of parsed JSON or YAML. */
export function parseScript(value: unknown, name = 'script'): Script {
  return list(value, name).map((entry, i) => parseEntry(entry, `${name}[${i}]`))
}

function parseEntry(value: unknown, at: string): ScriptEntry {
  const { when = {}, answer, times } = fields(value, at, ['when', 'answer', 'times'])
  if (answer === undefined) throw new ScriptError(`${at}.answer is missing.`)
  return {
    when: parseWhen(when, `${at}.when`),
    answer: parseAnswer(answer, `${at}.answer`),
    ...(times !== undefined && { times: ordinal(times, `${at}.times`) }),
  }
}

const conditions = ['contains', 'matches', 'model', 'turn', 'tool_result']

function parseWhen(value: unknown, at: string): When {
  const { contains, matches, model, turn, tool_result } = fields(value, at, conditions)
  return {
    ...(contains !== undefined && { contains: texts(contains, `${at}.contains`) }),
    ...(matches !== undefined && { matches: pattern(matches, `${at}.matches`) }),
    ...(model !== undefined && { model: text(model, `${at}.model`) }),
    ...(turn !== undefined && { turn: ordinal(turn, `${at}.turn`) }),
    ...(tool_result !== undefined && {
      toolResult: tool_result === true ? true : text(tool_result, `${at}.tool_result`),
    }),
  }
}

const says = ['text', 'thoughts', 'calls', 'json', 'finish', 'fault', 'events', 'error']

function parseAnswer(value: unknown, at: string): ScriptedAnswer {
  const given = fields(value, at, says)
  const names = Object.keys(given)
  if (names.length === 0) throw new ScriptError(`${at} is empty: give one of ${says.join(', ')}.`)
  if ('text' in given && 'json' in given) {
    throw new ScriptError(`${at} has both text and json: give one of them.`)
  }
  for (const whole of ['events', 'error']) {
    const beside = names.filter((name) => name !== whole && name !== 'fault')
    if (whole in given && beside.length > 0) {
      throw new ScriptError(`${at} has ${whole} and ${beside.join(', ')}: ${whole} says it all.`)
    }
  }
  const { text: said, thoughts, calls, json, finish, fault, events, error } = given
  return {
    ...(said !== undefined && { text: text(said, `${at}.text`) }),
    ...(thoughts !== undefined && { thoughts: texts(thoughts, `${at}.thoughts`) }),
    ...(calls !== undefined && {
      calls: some(calls, `${at}.calls`).map((one, i) => parseCall(one, `${at}.calls[${i}]`)),
    }),
    ...(json !== undefined && { json }),
    ...(finish !== undefined && { finish: word(finish, `${at}.finish`) }),
    ...(fault !== undefined && { fault: readable(text(fault, `${at}.fault`), `${at}.fault`) }),
    ...(events !== undefined && {
      events: some(events, `${at}.events`).map((one, i) => object(one, `${at}.events[${i}]`)),
    }),
    ...(error !== undefined && { error: parseError(error, `${at}.error`) }),
  }
}

function parseError(value: unknown, at: string): Refusal {
  const { code, status, message, details } = fields(value, at, [
    'code',
    'status',
    'message',
    'details',
  ])
  return {
    code: httpError(code, `${at}.code`),
    ...(status !== undefined && { status: text(status, `${at}.status`) }),
    ...(message !== undefined && { message: text(message, `${at}.message`) }),
    ...(details !== undefined && {
      details: list(details, `${at}.details`).map((one, i) =>
        parseDetail(one, `${at}.details[${i}]`),
      ),
    }),
  }
}

function parseDetail(value: unknown, at: string): ErrorDetail {
  const { '@type': type, ...rest } = object(value, at)
  return { '@type': text(type, `${at}.@type`), ...rest }
}

function parseCall(value: unknown, at: string): { name: string; args: Record<string, unknown> } {
  const { name, args = {}, id } = fields(value, at, ['name', 'args', 'id'])
  return {
    name: word(name, `${at}.name`),
    args: object(args, `${at}.args`),
    ...(id !== undefined && { id: text(id, `${at}.id`) }),
  }
}

function fields(value: unknown, at: string, known: string[]): Record<string, unknown> {
  const found = object(value, at)
  const stranger = Object.keys(found).find((key) => !known.includes(key))
  if (stranger === undefined) return found
  throw new ScriptError(`${at}.${stranger} is unknown: the keys here are ${known.join(', ')}.`)
}

function object(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new ScriptError(`${at} has to be an object.`)
}

function list(value: unknown, at: string): unknown[] {
  if (Array.isArray(value)) return value
  throw new ScriptError(`${at} has to be a list.`)
}

function some(value: unknown, at: string): unknown[] {
  const found = list(value, at)
  if (found.length > 0) return found
  throw new ScriptError(`${at} is empty.`)
}

function word(value: unknown, at: string): string {
  const found = text(value, at)
  if (found !== '') return found
  throw new ScriptError(`${at} is empty.`)
}

function text(value: unknown, at: string): string {
  if (typeof value === 'string') return value
  throw new ScriptError(`${at} has to be a text.`)
}

function texts(value: unknown, at: string): string[] {
  return Array.isArray(value) ? value.map((one, i) => text(one, `${at}[${i}]`)) : [text(value, at)]
}

function ordinal(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
  throw new ScriptError(`${at} has to be a whole number from 1.`)
}

function httpError(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 400 && value <= 599) {
    return value
  }
  throw new ScriptError(`${at} has to be a whole number from 400 to 599.`)
}

function pattern(value: unknown, at: string): RegExp {
  const written = text(value, at)
  try {
    return new RegExp(written, 'u')
  } catch (cause) {
    throw new ScriptError(`${at} is no regular expression: ${String(cause)}.`, { cause })
  }
}

function readable(fault: string, at: string): string {
  try {
    parseFault([fault])
    return fault
  } catch (cause) {
    throw new ScriptError(`${at}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}
