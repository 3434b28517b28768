import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { GoogleError } from './errors.ts'
import type { Answer } from './response.ts'

/** How a method's answer travels. */
export type Framing = 'whole' | 'sse' | 'array'

const contentTypes: Record<Framing, string> = {
  whole: 'application/json; charset=UTF-8',
  sse: 'text/event-stream',
  array: 'application/json; charset=UTF-8',
}

/** Sends one JSON body, indented as Google's are. */
export function writeJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': contentTypes.whole })
  response.end(pretty(body))
}

/**
 * Sends a refusal. A refused SSE call says text/event-stream all the same, and then sends plain
 * JSON; a stream that is no SSE is an array, and so is its refusal.
 */
export function writeError(response: ServerResponse, error: GoogleError, framing: Framing): void {
  const body = error.toJSON()
  response.writeHead(error.code, { 'content-type': contentTypes[framing] })
  response.end(pretty(framing === 'array' ? [body] : body))
}

/** Sends an answer, until it is over or nobody listens any more. */
export async function writeAnswer(
  response: ServerResponse,
  answer: Answer,
  framing: Framing,
): Promise<void> {
  const left = new AbortController()
  response.once('close', () => left.abort())
  response.writeHead(200, { 'content-type': contentTypes[framing], ...answer.headers })
  try {
    await pipeline(Readable.from(frames(answer, framing, left.signal)), response)
  } catch (error) {
    // The client has hung up; there is nobody to tell.
    if (!left.signal.aborted) throw error
  }
}

async function* frames(
  { events, pause }: Answer,
  framing: Framing,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for (const [i, event] of events.entries()) {
    if (pause > 0 && (i > 0 || framing === 'whole')) await sleep(pause, undefined, { signal })
    yield frame(event, framing, i, events.length)
  }
}

function frame(event: unknown, framing: Framing, index: number, count: number): string {
  if (framing === 'whole') return pretty(event)
  if (framing === 'sse') return `data: ${JSON.stringify(event)}\r\n\r\n`
  const before = index === 0 ? '[' : ',\r\n'
  const after = index === count - 1 ? ']\n' : ''
  return `${before}${JSON.stringify(event, null, 2)}${after}`
}

function pretty(body: unknown): string {
  return `${JSON.stringify(body, null, 2)}\n`
}
