import type { FunctionResponse, JsonObject, Part } from '../gemini.ts'
import { isObject, modest, tryParseJson } from '../json.ts'
import { type Call, toId } from './assistant.ts'
import { type MessageContent, toPart } from './content.ts'
import { readExtraContent } from './google.ts'
import type { Placed, Reading, Repair, ResultMessage, UserMessage } from './message.ts'
import type { Target } from './target.ts'

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
  // Most turns answer no calls.
  if (calls.length === 0 && said.every(({ message }) => message.role === 'user')) {
    return { responses: [], others: said, media: [] }
  }
  const results = said.filter((one): one is Placed<ResultMessage> => one.message.role !== 'user')
  const matched = matchResults(calls, results, repairs)
  const places = new Map(results.map((result, at) => [result, at]))
  const order = [...matched.values()].map((result) => places.get(result) ?? 0)
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
  const open = new Set(results)
  const matched = new Map<Call, Placed<ResultMessage>>()
  const pair = (key: (side: { id: string; name: string | undefined }) => string | undefined) => {
    // Most clients send every result with the id of its call.
    if (open.size === 0 || matched.size === calls.length) return
    const waiting = Map.groupBy(open, ({ message }) =>
      key({ id: idOf(message), name: message.name }),
    )
    for (const call of calls) {
      const wanted = matched.has(call) ? undefined : key(call)
      const result = wanted === undefined ? undefined : waiting.get(wanted)?.shift()
      if (result === undefined) continue
      matched.set(call, result)
      open.delete(result)
    }
  }
  pair(({ id }) => id || undefined)
  // Some clients shorten or rewrite ids: compare what is left of them.
  pair(({ id }) => plain(id) || undefined)
  pair(({ id }) => (plain(id).length < shortened ? undefined : plain(id).slice(0, shortened)))
  pair(({ name }) => name)
  const before = matched.size
  pair(() => 'any')
  if (matched.size > before) repairs.add('tool_result_matched_by_position')
  return new Map(
    calls.flatMap((call) => {
      const result = matched.get(call)
      return result === undefined ? [] : [[call, result] as const]
    }),
  )
}

/** As many letters of an id tell calls apart, whatever a client cut off. */
const shortened = 16

function plain(id: string): string {
  return id.replace(/[^A-Za-z0-9]/g, '')
}

function idOf(result: ResultMessage): string {
  return result.role === 'tool' ? (result.tool_call_id ?? '') : ''
}

function toResponse(
  call: Call,
  result: Placed<ResultMessage> | undefined,
  reading: Reading,
  repairs: Set<Repair>,
): { response: Part; media: Part[] } {
  const { target, names } = reading
  const base = { name: names.toGemini(call.name), ...toId(call.id, reading) }
  if (result === undefined) {
    repairs.add('tool_result_missing')
    const response = { error: 'no result provided' }
    return { response: { functionResponse: { ...base, response } }, media: [] }
  }
  const { message: said } = result
  // The client's own native parts, as Google's documentation sends them; Google checks them.
  const native = (readExtraContent(said).parts ?? []) as Part[]
  const pictures = [...native, ...toPictures(result, target)]
  const attached = pictures.filter((picture) => fitsResult(picture, target))
  const media = pictures.filter((picture) => !attached.includes(picture))
  if (media.length > 0) repairs.add('tool_result_media_moved')
  const functionResponse: FunctionResponse = {
    ...base,
    response: toStruct(toText(said.content)),
    ...(attached.length > 0 && { parts: attached.map((picture) => toAttachment(picture, target)) }),
  }
  return { response: { functionResponse }, media }
}

function toPictures({ message: said, where }: Placed<ResultMessage>, target: Target): Part[] {
  if (typeof said.content !== 'object') return []
  return said.content.flatMap((part, at) =>
    part.type === 'text' ? [] : [toPart(part, `${where}.content[${at}]`, target)],
  )
}

/** The Developer API takes bytes only beside a result, models before 3 nothing at all. */
function fitsResult(picture: Part, { provider, can }: Target): boolean {
  return can.mediaInResults && (provider === 'vertex' || picture.fileData === undefined)
}

/** What may stand beside a result: the data alone, without a name at the Developer API. */
function toAttachment({ inlineData, fileData }: Part, { provider }: Target): Part {
  if (fileData !== undefined) return { fileData }
  if (inlineData === undefined) return {}
  const { displayName, ...data } = inlineData
  return {
    inlineData:
      provider === 'vertex' && displayName !== undefined ? { ...data, displayName } : data,
  }
}

function toText(said: MessageContent | undefined): string {
  if (typeof said !== 'object') return said ?? ''
  return said.flatMap((part) => (part.type === 'text' ? part.text : [])).join('')
}

/** A result must be an object. `$ref` means something to Gemini, so a JSON Schema stays text. */
function toStruct(text: string): JsonObject {
  if (!/^\s*[[{]/.test(text)) return { output: text }
  // What is more complex stays the text that it was: nothing is lost.
  const value = tryParseJson(text, modest)
  if (isObject(value)) return '$ref' in value ? { output: text } : value
  return { output: value ?? text }
}

/** A result that answers no call becomes words and pictures of the user, so that it is not lost. */
export function toOrphan(result: Placed<ResultMessage>, target: Target): Part[] {
  const { message: said } = result
  const id = idOf(said) || said.name || 'unknown call'
  return [{ text: `Tool result (${id}): ${toText(said.content)}` }, ...toPictures(result, target)]
}
