import type { Attributes } from '@opentelemetry/api'
import { isObject, tryParseJson } from '../translate/json.ts'

// What is said, for those who have opted in, in the form of the conventions:
// open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-input-messages.json.

/** What the client says. Pictures and sounds are told of, not kept. */
export function toInputAttributes(body: unknown): Attributes {
  if (!isObject(body)) return {}
  const all = listOf(body.messages)
  const instructions = all.filter(isInstruction).flatMap((message) => toParts(message.content))
  const messages = all.filter((message) => !isInstruction(message)).map(toMessage)
  const tools = listOf(body.tools)
  return {
    'gen_ai.input.messages': JSON.stringify(messages),
    'gen_ai.system_instructions': orNothing(instructions),
    'gen_ai.tool.definitions': orNothing(
      tools.map(({ type, function: own }) => ({ type, ...asObject(own) })),
    ),
  }
}

/** Collects what the model says, from chunks or from a whole answer. */
export class Heard {
  readonly #choices: { parts: Part[]; finishReason: unknown }[] = []

  /** A chunk as JSON, or a whole answer. */
  add(said: unknown): void {
    const answer = typeof said === 'string' ? tryParseJson(said) : said
    if (!isObject(answer)) return
    for (const choice of listOf(answer.choices)) {
      const { index = 0, delta, message, finish_reason } = choice
      if (typeof index !== 'number' || index < 0 || index >= mostChoices) continue
      const own = (this.#choices[index] ??= { parts: [], finishReason: undefined })
      own.finishReason = finish_reason ?? own.finishReason
      for (const part of toMessage(asObject(delta ?? message)).parts) addPart(own.parts, part)
    }
  }

  toAttributes(): Attributes {
    const messages = this.#choices.filter(Boolean).map(({ parts, finishReason }) => ({
      role: 'assistant',
      parts,
      finish_reason: finishReason,
    }))
    return { 'gen_ai.output.messages': orNothing(messages) }
  }
}

const mostChoices = 128
/** Characters of one part; the span cuts the whole. */
const longestPart = 32 * 1024

interface Part {
  type: string
  content?: string
  id?: unknown
  name?: unknown
  arguments?: unknown
  result?: unknown
}

function toMessage(message: { [key: string]: unknown }): { role: unknown; parts: Part[] } {
  const { role, content, reasoning_content, tool_calls, tool_call_id } = message
  if (role === 'tool') {
    return { role, parts: [{ type: 'tool_call_response', id: tool_call_id, result: content }] }
  }
  const thought = typeof reasoning_content === 'string' ? reasoning_content : ''
  const calls = listOf(tool_calls).map(({ id, function: own }) => ({
    type: 'tool_call',
    id,
    name: asObject(own).name,
    arguments: asObject(own).arguments,
  }))
  return {
    role,
    parts: [
      ...(thought === '' ? [] : [{ type: 'reasoning', content: thought }]),
      ...toParts(content),
      ...calls,
    ],
  }
}

function toParts(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }]
  return listOf(content).map((part) =>
    typeof part.text === 'string'
      ? { type: 'text', content: part.text }
      : { type: typeof part.type === 'string' ? part.type : 'unknown' },
  )
}

/** Texts and arguments that come in pieces become one. */
function addPart(parts: Part[], part: Part): void {
  const last = parts.at(-1)
  if (last?.type === part.type && typeof part.content === 'string') {
    last.content = joined(last.content, part.content)
  } else if (part.type === 'tool_call' && part.id === undefined && last?.type === 'tool_call') {
    last.arguments = joined(last.arguments, part.arguments)
  } else parts.push(part)
}

function joined(before: unknown, more: unknown): string {
  const text = typeof before === 'string' ? before : ''
  return text.length >= longestPart || typeof more !== 'string' ? text : text + more
}

function orNothing(list: unknown[]): string | undefined {
  return list.length === 0 ? undefined : JSON.stringify(list)
}

function listOf(value: unknown): { [key: string]: unknown }[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function isInstruction({ role }: { [key: string]: unknown }): boolean {
  return role === 'system' || role === 'developer'
}

function asObject(value: unknown): { [key: string]: unknown } {
  return isObject(value) ? value : {}
}
