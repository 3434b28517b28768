/**
 * The floor: the least that a gateway in Node can do. node:http and undici's dispatch, the bytes passed
 * through both ways, with backpressure; nothing is read of them.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type Dispatcher, Pool } from 'undici'

const { UPSTREAM = '', PORT = '0' } = process.env
const upstream = new Pool(UPSTREAM)

createServer((request, reply) => {
  upstream.dispatch(
    {
      path: request.url ?? '/',
      method: 'POST',
      headers: {
        'content-type': request.headers['content-type'] ?? '',
        'content-length': request.headers['content-length'] ?? '0',
        'x-goog-api-key': 'bench',
      },
      body: request,
    },
    passThrough(request, reply),
  )
}).listen(Number(PORT), '127.0.0.1')

function passThrough(request: IncomingMessage, reply: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      reply.once('close', () => {
        if (!reply.writableFinished) controller.abort(new Error('the client left'))
      })
      reply.on('drain', () => controller.resume())
    },
    onResponseStart(_controller, status, headers) {
      reply.writeHead(status, kept(headers))
    },
    onResponseData(controller, bytes) {
      if (!reply.write(bytes)) controller.pause()
    },
    onResponseEnd() {
      reply.end()
    },
    onResponseError(_controller, error) {
      request.resume()
      if (reply.headersSent) reply.destroy(error)
      else reply.writeHead(502).end()
    },
  }
}

function kept(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const given = {
    'content-type': headers['content-type'],
    'content-length': headers['content-length'],
  }
  return Object.fromEntries(
    Object.entries(given).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  )
}
