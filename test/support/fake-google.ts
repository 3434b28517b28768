import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { within } from './within.ts'

/** A loopback server in Google's place that answers only what the test tells it to, when it does. */
export interface FakeGoogle {
  url: string
  /** Every request so far, in order. */
  requests: Asked[]
  /** The next request that no `next` has given yet. Throws when none comes within 5 s. */
  next(): Promise<Asked>
  /** Answers from now on without being asked by hand. */
  answer(how: ((asked: Asked) => void) | undefined): void
  close(): Promise<void>
}

/** One request that reached Google, and the means to answer it. */
export interface Asked {
  method: string
  url: string
  headers: IncomingHttpHeaders
  /** The gateway's port: the same where a connection is used again. */
  port: number | undefined
  /** The parsed JSON, or the text where it was none. */
  body: unknown
  /** The whole answer at once. */
  json(status: number, body: unknown, headers?: Record<string, string>): void
  /** Starts a stream. */
  begin(): void
  /** Bytes as they are, in one write. False: the gateway does not take more at the moment. */
  write(bytes: string | Uint8Array): boolean
  /** Resolves when the gateway takes more. */
  drained(): Promise<unknown>
  /** Events in one write. */
  events(...responses: object[]): void
  end(): void
  /** Ends the connection with a RST. */
  reset(): void
  /** Resolves with the time at which the gateway hung up before the answer's end. */
  left: Promise<number>
  /** Whether it has. */
  gone: boolean
}

export async function startFakeGoogle(): Promise<FakeGoogle> {
  const requests: Asked[] = []
  const waiting: ((asked: Asked) => void)[] = []
  let given = 0
  let automatic: ((asked: Asked) => void) | undefined

  const server = createServer((request, response) => {
    void readText(request).then(
      (text) => {
        const asked = toAsked(request, response, text)
        requests.push(asked)
        automatic?.(asked)
        if (automatic !== undefined) given = requests.length
        else waiting.shift()?.(asked)
        return undefined
      },
      () => undefined, // The gateway left in the middle of its request: nobody to answer.
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: urlOf(server.address()),
    requests,
    async next() {
      const asked = requests[given]
      given += 1
      if (asked !== undefined) return asked
      return within(5_000, new Promise((resolve) => waiting.push(resolve)), 'no request came')
    },
    answer(how) {
      automatic = how
      given = requests.length
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An event, or a whole response, with a text and perhaps the reason why it ends. */
export function said(text: string, finishReason?: string): object {
  return {
    candidates: [
      { content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }) },
    ],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'gemini-2.5-flash',
  }
}

/** Google's error object. */
export function googleError(code: number, status: string, message: string): object {
  return { error: { code, message, status } }
}

function toAsked(request: IncomingMessage, response: ServerResponse, text: string): Asked {
  const { method = '', url = '', headers } = request
  const left = Promise.withResolvers<number>()
  const asked: Asked = {
    method,
    url,
    headers,
    port: request.socket.remotePort,
    body: parse(text),
    json(status, body, more = {}) {
      response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...more })
      response.end(typeof body === 'string' ? body : JSON.stringify(body))
    },
    begin() {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
    },
    write: (bytes) => response.write(bytes),
    drained: () => once(response, 'drain'),
    events(...responses) {
      response.write(responses.map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`).join(''))
    },
    end: () => void response.end(),
    reset() {
      response.socket?.resetAndDestroy()
    },
    left: left.promise,
    gone: false,
  }
  response.once('close', () => {
    if (response.writableFinished) return
    asked.gone = true
    left.resolve(performance.now())
  })
  return asked
}

async function readText(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function urlOf(address: string | { port: number } | null): string {
  // Only a server on a pipe has a string for an address, and only a closed one has none.
  if (address === null || typeof address === 'string') throw new Error('The fake has no port.')
  return `http://127.0.0.1:${address.port}`
}
