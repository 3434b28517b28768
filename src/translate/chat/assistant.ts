import { invalidRequest } from '../../errors.ts'
import type { FunctionCall, JsonObject, Part } from '../gemini.ts'
import { isSimple } from '../json-structure.ts'
import { isObject, modest, tryParseJson } from '../json.ts'
import { toMedia } from '../media.ts'
import { toParts, withExtras } from './content.ts'
import { readExtraContent } from './google.ts'
import type { AssistantMessage, Placed, Reading, Repair, ToolCall } from './message.ts'
import { dummySignature, signatureOfCall, signatureOfMessage } from './signatures.ts'
import { splitThoughts } from './thoughts.ts'
import { wrapper } from './parameters.ts'

/** What an assistant said, and the calls in it. */
export interface Spoke extends Placed<AssistantMessage> {
  calls: Call[]
}

/** What an assistant said: its thoughts, its words, its pictures, then its calls. */
export function toModelParts(
  { message: said, where, calls }: Spoke,
  reading: Reading,
  repairs: Set<Repair>,
): Part[] {
  const extra = readExtraContent(said)
  if (extra.parts !== undefined) {
    return toNativeParts(extra.parts, calls, reading)
  }
  const thoughts = said.reasoning_content ? [{ text: said.reasoning_content, thought: true }] : []
  const spoken = toSpokenParts(said, where, extra.thought, reading)
  const refusal =
    said.refusal && spoken.every((part) => part.text === '') ? [{ text: said.refusal }] : []
  const pictures = (said.images ?? []).map((picture, at) => {
    const { url } = picture.image_url
    const part = toMedia(
      { source: url, kind: 'image' },
      `${where}.images[${at}].image_url.url`,
      reading.target.provider,
    )
    return withExtras(part, readExtraContent(picture))
  })
  const called = calls.map((call) => toCallPart(call, reading, repairs))
  const visible = [...spoken, ...refusal, ...pictures]
  return [...thoughts, ...sign(visible, called, signatureOfMessage(said))]
}

/**
 * Parts as Gemini once gave them: `extra_content.google.parts` brings them back. Only the ids of calls
 * are the client's, which its results carry too, and a call that the client never got is left out.
 */
function toNativeParts(parts: JsonObject[], calls: Call[], reading: Reading): Part[] {
  const open = calls.values()
  return parts.flatMap((part) => {
    if (!Object.keys(part).some((key) => key !== 'thought')) return []
    if (!isObject(part.functionCall)) return [part]
    const call = open.next().value
    if (call === undefined) return []
    const { id: _, ...functionCall } = part.functionCall
    return [{ ...part, functionCall: { ...functionCall, ...toId(call.id, reading) } }]
  })
}

function toSpokenParts(
  said: AssistantMessage,
  where: string,
  thought: boolean | undefined,
  { target, marker }: Reading,
): Part[] {
  const parts = toParts(said.content, `${where}.content`, target)
  if (thought === false) return parts
  // The flag of a message with reasoning beside it belongs to that reasoning.
  const whole = thought === true && !said.reasoning_content
  return parts.flatMap((part) => readThoughts(part, marker, whole))
}

/** Thoughts between tags, or a part that is one as a whole. */
function readThoughts(part: Part, marker: string | undefined, whole: boolean): Part[] {
  const { text, thoughtSignature } = part
  if (text === undefined || part.thought === true) return [part]
  // Clients of the Developer API's own endpoint send its literal tag back without a marker.
  const tag = marker ?? (text.startsWith('<thought>') ? 'thought' : undefined)
  if (tag === undefined || !text.includes(`<${tag}>`)) {
    return [whole ? { ...part, thought: true } : part]
  }
  const pieces = splitThoughts(text, tag)
  return thoughtSignature === undefined ? pieces : sign(pieces, [], thoughtSignature)
}

/**
 * A message's own signature belongs to its last visible part, or to the first call where that has
 * none: Gemini wants it back in the part that it came in.
 */
