import { type ErrorBody, standardError } from '../errors.ts'
import type { Answer } from '../response.ts'
import { Raw } from '../framing.ts'
import type { Fault } from './fault.ts'

type Event = Answer['events'][number] | ErrorBody[] | Raw

/** The events of a stream with what goes wrong among them. */
export function faultyEvents(events: Answer['events'], fault: Fault): Event[] {
  const { malformed, huge, error, form, noCandidates } = fault
  const bare = noCandidates ? events.map(withoutCandidates) : events
  const strange = [
    ...(malformed ? [{ after: malformed.after, event: new Raw(notJson) }] : []),
    ...(huge ? [{ after: huge.after, event: hugeEvent(events[0], huge.bytes - overhead) }] : []),
  ]
  const mixed = strange
    .toSorted((a, b) => b.after - a.after)
    .reduce<Event[]>((all, { after, event }) => all.toSpliced(after, 0, event), bare)
  if (!error) return mixed
  const body = standardError(error.status).toJSON()
  return [...mixed.slice(0, error.after), form === 'array' ? [body] : body]
}

/** The one body of an answer with what goes wrong in it. */
export function faultyBody(body: unknown, { malformed, huge, noCandidates }: Fault): unknown {
  if (malformed) return new Raw(notJson)
  if (huge) return hugeEvent(body, huge.bytes)
  return noCandidates ? withoutCandidates(body) : body
}

const notJson = '{"candidates": [{"content": {"parts": [{"text": "broken'

/** `data: ` before an event and two line ends after it. */
const overhead = 'data: \r\n\r\n'.length

function withoutCandidates(event: unknown): Record<string, unknown> {
  const { candidates: _, promptFeedback: __, ...rest } = asObject(event)
  return rest
}

// Valid, and as long as it was ordered: the text makes up for what is missing.
function hugeEvent(like: unknown, bytes: number): Raw {
  const written = (text: string) =>
    JSON.stringify({
      ...withoutCandidates(like),
      candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0 }],
    })
  return new Raw(written('x'.repeat(Math.max(0, bytes - Buffer.byteLength(written(''))))))
}

function asObject(event: unknown): Record<string, unknown> {
  return typeof event === 'object' && event !== null ? { ...event } : {}
}
