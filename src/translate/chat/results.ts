import type { FunctionResponse, JsonObject, Part } from '../gemini.ts'
import { isObject, tryParseJson } from '../json.ts'
import { type Call, toId } from './assistant.ts'
import { type MessageContent, toPart } from './content.ts'
import { readExtraContent } from './google.ts'
import type { Placed, Reading, Repair, ResultMessage, UserMessage } from './message.ts'

/** The results of a step, and what stood between them. */
export interface Answered {
  responses: Part[]
  others: Placed<UserMessage | ResultMessage>[]
  /** Pictures in results, for models that take them only beside a result. */
  media: Part[]
}

/** Gives every call its result, in the order of the calls, and hands back what is left over. */
export function answerCalls(
  calls: Call[],
  said: Placed<UserMessage | ResultMessage>[],
  reading: Reading,
  repairs: Set<Repair>,
): Answered {
  const results = said.filter((one): one is Placed<ResultMessage> => one.message.role !== 'user')
  const matched = matchResults(calls, results, repairs)
  const order = [...matched.values()].map((result) => results.indexOf(result))
  if (order.some((at, n) => at < (order[n - 1] ?? -1))) repairs.add('tool_results_reordered')
  const used = new Set<unknown>(matched.values())
  const others = said.filter((one) => !used.has(one))
  if (others.some((one) => one.message.role !== 'user')) repairs.add('tool_result_without_call')
  const answers = calls.map((call) => toResponse(call, matched.get(call), reading, repairs))
  return {
    responses: answers.map(({ response }) => response),
    others,
    media: answers.flatMap(({ media }) => media),
  }
}

function matchResults(calls: Call[], results: Placed<ResultMessage>[], repairs: Set<Repair>) {
  const matched = new Map<Call, Placed<ResultMessage>>()
  const open = new Set(results)
  const pair = (fits: (call: Call, result: ResultMessage) => boolean) => {
    for (const call of calls) {
      if (matched.has(call)) continue
      const result = [...open].find((one) => fits(call, one.message))
      if (result === undefined) continue
      matched.set(call, result)
      open.delete(result)
    }
  }
  pair((call, result) => call.id !== '' && idOf(result) === call.id)
  // Some clients shorten or rewrite ids: compare what is left of them.
  pair((call, result) => sameId(call.id, idOf(result)))
  pair((call, result) => result.name === call.name && (idOf(result) === '' || call.id === ''))
  const before = matched.size
  pair(() => true)
  if (matched.size > before) repairs.add('tool_result_matched_by_position')
  return new Map(
    calls.flatMap((call) => {
      const result = matched.get(call)
      return result === undefined ? [] : [[call, result] as const]
    }),
  )
}

function idOf(result: ResultMessage): string {
  return result.role === 'tool' ? (result.tool_call_id ?? '') : ''
}

function sameId(a: string, b: string): boolean {
  const [left, right] = [a, b].map((id) => id.replace(/[^A-Za-z0-9]/g, ''))
  if (!left || !right) return false
  return (
    left === right ||
    (Math.min(left.length, right.length) >= 16 &&
      (left.startsWith(right) || right.startsWith(left)))
  )
}

function toResponse(
  call: Call,
  result: Placed<ResultMessage> | undefined,
  { target, names }: Reading,
  repairs: Set<Repair>,
): { response: Part; media: Part[] } {
  const base = { name: names.toGemini(call.name), ...toId(call.id, target) }
  if (result === undefined) {
    repairs.add('tool_result_missing')
    const response = { error: 'no result provided' }
    return { response: { functionResponse: { ...base, response } }, media: [] }
  }
  const { message: said, where } = result
  const given = typeof said.content === 'object' ? said.content : []
  const pictures = given.flatMap((part, at) =>
    part.type === 'text' ? [] : [toPart(part, `${where}.content[${at}]`, target)],
  )
  // The client's own native parts, as Google's documentation sends them; Google checks them.
  const native = (readExtraContent(said).parts ?? []) as Part[]
  const beside = target.can.mediaInResults
  if (!beside && pictures.length > 0) repairs.add('tool_result_media_moved')
  const attached = beside ? [...native, ...pictures] : native
  const functionResponse: FunctionResponse = {
    ...base,
    response: toStruct(toText(said.content)),
    ...(attached.length > 0 && { parts: attached }),
  }
  return { response: { functionResponse }, media: beside ? [] : pictures }
}

function toText(said: MessageContent | undefined): string {
  if (typeof said !== 'object') return said ?? ''
  return said.flatMap((part) => (part.type === 'text' ? part.text : [])).join('')
}

/** A result must be an object. `$ref` means something to Gemini, so a JSON Schema stays text. */
function toStruct(text: string): JsonObject {
  if (!/^\s*[[{]/.test(text)) return { output: text }
  const value = tryParseJson(text)
  if (isObject(value)) return '$ref' in value ? { output: text } : value
  return { output: value ?? text }
}

/** A result that answers no call becomes words, so that it is not lost. */
export function orphanText(result: ResultMessage): string {
  const id = idOf(result) || result.name || 'unknown call'
  return `Tool result (${id}): ${toText(result.content)}`
}
