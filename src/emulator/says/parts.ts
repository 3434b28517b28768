import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Envelope } from './envelope.ts'
import { joined } from './media.ts'
import { streamedCall } from './partial-args.ts'
import { pieces } from './pieces.ts'
import type { Saying } from './saying.ts'

/** What a whole answer consists of. */
export function wholeParts(saying: Saying, call: Call, envelope: Envelope): Part[] {
  const { thoughts, text, media } = saying
  return [
    ...(thoughts.summaries.length > 0
      ? [{ text: thoughts.summaries.join(''), thought: true }]
      : []),
    ...stepParts(saying, call, envelope),
    ...(text === '' ? [] : [{ text }]),
    ...joined(media),
    ...callParts(saying, call, envelope),
  ]
}

/** What a stream brings, an event each; seldom an event has no part. */
export function streamedParts(saying: Saying, call: Call, envelope: Envelope): Part[][] {
  const { thoughts, text, media } = saying
  const inBits = streamsArguments(call)
  const calls = callParts(saying, call, envelope)
  const parts = [
    ...thoughts.summaries.map((summary) => ({ text: summary, thought: true })),
    ...stepParts(saying, call, envelope),
    ...pieces(text).map((piece) => ({ text: piece })),
  ]
  return [
    // An empty text goes along with what a tool is asked.
    ...parts.map((part) => ('toolCall' in part ? [part, { text: '' }] : [part])),
    // While it paints, 2.5 sends a sign of life.
    ...(media.length > 0 && text !== '' && call.backend === 'gemini-api' ? [[]] : []),
    ...media.map((part) => [part]),
    ...(inBits ? bitsOf(calls, call) : callEvents(calls, call)),
    ...(endsApart(saying, call, inBits) ? [[{ text: '' }]] : []),
  ]
}

// Before Gemini 3 all calls come at once.
function callEvents(calls: Part[], { model }: Call): Part[][] {
  if (model.generation >= 3) return calls.map((part) => [part])
  return calls.length > 0 ? [calls] : []
}

function bitsOf(calls: Part[], { model }: Call): Part[][] {
  const made = calls.flatMap(({ functionCall }) => functionCall ?? [])
  return made.flatMap((functionCall) => streamedCall(functionCall, model)).map((part) => [part])
}

function streamsArguments({ request, backend, model }: Call): boolean {
  const { streamFunctionCallArguments = false } = request.toolConfig?.functionCallingConfig ?? {}
  return streamFunctionCallArguments && backend === 'vertex' && model.generation >= 3
}

// Gemini 3 ends its streams with an empty text, which carries the signature unless a call does. Only
// 3.0 and 3.1 on Vertex AI still finish with the last part itself, as a call in bits does.
function endsApart(
  { text, media, calls, finishReason }: Saying,
  { backend, model }: Call,
  inBits: boolean,
): boolean {
  if (finishReason !== 'STOP') return false
  if (inBits && calls.length > 0) return model.leavesCallsOpen ?? false
  // An image is never the last thing Vertex AI sends.
  if (media.length > 0 && backend === 'vertex') return true
  if (model.generation < 3 || (text === '' && calls.length === 0 && media.length === 0)) {
    return false
  }
  return backend === 'gemini-api' || model.generation >= 3.5
}

// Ids came with Gemini 3, and with the Developer API only.
function named({ backend, model }: Call): boolean {
  return backend === 'gemini-api' && model.generation >= 3
}

function callParts({ calls }: Saying, call: Call, { callId }: Envelope): Part[] {
  return calls.map((functionCall) => ({
    functionCall: named(call) ? { ...functionCall, id: functionCall.id ?? callId() } : functionCall,
  }))
}

// What a tool was asked and what it answered have one id.
function stepParts({ steps }: Saying, call: Call, { callId }: Envelope): Part[] {
  if (!named(call)) return steps
  const ids = steps.map((part) => (part.executableCode || part.toolCall ? callId() : undefined))
  return steps.map((part, i) => withId(part, ids[i] ?? ids[i - 1]))
}

function withId(part: Part, id: string | undefined): Part {
  const { executableCode, codeExecutionResult, toolCall, toolResponse } = part
  if (executableCode) return { executableCode: { ...executableCode, id } }
  if (codeExecutionResult) return { codeExecutionResult: { ...codeExecutionResult, id } }
  if (toolCall) return { toolCall: { ...toolCall, id } }
  return toolResponse ? { toolResponse: { ...toolResponse, id } } : part
}

/** The text of some parts, without thoughts. */
export function textIn(parts: Part[]): string {
  return parts.map((part) => (part.thought ? '' : (part.text ?? ''))).join('')
}
