import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Candidate } from '../response.ts'
import { groundingBetween, groundingOf } from './grounding.ts'
import { textIn } from './parts.ts'
import type { Saying } from './saying.ts'
import type { Sources } from './sources.ts'

/** What a whole answer shows of where it has things from. */
export function evidence(saying: Saying, call: Call): Partial<Candidate> {
  const { sources, text, finishReason } = saying
  if (!sources || finishReason !== 'STOP') return cited(saying, call)
  return {
    ...cited(saying, call),
    groundingMetadata: groundingOf(text, sources, call),
    ...(sources.pages.length > 0 && { urlContextMetadata: { urlMetadata: sources.pages } }),
  }
}

/** Where a passage was recited from. */
export function cited({ citations }: Saying, { backend }: Call): Partial<Candidate> {
  if (!citations) return {}
  return {
    citationMetadata: backend === 'vertex' ? { citations } : { citationSources: citations },
  }
}

/**
 * The Developer API brings all grounding with the last event, before which 2.5 sends empty objects;
 * Vertex AI brings what a search found along with the text that rests on it.
 */
export function streamedEvidence(
  events: Part[][],
  i: number,
  saying: Saying,
  call: Call,
): Partial<Candidate> {
  const { sources, text, finishReason } = saying
  if (!sources || finishReason !== 'STOP') return {}
  if (call.backend === 'vertex' && sources.kind !== 'pages') {
    const [before, after] = [events.slice(0, i), events.slice(0, i + 1)]
    return evidenceBetween(textIn(before.flat()), textIn(after.flat()), text, sources, call)
  }
  const { pages } = sources
  const isLast = i === events.length - 1
  return {
    ...(call.model.generation < 3 && { groundingMetadata: {} }),
    ...(isLast && { groundingMetadata: groundingOf(text, sources, call) }),
    ...(i === 0 && pages.length > 0 && { urlContextMetadata: { urlMetadata: pages } }),
  }
}

function evidenceBetween(
  before: string,
  after: string,
  text: string,
  sources: Sources,
  call: Call,
): Partial<Candidate> {
  if (before === after) return {}
  const groundingMetadata = groundingBetween([before, after], text, sources, call)
  const tells = after === text || groundingMetadata.groundingSupports !== undefined
  return tells ? { groundingMetadata } : {}
}
