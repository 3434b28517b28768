import { createServer, type IncomingMessage, type RequestListener } from 'node:http'

/** A server on a port of its own, with its address and a way to end it at once. */
export async function listen(
  serve: RequestListener,
  { host = '127.0.0.1', port = 0 }: { host?: string | undefined; port?: number | undefined },
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  const chosen = typeof address === 'object' ? address?.port : undefined
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Google takes 100 MB with a request; what is more is read, but not kept. */
export const longestBody = 104_857_600

/** The body of a request, as text; undefined if it is too long. */
export async function readText(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length <= longestBody) chunks.push(chunk)
  }
  return length <= longestBody ? Buffer.concat(chunks).toString('utf8') : undefined
}
