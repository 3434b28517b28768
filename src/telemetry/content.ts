import type { Attributes } from '@opentelemetry/api'
import { isObject, tryParseJson } from '../translate/json.ts'
import { cut, fit, longestMessage, longestText, longestValue } from './room.ts'

// What is said, for those who have opted in, in the form of the conventions:
// open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-input-messages.json.

/** What the client says, the last messages where not all fit. Pictures and sounds are told of, not kept. */
export function toInputAttributes(body: unknown): Attributes {
  if (!isObject(body)) return {}
  const all = listOf(body.messages)
  // Made one by one, and none that does not fit.
  const instructions = all
    .values()
    .filter(isInstruction)
    .flatMap((message) => toParts(message.content))
  const messages = all
    .toReversed()
    .values()
    .filter((message) => !isInstruction(message))
    .map(toMessage)
  const tools = listOf(body.tools)
    .values()
    .map(({ type, function: own }) => ({ type, ...asObject(own) }))
  return {
    'gen_ai.input.messages': JSON.stringify(fit(messages, longestValue).toReversed()),
    'gen_ai.system_instructions': orNothing(fit(instructions, longestValue)),
    'gen_ai.tool.definitions': orNothing(fit(tools, longestValue)),
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
      parts: fit(parts.values().map(toShort), longestMessage),
      finish_reason: toWord(finishReason),
    }))
    return { 'gen_ai.output.messages': orNothing(fit(messages, longestValue)) }
  }
}

const mostChoices = 128
/** Of one choice. */
const mostParts = 128

interface Part {
  type: string
  content?: string
  id?: string | undefined
  name?: string | undefined
  arguments?: string | undefined
  result?: unknown
}

function toMessage(message: { [key: string]: unknown }) {
  const { role, content, reasoning_content, tool_calls, tool_call_id } = message
  if (role === 'tool') {
    const result = typeof content === 'string' ? cut(content) : fit(toParts(content), longestText)
    return {
      role: 'tool',
      parts: [{ type: 'tool_call_response', id: toWord(tool_call_id), result }],
    }
  }
  const thought = typeof reasoning_content === 'string' ? reasoning_content : ''
  return { role: toWord(role), parts: fit(parts(), longestMessage) }

  function* parts(): Iterable<Part> {
    if (thought !== '') yield { type: 'reasoning', content: cut(thought) }
    yield* toParts(content)
    for (const { id, function: own } of listOf(tool_calls)) {
      const { name, arguments: given } = asObject(own)
      yield { type: 'tool_call', id: toWord(id), name: toWord(name), arguments: toText(given) }
    }
  }
}

function* toParts(content: unknown): Iterable<Part> {
  if (typeof content === 'string' && content !== '') yield { type: 'text', content: cut(content) }
  for (const { text, type } of listOf(content)) {
    if (typeof text === 'string') yield { type: 'text', content: cut(text) }
    else yield { type: toWord(type) ?? 'unknown' }
  }
}

/** What is short where it is well meant: an id, a name, a role. */
function toWord(value: unknown): string | undefined {
  return typeof value === 'string' ? cut(value, 256) : undefined
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? cut(value) : undefined
}

/** The same part, where pieces have made it long. */
function toShort(part: Part): Part {
  return {
    ...part,
    ...(part.content !== undefined && { content: cut(part.content) }),
    ...(part.arguments !== undefined && { arguments: cut(part.arguments) }),
  }
}

/** Texts and arguments that come in pieces become one. */
function addPart(parts: Part[], part: Part): void {
  const last = parts.at(-1)
  if (last?.type === part.type && typeof part.content === 'string') {
    last.content = joined(last.content, part.content)
  } else if (part.type === 'tool_call' && part.id === undefined && last?.type === 'tool_call') {
    last.arguments = joined(last.arguments, part.arguments)
  } else if (parts.length < mostParts) parts.push(part)
}

function joined(before = '', more = ''): string {
  return before.length >= longestText ? before : before + more
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