function sign(visible: Part[], calls: Part[], signature: string | undefined): Part[] {
  const all = [...visible, ...calls]
  if (signature === undefined || all.some((part) => part.thoughtSignature === signature)) return all
  const [firstCall] = calls
  const spoken = visible.findLastIndex(
    (part) => part.thought !== true && part.thoughtSignature === undefined,
  )
  const at =
    firstCall !== undefined && firstCall.thoughtSignature === undefined ? visible.length : spoken
  if (at === -1) return [...visible, { text: '', thoughtSignature: signature }, ...calls]
  return all.map((part, index) => (index === at ? { ...part, thoughtSignature: signature } : part))
}

/** The first call of a step must be signed where the model checks it; the others never need to be. */
export function signFirstCall(parts: Part[], { target }: Reading, repairs: Set<Repair>): Part[] {
  const at = parts.findIndex((part) => part.functionCall !== undefined)
  const first = parts[at]
  if (!target.can.signatures || first === undefined || first.thoughtSignature !== undefined)
    return parts
  repairs.add('signature_missing')
  return parts.with(at, { ...first, thoughtSignature: dummySignature(target.provider) })
}

/** A call in a client's history, whichever of OpenAI's forms it came in. */
export interface Call {
  id: string
  name: string
  args: string
  custom: boolean
  signature: string | undefined
  param: string
}

/** The calls of a message, in order. */
export function callsOf(said: AssistantMessage, where: string): Call[] {
  const { tool_calls = [], function_call } = said
  const calls = tool_calls.map((call, at) => toCall(call, `${where}.tool_calls[${at}]`))
  if (function_call === undefined) return calls
  const { name, arguments: args = '' } = function_call
  const signature = signatureOfCall(function_call)
  return [
    ...calls,
    { id: '', name, args, custom: false, signature, param: `${where}.function_call.arguments` },
  ]
}

function toCall(call: ToolCall, where: string): Call {
  const { id = '' } = call
  const signature = signatureOfCall(call)
  if (call.type === 'custom') {
    const { name, input } = call.custom
    return { id, name, args: input, custom: true, signature, param: `${where}.custom.input` }
  }
  const { name, arguments: args = '' } = call.function
  return { id, name, args, custom: false, signature, param: `${where}.function.arguments` }
}

function toCallPart(call: Call, reading: Reading, repairs: Set<Repair>): Part {
  const { names, remembered, wrapped } = reading
  const plain = wrapped.has(call.name)
    ? { [wrapper]: tryParseJson(call.args, modest) ?? call.args }
    : undefined
  const args = call.custom ? { input: call.args } : (plain ?? toArguments(call, repairs))
  const functionCall: FunctionCall = {
    name: names.toGemini(call.name),
    args,
    ...toId(call.id, reading),
  }
  const signature = call.signature ?? remembered.get(call.id)
  return { functionCall, ...(signature !== undefined && { thoughtSignature: signature }) }
}

/**
 * The id that pairs a call with its result. The Developer API takes any that match; Vertex AI only
 * those it gave itself, and its models before 3 none at all.
 */
export function toId(id: string, { target, nativeIds }: Reading): { id?: string } {
  const known = target.provider === 'gemini' ? id : nativeIds.get(id)
  return known ? { id: known } : {}
}

function toArguments({ args, param }: Call, repairs: Set<Repair>): JsonObject {
  if (args.trim() === '') return {}
  if (!isSimple(args, modest)) {
    throw invalidRequest('The arguments of the call are too complex.', param, 'json_too_complex')
  }
  const parsed = tryParseJson(args)
  if (isObject(parsed)) return parsed
  const mended = parsed === undefined ? tryParseJson(mendJson(args)) : undefined
  if (!isObject(mended)) {
    throw invalidRequest('Expected a valid JSON object as the arguments of the call.', param)
  }
  repairs.add('arguments_mended')
  return mended
}

/** Longer arguments are not worth mending: who writes so much writes it with a program. */
const mendable = 100_000

/** What models and clients most often get wrong: raw line ends in strings, commas before an end. */
function mendJson(text: string): string {
  if (text.length > mendable) return text
  let mended = ''
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const letter = text.charAt(at)
    if (quoted && letter === '\\') {
      mended += text.slice(at, at + 2)
      at += 1
    } else if (letter === '"') {
      quoted = !quoted
      mended += letter
    } else if (quoted) {
      mended += escapes[letter] ?? letter
    } else if (letter !== ',' || !/^\s*[}\]]/.test(text.slice(at + 1, at + 100))) {
      mended += letter
    }
  }
  return mended
}

const escapes: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
