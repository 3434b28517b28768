/** How a method's answer travels. */
export type Framing = 'whole' | 'sse' | 'array'

/** Text that is sent as it is, JSON or not. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** What the head of an answer says about its body. */
export const contentTypes: Record<Framing, string> = {
  whole: 'application/json; charset=UTF-8',
  sse: 'text/event-stream',
  array: 'application/json; charset=UTF-8',
}

/** The bytes of each event, as text. */
export function frames(events: unknown[], framing: Framing): string[] {
  return events.map((event, i) => frame(event, framing, i, events.length))
}

/** The bytes of one event among several, as text; the last of an array closes it. */
export function frame(event: unknown, framing: Framing, index: number, count: number): string {
  if (framing === 'whole') return pretty(event)
  if (framing === 'sse') return `data: ${json(event)}\r\n\r\n`
  const before = index === 0 ? '[' : ',\r\n'
  const after = index === count - 1 ? ']\n' : ''
  return `${before}${json(event, 2)}\n${after}`
}

/** JSON indented as Google's is. */
export function pretty(body: unknown): string {
  return body instanceof Raw ? body.text : `${json(body, 2)}\n`
}

function json(event: unknown, indent?: number): string {
  return event instanceof Raw ? event.text : JSON.stringify(event, null, indent)
}
