import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'

/** A Google that says without end, as fast as it is heard. */
export interface Pump {
  url: string
  close(): Promise<void>
}

const event = JSON.stringify({
  candidates: [{ content: { role: 'model', parts: [{ text: 'x'.repeat(16_000) }] }, index: 0 }],
})

/** Answers in events or, without `alt=sse`, in one endless array. */
export async function startPump(): Promise<Pump> {
  const server = createServer((asked, response) => {
    asked.resume()
    const sse = asked.url?.includes('alt=sse') === true
    response.writeHead(200, { 'content-type': sse ? 'text/event-stream' : 'application/json' })
    const frame = (before: string) => (sse ? `data: ${event}\r\n\r\n` : `${before}${event}\n`)
    void pump(response, frame('['), frame(',\r\n'))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  // Only a server on a pipe has a string for an address, and only a closed one has none.
  if (address === null || typeof address === 'string') throw new Error('It has no port.')
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function pump(response: ServerResponse, first: string, next: string): Promise<void> {
  response.on('error', () => undefined)
  response.write(first)
  while (!response.destroyed) {
    const more = response.write(next)
    // One after another: a hundred readers share this loop.
    await new Promise((resolve) => setImmediate(resolve))
    if (!more && !response.destroyed) await drained(response)
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      response.off('drain', go).off('close', go)
      resolve()
    }
    response.once('drain', go).once('close', go)
  })
}
