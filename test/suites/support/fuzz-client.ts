import { Agent, request } from 'node:http'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { openConnection } from './connection.ts'
import { readReplies, type Reply } from './replies.ts'

/** What came back for one input, and how long it took. */
export interface Asked {
  replies: Reply[]
  /** Milliseconds. */
  took: number
}

/** Posts bodies over kept connections. */
export interface BodyClient {
  post(path: string, body: string | Buffer): Promise<Asked>
  close(): void
}

export function bodyClient(url: string, sockets: number): BodyClient {
  const agent = new Agent({ keepAlive: true, maxSockets: sockets })
  return {
    async post(path, body) {
      const bytes = typeof body === 'string' ? Buffer.from(body) : body
      const started = performance.now()
      const asked = request(url + path, {
        method: 'POST',
        agent,
        headers: { 'content-type': 'application/json', 'content-length': bytes.length },
        signal: AbortSignal.timeout(30_000),
      })
      const [response] = await once(asked.end(bytes), 'response')
      const content = await buffer(response)
      const headers = new Headers()
      for (let at = 0; at < response.rawHeaders.length; at += 2) {
        headers.append(response.rawHeaders[at], response.rawHeaders[at + 1])
      }
      const reply = { status: response.statusCode, headers, body: content.toString() }
      return { replies: [reply], took: performance.now() - started }
    },
    close: () => agent.destroy(),
  }
}

/** Sends bytes on a connection of their own and reads until the server closes it. */
export async function sendBytes(url: string, bytes: string, bodiless: number): Promise<Asked> {
  const started = performance.now()
  const connection = await openConnection(url)
  try {
    connection.send(Buffer.from(bytes, 'latin1'))
    if (!(await connection.until(() => false, 5000)) && !connection.closed()) {
      throw new Error(`no end within 5 s of ${JSON.stringify(bytes.slice(0, 500))}`)
    }
    const { replies } = readReplies(connection.received(), { bodiless, ended: true })
    return { replies, took: performance.now() - started }
  } finally {
    connection.leave()
  }
}
