import type { GoogleError } from './errors.ts'
import { contentTypes, type Framing, frames, pretty } from './framing.ts'

/** What goes over the wire: a head, and a body in frames of one event each. */
export interface Reply {
  status: number
  headers: Record<string, string>
  frames: string[]
  /** Milliseconds of silence before each frame but the first. */
  pause: number
  /** Whether there is silence before the first frame too. */
  waitsFirst?: boolean
}

/** One JSON body, indented as Google's are. */
export function jsonReply(body: unknown, headers: Record<string, string> = {}): Reply {
  const type = { 'content-type': contentTypes.whole }
  return { status: 200, headers: { ...type, ...headers }, frames: [pretty(body)], pause: 0 }
}

/** An answer event by event. */
export function eventReply(
  events: unknown[],
  framing: Framing,
  pause: number,
  headers: Record<string, string> = {},
): Reply {
  return {
    status: 200,
    headers: { 'content-type': contentTypes[framing], ...headers },
    frames: frames(events, framing),
    pause,
    waitsFirst: framing === 'whole',
  }
}

/**
 * A refusal. A refused SSE call says text/event-stream all the same, and then sends plain JSON; a
 * stream that is no SSE is an array, and so is its refusal.
 */
export function errorReply(error: GoogleError, framing: Framing): Reply {
  const body = error.toJSON()
  return {
    status: error.code,
    headers: { 'content-type': contentTypes[framing] },
    frames: [pretty(framing === 'array' ? [body] : body)],
    pause: 0,
  }
}

/** What Google's front end says where it has no route. */
export function notFoundReply(path: string): Reply {
  const shown = path.replace(/[<&]/g, '')
  return {
    status: 404,
    headers: { 'content-type': 'text/html; charset=UTF-8' },
    frames: [
      `<!DOCTYPE html>\n<html lang=en>\n  <title>Error 404 (Not Found)!!1</title>\n  <p><b>404.</b> <ins>That’s an error.</ins>\n  <p>The requested URL <code>${shown}</code> was not found on this server.\n`,
    ],
    pause: 0,
  }
}
