import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createServer } from '../../src/http/server.ts'
import { dropStalled } from '../../src/http/stalled.ts'
import { pino } from 'pino'

const request = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a.example\r\n\r\n`

/** A server with a long answer and one that never comes. */
async function listening() {
  const server = createServer({
    log: pino({ level: 'silent' }),
    bodies: { longest: 1024, together: 1024 },
    origins: [],
    project: undefined,
    observers: [],
  })
  dropStalled(server.server, () => true, 400)
  server.get('/long', async (_request, reply) => reply.send('x'.repeat(32 * 1024 * 1024)))
  server.get('/never', () => new Promise(() => undefined))
  await server.listen({ port: 0, host: '127.0.0.1' })
  const [address = assert.fail()] = server.addresses()
  const port = typeof address === 'string' ? assert.fail() : address.port
  return { server, port }
}

describe('a client', () => {
  it('that takes nothing of what is written to it is hung up on', async () => {
    const { server, port } = await listening()
    const socket = connect(port, '127.0.0.1')
    socket.pause()
    socket.on('error', () => undefined)
    const [accepted] = await once(server.server, 'connection')
    socket.write(request('/long'))
    const started = performance.now()
    await once(accepted, 'close', { signal: AbortSignal.timeout(5_000) })
    assert.ok(performance.now() - started >= 390)
    socket.destroy()
    await server.close()
  })

  it('that waits for an answer, or reads slowly, is not', async () => {
    const { server, port } = await listening()
    const waiting = connect(port, '127.0.0.1')
    waiting.write(request('/never'))
    const slow = connect(port, '127.0.0.1')
    slow.write(request('/long'))
    let read = 0
    slow.on('data', (piece) => {
      read += piece.length
      slow.pause()
      setTimeout(() => slow.resume(), 5)
    })
    await sleep(1_200)
    assert.ok(!waiting.destroyed && !slow.destroyed)
    assert.ok(read > 0)
    waiting.destroy()
    slow.destroy()
    await server.close()
  })
})
