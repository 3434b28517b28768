import type { Call } from '../call.ts'
import type { FunctionCall } from '../request.ts'
import type { SafetyRating } from '../response.ts'
import { callsFor } from './calls.ts'
import { formattedFor } from './formatted.ts'
import type { Prompt } from './prompt.ts'
import { textFor } from './text.ts'
import { type Thoughts, thoughtsFor } from './thoughts.ts'
import { tokensIn, tokensInCalls } from './usage.ts'

/** What one candidate says, before it is cut into parts and events. */
export interface Saying {
  thoughts: Thoughts
  text: string
  calls: FunctionCall[]
  finishReason: string
  finishMessage?: string
  safetyRatings?: SafetyRating[]
}

/** What the candidates say to a prompt. */
export function sayingsFor(call: Call, prompt: Prompt): Saying[] {
  const count = call.request.generationConfig?.candidateCount ?? 1
  return Array.from({ length: count }, (_, i) => sayingFor(call, prompt, i))
}

function sayingFor(call: Call, prompt: Prompt, index: number): Saying {
  const { request } = call
  const plain = textFor(prompt)
  const varied = index === 0 ? plain : `Put differently (${index + 1}): ${plain}`
  const calls = callsFor(request, prompt)
  const text = calls.length > 0 ? '' : (formattedFor(request, prompt, varied) ?? varied)
  const saying = { thoughts: thoughtsFor(call, prompt), text, calls, finishReason: 'STOP' }
  return limited(stopped(ended(saying, prompt), call), call)
}

function ended(saying: Saying, { magic }: Prompt): Saying {
  const silent = { ...saying, text: '', calls: [] }
  if (magic.ending === 'empty') return silent
  if (magic.ending === 'malformed') {
    return {
      ...silent,
      finishReason: 'MALFORMED_FUNCTION_CALL',
      finishMessage: 'Malformed function call: print(default_api.',
    }
  }
  if (magic.ending !== 'safety') return saying
  return {
    ...silent,
    text: saying.text.slice(0, Math.ceil(saying.text.length / 2)),
    finishReason: 'SAFETY',
    safetyRatings: [
      { category: 'HARM_CATEGORY_HARASSMENT', probability: 'NEGLIGIBLE' },
      { category: 'HARM_CATEGORY_DANGEROUS_CONTENT', probability: 'HIGH', blocked: true },
    ],
  }
}

function stopped(saying: Saying, { request }: Call): Saying {
  const stops = (request.generationConfig?.stopSequences ?? []).filter((stop) => stop !== '')
  const places = stops.map((stop) => saying.text.indexOf(stop)).filter((at) => at >= 0)
  return places.length === 0
    ? saying
    : { ...saying, text: saying.text.slice(0, Math.min(...places)) }
}

// Thinking counts against maxOutputTokens and may leave nothing of it for the answer.
function limited(saying: Saying, { request }: Call): Saying {
  const most = request.generationConfig?.maxOutputTokens
  if (most === undefined) return saying
  const cut = { ...saying, calls: [], finishReason: 'MAX_TOKENS' }
  const { tokens } = saying.thoughts
  if (tokens >= most) {
    return { ...cut, text: '', thoughts: { ...saying.thoughts, tokens: Math.max(most - 1, 0) } }
  }
  const left = most - tokens
  if (tokensIn(saying.text) + tokensInCalls(saying.calls) <= left) return saying
  // A code point is never cut in two.
  return {
    ...cut,
    text: Array.from(saying.text)
      .slice(0, left * 4)
      .join(''),
  }
}
