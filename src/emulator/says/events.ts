import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Candidate, GenerateContentResponse, UsageMetadata } from '../response.ts'
import { candidateAround } from './candidate.ts'
import type { Envelope } from './envelope.ts'
import { cited, evidence, streamedEvidence } from './evidence.ts'
import { avgLogprobs, logprobsOf, unaskedAverage } from './logprobs.ts'
import { streamedParts, textIn, wholeParts } from './parts.ts'
import { blockReasons } from './reasons.ts'
import { ratings, type Saying } from './saying.ts'
import { signed } from './signature.ts'
import { spentBy, spentOn } from './spent.ts'
import { nothingSpent, type Spent, sum, usageOf } from './usage.ts'

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
