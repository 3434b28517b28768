import type { Call } from '../call.ts'
import type { FunctionCall, Part } from '../request.ts'
import type { Citation, ModalityTokenCount, SafetyRating } from '../response.ts'
import { callsFor } from './calls.ts'
import { executionParts, executionsFor, executionText } from './code.ts'
import { formattedFor } from './formatted.ts'
import { madeFor } from './media.ts'
import type { Prompt } from './prompt.ts'
import { endingOf } from './reasons.ts'
import { invocationParts, type Sources, sourcesFor } from './sources.ts'
import { textFor } from './text.ts'
import { type Thoughts, thoughtsFor } from './thoughts.ts'
import { tokensIn, tokensInCalls } from './usage.ts'

/** What one candidate says, before it is cut into parts and events. */
export interface Saying {
  thoughts: Thoughts
  /** What Google's own tools did before the answer, a part each. */
  steps: Part[]
  text: string
  /** Images and sound. */
  media: Part[]
  mediaTokens: ModalityTokenCount[]
  calls: FunctionCall[]
  /** What the text rests on. */
  sources?: Sources
  /** What the server's tools added to the prompt. */
  toolTokens: number
  finishReason: string
  finishMessage?: string
  safetyRatings?: SafetyRating[]
  citations?: Citation[]
}

/** What the candidates say to a prompt. */
export function sayingsFor(call: Call, prompt: Prompt): Saying[] {
  return candidates(call, (i) => sayingFor(call, prompt, i))
}

/** One saying for each candidate, limited as the request wants it. */
export function candidates(call: Call, saying: (index: number) => Saying): Saying[] {
  const count = call.request.generationConfig?.candidateCount ?? 1
  return Array.from({ length: count }, (_, i) => limited(stopped(saying(i), call), call))
}

/** A saying of nothing yet, after some thought. */
export function silence(thoughts: Thoughts): Saying {
  const nothing = { steps: [], text: '', media: [], mediaTokens: [], calls: [], toolTokens: 0 }
  return { thoughts, ...nothing, finishReason: 'STOP' }
}

function sayingFor(call: Call, prompt: Prompt, index: number): Saying {
  const calls = callsFor(call.request, prompt)
  const silent = silence(thoughtsFor(call, prompt))
  const saying = calls.length > 0 ? { ...silent, calls } : answered(silent, call, prompt, index)
  return ended(saying, prompt)
}

function answered(silent: Saying, call: Call, prompt: Prompt, index: number): Saying {
  const made = madeFor(call, prompt)
  const executions = executionsFor(call, prompt)
  const plain = executions.length > 0 ? executionText(executions) : textFor(prompt)
  const varied = index === 0 ? plain : `Put differently (${index + 1}): ${plain}`
  const text = made ? made.text : (formattedFor(call.request, prompt, varied) ?? varied)
  const sources = sourcesFor(call, prompt)
  const shown = sources && showsInvocations(call) ? invocationParts(sources) : []
  return {
    ...silent,
    steps: [...shown, ...executions.flatMap(executionParts)],
    text,
    media: made?.parts ?? [],
    mediaTokens: made?.tokens ?? [],
    ...(sources && { sources }),
    // Since Gemini 3 searching costs a fee instead of tokens.
    toolTokens: (call.model.generation < 3 ? (sources?.tokens ?? 0) : 0) + 80 * executions.length,
  }
}

function showsInvocations({ request, backend, model }: Call): boolean {
  const wanted = request.toolConfig?.includeServerSideToolInvocations ?? false
  return wanted && backend === 'gemini-api' && model.generation >= 3
}

function ended(saying: Saying, { magic }: Prompt): Saying {
  if (magic.empty) return silence(saying.thoughts)
  return magic.finish === undefined ? saying : endedBy(magic.finish, saying)
}

/** A saying that ends for a reason, and looks like it. */
export function endedBy(finishReason: string, saying: Saying): Saying {
  const ending = endingOf(finishReason)
  const { text: share, finishMessage, blockedFor, recites, callsUndeclared } = ending
  if (share === 'all') return { ...saying, finishReason, finishMessage }
  const text = share === 'half' ? firstHalf(saying.text) : ''
  return {
    ...silence(saying.thoughts),
    text,
    calls: callsUndeclared ? [{ name: 'undeclared_function', args: {} }] : [],
    finishReason,
    ...(finishMessage !== undefined && { finishMessage }),
    ...(blockedFor !== undefined && { safetyRatings: ratings(blockedFor) }),
    ...(recites && {
      citations: [{ endIndex: Buffer.byteLength(text), uri: 'https://example.com/recited' }],
    }),
  }
}

function firstHalf(text: string): string {
  const letters = Array.from(text)
  return letters.slice(0, Math.ceil(letters.length / 2)).join('')
}

/** How likely a text is to harm, where one category is too likely. */
export function ratings(blockedFor: string): SafetyRating[] {
  const rest = ['HATE_SPEECH', 'DANGEROUS_CONTENT', 'HARASSMENT', 'SEXUALLY_EXPLICIT']
  return rest
    .map((name) => `HARM_CATEGORY_${name}`)
    .map((category) =>
      category === blockedFor
        ? { category, probability: 'HIGH', blocked: true }
        : { category, probability: 'NEGLIGIBLE' },
    )
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
  const cut = { ...saying, media: [], mediaTokens: [], calls: [], finishReason: 'MAX_TOKENS' }
  const { tokens } = saying.thoughts
  if (tokens >= most) {
    const thoughts = { ...saying.thoughts, tokens: Math.max(most - 1, 0) }
    return { ...silence(thoughts), finishReason: 'MAX_TOKENS' }
  }
  const left = most - tokens
  const media = saying.mediaTokens.reduce((sum, { tokenCount }) => sum + tokenCount, 0)
  if (tokensIn(saying.text) + tokensInCalls(saying.calls) + media <= left) return saying
  // A code point is never cut in two.
  return {
    ...cut,
    text: Array.from(saying.text)
      .slice(0, left * 4)
      .join(''),
  }
}
