import type { Call } from './call.ts'
import { standardError } from './errors.ts'
import type { Answer } from './response.ts'
import type { Envelope } from './says/envelope.ts'
import { blockedAnswer, streamedAnswer, wholeAnswer } from './says/events.ts'
import type { Prompt } from './says/prompt.ts'
import { type Saying, sayingsFor } from './says/saying.ts'

/** The answer to a request in one event. */
export function answerWhole(
  call: Call,
  prompt: Prompt,
  envelope: Envelope,
  sayings: Saying[] = sayingsFor(call, prompt),
): Answer {
  refuseIfAsked(prompt)
  const { midstreamError, slow: pause, block } = prompt.magic
  if (midstreamError) throw standardError(503)
  if (block !== undefined) return { events: [blockedAnswer(block, call, envelope)], pause }
  return { events: [wholeAnswer(sayings, call, envelope)], pause }
}

/** The answer to a request, an event at a time. */
export function answerStreamed(
  call: Call,
  prompt: Prompt,
  envelope: Envelope,
  sayings: Saying[] = sayingsFor(call, prompt),
): Answer {
  refuseIfAsked(prompt)
  const { midstreamError, slow: pause, block } = prompt.magic
  if (block !== undefined) return { events: [blockedAnswer(block, call, envelope)], pause }
  const events = streamedAnswer(sayings, call, envelope)
  return midstreamError
    ? { events: [...events.slice(0, 2), standardError(503).toJSON()], pause }
    : { events, pause }
}

function refuseIfAsked({ magic }: Prompt): void {
  if (magic.error !== undefined) throw standardError(magic.error)
}
