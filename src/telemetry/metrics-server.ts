import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// As in http/protocols.ts: an import would load Node's own `fetch`.
const { createServer } = process.getBuiltinModule('node:http')

export interface MetricsServer {
  /** Where the metrics are. */
  url: string
  close(): Promise<void>
}

/** Gives the text of `write` to whoever asks for `/metrics`, and nothing else to anybody. */
export async function serveMetrics(
  listen: { host: string; port: number },
  contentType: string,
  write: () => Promise<string>,
): Promise<MetricsServer> {
  // Whoever asks while it is being written gets the same.
  let writing: Promise<string> | undefined
  const server = createServer((request, response) => void answer(request, response))
  server.listen({ ...listen })
  await once(server, 'listening')
  // A server that listens on TCP has an address with a port.
  const { address, port, family } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/metrics`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }

  async function answer({ method, url = '' }: IncomingMessage, response: ServerResponse) {
    if (url.split('?', 1)[0] !== '/metrics') return refuse(response, 404)
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405)
    try {
      writing ??= write().finally(() => (writing = undefined))
      const text = await writing
      response.writeHead(200, { 'content-type': contentType }).end(text)
    } catch {
      refuse(response, 500)
    }
  }
}

/** Whoever has a body to send is not listened to. */
function refuse(response: ServerResponse, status: number): void {
  const allow: Record<string, string> = status === 405 ? { allow: 'GET, HEAD' } : {}
  response.writeHead(status, { connection: 'close', ...allow }).end()
}
