import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { listen } from '../../src/emulator/listen.ts'
import type { Recording } from './shared.ts'

/**
 * How the bytes of a stream are written: at once, cut at positions, in pieces of n bytes, or only
 * the first n of them, after which the connection ends well (`endAt`) or badly (`resetAt`).
 */
export type Cutting =
  | 'whole'
  | { at: readonly number[] }
  | { size: number }
  | { endAt: number }
  | { resetAt: number }

export interface ReplayedRequest {
  method: string
  url: string
  headers: IncomingHttpHeaders
  /** The parsed JSON, or the text where it was none. */
  body: unknown
}

export interface Replay {
  url: string
  /** What was asked since the last play(). */
  requests: ReplayedRequest[]
  /** Answers every request from now on with this recording, and forgets earlier requests. */
  play(recording: Pick<Recording, 'response'>, how?: Cutting): void
  close(): Promise<void>
}

/** A loopback server that stands where Google stands and says again what Google said. */
export async function startReplay(): Promise<Replay> {
  let answer: Recording['response'] | undefined
  let cutting: Cutting = 'whole'
  const requests: ReplayedRequest[] = []

  const listener = await listen((request, response) => {
    void reply(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  }, {})

  async function reply(request: IncomingMessage, response: ServerResponse) {
    const { method = '', url = '', headers } = request
    requests.push({ method, url, headers, body: await readBody(request) })
    if (answer === undefined) {
      response.writeHead(500).end('Nothing to replay.')
      return
    }
    response.writeHead(answer.status, headersOf(answer))
    await write(response, bytesOf(answer), cutting)
  }

  return {
    ...listener,
    requests,
    play(recording, how = 'whole') {
      answer = recording.response
      cutting = how
      requests.length = 0
    },
  }
}

/** The recorded bytes: SSE and HTML as they came, JSON spelled out again. */
export function bytesOf({ sse, body }: Recording['response']): Buffer {
  return Buffer.from(sse ?? (typeof body === 'string' ? body : JSON.stringify(body)))
}

function headersOf({ headers, sse, body }: Recording['response']): Record<string, string> {
  const recorded = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  )
  const tier = recorded['x-gemini-service-tier']
  const unary = typeof body === 'string' ? 'text/html' : 'application/json; charset=UTF-8'
  return {
    'content-type': recorded['content-type'] ?? (sse === undefined ? unary : 'text/event-stream'),
    ...(tier === undefined ? {} : { 'x-gemini-service-tier': tier }),
  }
}

async function write(response: ServerResponse, bytes: Buffer, cutting: Cutting) {
  if (cutting === 'whole') {
    response.end(bytes)
    return
  }
  if ('endAt' in cutting) {
    response.end(bytes.subarray(0, cutting.endAt))
    return
  }
  if ('resetAt' in cutting) {
    response.flushHeaders()
    response.write(bytes.subarray(0, cutting.resetAt), () => response.destroy())
    return
  }
  // Every write is an HTTP chunk of its own, so the reader sees each cut even if TCP joins them.
  for (const piece of cut(bytes, cutting)) {
    if (response.destroyed) return
    response.write(piece)
    await setImmediate()
  }
  response.end()
}

function* cut(
  bytes: Buffer,
  cutting: { at: readonly number[] } | { size: number },
): Generator<Buffer> {
  const ends =
    'at' in cutting
      ? [...new Set(cutting.at)]
          .toSorted((a, b) => a - b)
          .filter((at) => at > 0 && at < bytes.length)
      : Array.from(
          { length: Math.ceil(bytes.length / cutting.size) - 1 },
          (_, i) => (i + 1) * cutting.size,
        )
  let start = 0
  for (const end of [...ends, bytes.length]) {
    yield bytes.subarray(start, end)
    start = end
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const text = Buffer.concat(pieces).toString()
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
