import type { Call } from './call.ts'
import { standardError } from './errors.ts'
import type { Answer } from './response.ts'
import type { Envelope } from './says/envelope.ts'
import { blockedAnswer, streamedAnswer, wholeAnswer } from './says/events.ts'
import { type Prompt, readPrompt } from './says/prompt.ts'
import { sayingsFor } from './says/saying.ts'

/** The answer to a request in one event. */
export function answerWhole(call: Call, envelope: Envelope): Answer {
  const prompt = readPrompt(call.request)
  refuseIfAsked(prompt)
  if (prompt.magic.ending === 'midstream-error') throw standardError(503)
  const pause = prompt.magic.slow
  if (prompt.magic.ending === 'blocked') return { events: [blockedAnswer(call, envelope)], pause }
  return { events: [wholeAnswer(sayingsFor(call, prompt), call, envelope)], pause }
}

/** The answer to a request, an event at a time. */
export function answerStreamed(call: Call, envelope: Envelope): Answer {
  const prompt = readPrompt(call.request)
  refuseIfAsked(prompt)
  const pause = prompt.magic.slow
  if (prompt.magic.ending === 'blocked') return { events: [blockedAnswer(call, envelope)], pause }
  const events = streamedAnswer(sayingsFor(call, prompt), call, envelope)
  return prompt.magic.ending === 'midstream-error'
    ? { events: [...events.slice(0, 2), standardError(503).toJSON()], pause }
    : { events, pause }
}

function refuseIfAsked({ magic }: Prompt): void {
  if (magic.error !== undefined) throw standardError(magic.error)
}
