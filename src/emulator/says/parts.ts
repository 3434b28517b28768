import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Envelope } from './envelope.ts'
import { pieces } from './pieces.ts'
import type { Saying } from './saying.ts'

/** What a whole answer consists of. */
export function wholeParts(saying: Saying, call: Call, envelope: Envelope): Part[] {
  const { thoughts, text } = saying
  return [
    ...(thoughts.summaries.length > 0
      ? [{ text: thoughts.summaries.join(''), thought: true }]
      : []),
    ...(text === '' ? [] : [{ text }]),
    ...callParts(saying, call, envelope),
  ]
}

/** What a stream brings, a part an event. */
export function streamedParts(saying: Saying, call: Call, envelope: Envelope): Part[] {
  return [
    ...saying.thoughts.summaries.map((text) => ({ text, thought: true })),
    ...pieces(saying.text).map((text) => ({ text })),
    ...callParts(saying, call, envelope),
    ...(endsApart(saying, call) ? [{ text: '' }] : []),
  ]
}

// Gemini 3 ends its streams with an empty text, which carries the signature unless a call does. Only
// 3.0 and 3.1 on Vertex AI still finish with the last part itself.
function endsApart({ text, calls, finishReason }: Saying, { backend, model }: Call): boolean {
  if (model.generation < 3 || finishReason !== 'STOP' || (text === '' && calls.length === 0)) {
    return false
  }
  return backend === 'gemini-api' || model.generation >= 3.5
}

// Ids came with Gemini 3, and with the Developer API only.
function callParts({ calls }: Saying, { backend, model }: Call, { callId }: Envelope): Part[] {
  const named = backend === 'gemini-api' && model.generation >= 3
  return calls.map((functionCall) => ({
    functionCall: named ? { ...functionCall, id: callId() } : functionCall,
  }))
}
