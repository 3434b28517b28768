import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Candidate, GenerateContentResponse, UsageMetadata } from '../response.ts'
import { candidateAround } from './candidate.ts'
import type { Envelope } from './envelope.ts'
import { groundingBetween, groundingOf } from './grounding.ts'
import { avgLogprobs, logprobsOf, unaskedAverage } from './logprobs.ts'
import { streamedParts, wholeParts } from './parts.ts'
import { blockReasons } from './reasons.ts'
import { ratings, type Saying } from './saying.ts'
import { signed } from './signature.ts'
import {
  nothingSpent,
  type Spent,
  sum,
  tokensIn,
  tokensInCalls,
  tokensInSteps,
  usageOf,
} from './usage.ts'

/** One candidate's share of one event. */
interface Step {
  candidate: Candidate
  spent: Spent
}

/** The whole answer as one response. */
export function wholeAnswer(
  sayings: Saying[],
  call: Call,
  envelope: Envelope,
): GenerateContentResponse {
  const candidates = sayings.map((saying, index) => {
    const [parts = []] = signed([wholeParts(saying, call, envelope)], saying, call)
    const logprobsResult = logprobsOf(saying.text, call.request.generationConfig)
    const average = logprobsResult ? avgLogprobs(logprobsResult) : unaskedAverage(saying, call)
    return {
      ...candidateAround(parts, index, call),
      ...finish(saying, saying.calls.length > 0 && namesCalls(call)),
      ...evidence(saying, call),
      ...(average !== undefined && { avgLogprobs: average }),
      ...(logprobsResult && { logprobsResult }),
    }
  })
  const spent = sum(sayings.map(spentBy))
  return response({ candidates }, usageOf(call, spent), call, envelope)
}

/** The answer as a stream: candidates take turns, an event at a time. */
export function streamedAnswer(
  sayings: Saying[],
  call: Call,
  envelope: Envelope,
): GenerateContentResponse[] {
  const turns = inTurns(sayings.map((saying, index) => walk(saying, index, call, envelope)))
  return turns.map(({ step, spent }, i) => {
    // Vertex AI counts at the end only.
    const counted = call.backend === 'gemini-api' || i === turns.length - 1
    const usage = counted ? usageOf(call, sum(spent.map((one) => one.spent))) : undefined
    return response({ candidates: [step.candidate] }, usage, call, envelope)
  })
}

// Each turn knows how far every candidate has come.
function inTurns(walks: Step[][]): { step: Step; spent: Step[] }[] {
  const rounds = Math.max(...walks.map((steps) => steps.length))
  return Array.from({ length: rounds }, (_, round) =>
    walks.flatMap((steps, walker) => {
      const step = steps[round]
      const spent = walks.flatMap(
        (other, i) => other.slice(0, i <= walker ? round + 1 : round).at(-1) ?? [],
      )
      return step ? [{ step, spent }] : []
    }),
  ).flat()
}

/** The refusal to answer at all: no candidates, and a reason. */
export function blockedAnswer(
  blockReason: string,
  call: Call,
  envelope: Envelope,
): GenerateContentResponse {
  const promptFeedback = {
    blockReason,
    ...(call.backend === 'vertex' && {
      blockReasonMessage: blockReasons[blockReason] ?? 'The prompt was blocked.',
    }),
    ...(blockReason === 'SAFETY' && { safetyRatings: ratings('HARM_CATEGORY_DANGEROUS_CONTENT') }),
  }
  // Model Armor stands in front of the model, where nobody counts.
  const usage = blockReason === 'MODEL_ARMOR' ? undefined : usageOf(call, nothingSpent)
  return response({ promptFeedback }, usage, call, envelope)
}

function walk(saying: Saying, index: number, call: Call, envelope: Envelope): Step[] {
  const events = signed(streamedParts(saying, call, envelope), saying, call)
  const steps = events.map((parts, i) => {
    const said = events.slice(0, i + 1).flat()
    const logprobsResult = logprobsOf(textIn(parts), call.request.generationConfig)
    const candidate = {
      ...candidateAround(parts, index, call),
      ...finishesEarly(parts, said, call),
      ...streamedEvidence(events, i, saying, call),
      ...(logprobsResult && { logprobsResult }),
    }
    return { candidate, spent: spentOn(said, parts, saying, call) }
  })
  const end = finish(saying, saying.calls.length > 0 && namesCalls(call) && endsWithCall(events))
  const last = steps.at(-1)
  // What was withheld has no content: the reason comes in an event of its own.
  if (!last || saying.safetyRatings || saying.citations) {
    const { content, ...bare } = candidateAround([], index, call)
    const candidate = { ...(last ? {} : { content }), ...bare, ...end, ...cited(saying, call) }
    return [...steps, { candidate, spent: spentBy(saying) }]
  }
  const closing = { candidate: { ...last.candidate, ...end }, spent: spentBy(saying) }
  return [...steps.slice(0, -1), closing]
}

function endsWithCall(events: Part[][]): boolean {
  return events.at(-1)?.some((part) => part.functionCall) ?? false
}

