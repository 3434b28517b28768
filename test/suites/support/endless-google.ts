import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { numbered } from './numbered.ts'

/**
 * A model that writes as fast as its reader takes it, without end, or so many events as the prompt
 * asks for in the words `events: 1000`. `GET /held` tells how it fares. Runs in a process of its own.
 */
const reading = new Set<Stream>()
let written = 0
let everHeld = 0

interface Stream {
  /** Since when the reader takes nothing more; undefined while it reads. */
  heldSince: number | undefined
  /** Whether that was ever seen to be for longer than a second. */
  everHeld: boolean
}

const server = createServer((request, response) => {
  const serve = request.url === '/held' ? tell : answer
  // Whoever leaves while it asks or is answered is no failure here.
  serve(request, response).catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('There is no port.')
  process.stdout.write(`http://127.0.0.1:${address.port}\n`)
})

async function tell(_request: IncomingMessage, response: ServerResponse): Promise<void> {
  const now = performance.now()
  const held = [...reading].filter(({ heldSince = now }) => now - heldSince > 1_000)
  for (const stream of held) {
    if (!stream.everHeld) everHeld += 1
    stream.everHeld = true
  }
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ streams: reading.size, held: held.length, everHeld, written }))
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = /events: (\d+)/.exec(await text(request))?.[1]
  const most = asked === undefined ? Number.POSITIVE_INFINITY : Number(asked)
  const stream: Stream = { heldSince: undefined, everHeld: false }
  reading.add(stream)
  const left = new AbortController()
  response.once('close', () => {
    reading.delete(stream)
    left.abort()
  })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (let from = 0; from < most; from += batch) {
    const bytes = toEvents(from, Math.min(from + batch, most))
    written += bytes.length
    if (response.write(bytes)) {
      // Others have their turn, however fast this one reads.
      await setImmediate()
      continue
    }
    stream.heldSince = performance.now()
    await once(response, 'drain', { signal: left.signal })
    stream.heldSince = undefined
  }
  response.end(toEvent('', 'STOP'))
}

/** Events a write. */
const batch = 8

function toEvents(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, at) => toEvent(numbered(from + at))).join('')
}

function toEvent(said: string, finishReason?: string): string {
  const response = {
    candidates: [{ content: { parts: [{ text: said }], role: 'model' }, finishReason }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'gemini-2.5-flash',
  }
  return `data: ${JSON.stringify(response)}\r\n\r\n`
}
