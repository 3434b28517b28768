import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Candidate, GenerateContentResponse, UsageMetadata } from '../response.ts'
import { avgLogprobs, logprobsOf } from './logprobs.ts'
import type { Envelope } from './envelope.ts'
import { streamedParts, wholeParts } from './parts.ts'
import type { Saying } from './saying.ts'
import { signed } from './signature.ts'
import { type Spent, tokensIn, tokensInCalls, usageOf } from './usage.ts'

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
  const steps = sayings.map((saying, index) => {
    const parts = signed(wholeParts(saying, call, envelope), saying, call)
    const logprobsResult = logprobsOf(saying.text, call.request.generationConfig)
    const candidate = {
      ...candidateOf(parts, index, call),
      ...finish(saying, call),
      ...(logprobsResult && { logprobsResult, avgLogprobs: avgLogprobs(logprobsResult) }),
    }
    return { candidate, spent: spentBy(saying) }
  })
  const candidates = steps.map(({ candidate }) => candidate)
  return response({ candidates }, usageOf(call, total(steps)), call, envelope)
}

/** The answer as a stream: candidates take turns, a part at a time. */
export function streamedAnswer(
  sayings: Saying[],
  call: Call,
  envelope: Envelope,
): GenerateContentResponse[] {
  const turns = inTurns(sayings.map((saying, index) => walk(saying, index, call, envelope)))
  return turns.map(({ step, spent }, i) => {
    // Vertex AI counts at the end only.
    const counted = call.backend === 'gemini-api' || i === turns.length - 1
    const usage = counted ? usageOf(call, total(spent)) : undefined
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
export function blockedAnswer(call: Call, envelope: Envelope): GenerateContentResponse {
  const blockReason = 'PROHIBITED_CONTENT'
  const promptFeedback =
    call.backend === 'vertex'
      ? { blockReason, blockReasonMessage: 'The prompt was blocked due to prohibited content.' }
      : { blockReason }
  return response({ promptFeedback }, usageOf(call, { thoughts: 0, candidates: 0 }), call, envelope)
}

function walk(saying: Saying, index: number, call: Call, envelope: Envelope): Step[] {
  const parts = streamedParts(saying, call, envelope)
  const steps = signed(parts, saying, call).map((part, i) => {
    const logprobsResult = part.thought
      ? undefined
      : logprobsOf(part.text ?? '', call.request.generationConfig)
    const candidate = {
      ...candidateOf([part], index, call),
      ...(logprobsResult && { logprobsResult }),
    }
    return { candidate, spent: spentOn(parts.slice(0, i + 1), saying) }
  })
  const end = finish(saying, call)
  const last = steps.at(-1)
  // What was withheld has no content: the reason comes in an event of its own.
  if (!last || saying.finishReason === 'SAFETY') {
    const content = last ? {} : candidateOf([], index, call)
    return [
      ...steps,
      { candidate: { ...content, ...indexOf(index, call), ...end }, spent: spentBy(saying) },
    ]
  }
  return [...steps.slice(0, -1), { ...last, candidate: { ...last.candidate, ...end } }]
}

function candidateOf(parts: Part[], index: number, call: Call): Candidate {
  const content = parts.length > 0 ? { parts, role: 'model' } : { role: 'model' }
  return { content, ...indexOf(index, call) }
}

// Vertex AI and the 2.0 models leave out an index of 0.
function indexOf(index: number, { backend, model }: Call): { index?: number } {
  return index > 0 || (backend === 'gemini-api' && model.generation >= 2.5) ? { index } : {}
}

function finish(saying: Saying, { backend, model }: Call): Partial<Candidate> {
  const { finishReason, safetyRatings, calls } = saying
  const called = calls.length > 0 && backend === 'gemini-api' && model.generation === 2.5
  const finishMessage = called ? 'Model generated function call(s).' : saying.finishMessage
  return {
    finishReason,
    ...(finishMessage !== undefined && { finishMessage }),
    ...(safetyRatings && { safetyRatings }),
  }
}

function spentBy({ thoughts, text, calls }: Saying): Spent {
  return { thoughts: thoughts.tokens, candidates: tokensIn(text) + tokensInCalls(calls) }
}

// Thinking is counted once it is over.
function spentOn(parts: Part[], { thoughts }: Saying): Spent {
  const answer = parts.filter((part) => !part.thought)
  const text = answer.map((part) => part.text ?? '').join('')
  const calls = answer.flatMap((part) => part.functionCall ?? [])
  return {
    thoughts: answer.length > 0 ? thoughts.tokens : 0,
    candidates: tokensIn(text) + tokensInCalls(calls),
  }
}

function total(steps: Step[]): Spent {
  return steps.reduce(
    ({ thoughts, candidates }, { spent }) => ({
      thoughts: thoughts + spent.thoughts,
      candidates: candidates + spent.candidates,
    }),
    { thoughts: 0, candidates: 0 },
  )
}

// Vertex AI tells the tier in every event and the counts in the last one only.
function response(
  answer: Pick<GenerateContentResponse, 'candidates' | 'promptFeedback'>,
  usage: UsageMetadata | undefined,
  { backend, model }: Call,
  { responseId, createTime, trafficType }: Envelope,
): GenerateContentResponse {
  const onVertex = backend === 'vertex'
  return {
    ...answer,
    usageMetadata: { ...usage, ...(onVertex && { trafficType }) },
    modelVersion: model.id,
    ...(onVertex && { createTime }),
    responseId,
  }
}