// Each further piece of code ends the model's turn on 2.5, and yet the stream goes on.
function finishesEarly(parts: Part[], said: Part[], { backend, model }: Call): Partial<Candidate> {
  const isCode = parts.some((part) => part.executableCode)
  const isFirst = said.filter((part) => part.executableCode).length < 2
  const does = isCode && !isFirst && backend === 'gemini-api' && model.generation === 2.5
  return does ? { finishReason: 'STOP' } : {}
}

// Whole answers with calls say so since 2.5, at the Developer API only.
function namesCalls({ backend, model }: Call): boolean {
  return backend === 'gemini-api' && model.generation >= 2.5
}

function finish(
  { finishReason, finishMessage, safetyRatings }: Saying,
  called: boolean,
): Partial<Candidate> {
  const message = finishMessage ?? (called ? 'Model generated function call(s).' : undefined)
  return {
    finishReason,
    ...(message !== undefined && { finishMessage: message }),
    ...(safetyRatings && { safetyRatings }),
  }
}

function evidence(saying: Saying, call: Call): Partial<Candidate> {
  const { sources, text, finishReason } = saying
  if (!sources || finishReason !== 'STOP') return cited(saying, call)
  return {
    ...cited(saying, call),
    groundingMetadata: groundingOf(text, sources, call),
    ...(sources.pages.length > 0 && { urlContextMetadata: { urlMetadata: sources.pages } }),
  }
}

function cited({ citations }: Saying, { backend }: Call): Partial<Candidate> {
  if (!citations) return {}
  return {
    citationMetadata: backend === 'vertex' ? { citations } : { citationSources: citations },
  }
}

/**
 * The Developer API brings all grounding with the last event, before which 2.5 sends empty objects;
 * Vertex AI brings what a search found along with the text that rests on it.
 */
function streamedEvidence(
  events: Part[][],
  i: number,
  { sources, text, finishReason }: Saying,
  call: Call,
): Partial<Candidate> {
  if (!sources || finishReason !== 'STOP') return {}
  const pages = i === 0 &&
    sources.pages.length > 0 && {
      urlContextMetadata: { urlMetadata: sources.pages },
    }
  if (call.backend === 'vertex' && sources.kind !== 'pages') {
    const [before, after] = [events.slice(0, i), events.slice(0, i + 1)].map((e) =>
      textIn(e.flat()),
    )
    const added = groundingBetween([before ?? '', after ?? ''], text, sources, call)
    const ends = after === text && before !== text
    return ends || Object.keys(added.groundingSupports ?? {}).length > 0
      ? { groundingMetadata: added }
      : {}
  }
  if (i === events.length - 1)
    return { groundingMetadata: groundingOf(text, sources, call), ...pages }
  return call.model.generation < 3 ? { groundingMetadata: {}, ...pages } : { ...pages }
}

function textIn(parts: Part[]): string {
  return parts.map((part) => (part.thought ? '' : (part.text ?? ''))).join('')
}

function spentBy({ thoughts, steps, text, calls, toolTokens, mediaTokens }: Saying): Spent {
  return {
    thoughts: thoughts.tokens,
    candidates: tokensIn(text) + tokensInCalls(calls) + tokensInSteps(steps),
    toolUse: toolTokens,
    media: mediaTokens,
  }
}

// What a tool returns was not generated, so its event of Gemini 3 counts the prompt alone; 2.0 counts
// nothing before the end. Thinking is counted once it is over, by 2.5 all along.
function spentOn(said: Part[], parts: Part[], saying: Saying, { model }: Call): Spent {
  const returned = parts.some((part) => part.codeExecutionResult ?? part.toolResponse)
  if (model.generation < 2.5 || (model.generation >= 3 && returned)) return nothingSpent
  const answer = said.filter((part) => !part.thought)
  const calls = answer.flatMap((part) => part.functionCall ?? [])
  const before = said.slice(0, said.length - parts.length)
  const used = saying.steps.length === 0 || before.some((part) => part.codeExecutionResult)
  const thoughtSoFar = model.generation < 3 ? Math.ceil(saying.thoughts.tokens / 2) : 0
  return {
    thoughts: answer.length > 0 ? saying.thoughts.tokens : thoughtSoFar,
    candidates: tokensIn(textIn(answer)) + tokensInCalls(calls) + tokensInSteps(answer),
    // Gemini 3 tells this at the end only.
    toolUse: used && model.generation < 3 ? saying.toolTokens : 0,
    media: answer.some((part) => part.inlineData) ? saying.mediaTokens : [],
  }
}

// Vertex AI tells the tier in every event and the counts in the last one only.
function response(
  answer: Pick<GenerateContentResponse, 'candidates' | 'promptFeedback'>,
  usage: UsageMetadata | undefined,
  { backend, model, request }: Call,
  { responseId, createTime, trafficType }: Envelope,
): GenerateContentResponse {
  const onVertex = backend === 'vertex'
  const { serviceTier = 'standard' } = request
  return {
    ...answer,
    usageMetadata: { ...usage, ...(onVertex ? { trafficType } : { serviceTier }) },
    modelVersion: model.id,
    ...(onVertex && { createTime }),
    responseId,
  }
}
