import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { before, describe, it } from 'node:test'
import { build, programs } from '../../bench/build.ts'

const compiler = spawnSync('gcc', ['--version']).status === 0
const event = 'data: {"text":"Zest"}\n\n'

/** What the generator prints about a server that answers so; three marks and a `[DONE]` are complete. */
async function judged(answer: RequestListener): Promise<{ output: string; complaint: string }> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  const child = spawn(programs.generator, [
    `--port=${port}`,
    '--path=/v1/chat/completions',
    '--connections=2',
    '--seconds=0.1',
    '--marks=3',
    '--end=[DONE]',
  ])
  const [output, complaint] = await Promise.all([text(child.stdout), text(child.stderr)])
  server.closeAllConnections()
  server.close()
  return { output, complaint }
}

function stream(pieces: string[]): RequestListener {
  return (request, reply) => {
    request.resume()
    for (const piece of pieces) reply.write(piece)
    reply.end()
  }
}

describe('the generator of the benchmark', { skip: !compiler && 'there is no gcc' }, () => {
  before(() => build())

  it('counts complete answers and their marks, however they are cut', async () => {
    const { output, complaint } = await judged(
      stream([event, 'data: {"text":"Ze', 'st"}\n\n', event, 'data: [DO', 'NE]\n\n']),
    )
    assert.equal(complaint, '')
    const { answers, marks } = JSON.parse(output)
    assert.ok(answers > 0 && marks >= 3 * answers - 6, output)
  })

  it('refuses an answer that lacks an event', async () => {
    const { complaint } = await judged(stream([event, event, 'data: [DONE]\n\n']))
    assert.match(complaint, /not all of it \(status 200, 2 of 3 marks\)/)
  })

  it('refuses an answer that has an event twice', async () => {
    const { complaint } = await judged(stream([event.repeat(4), 'data: [DONE]\n\n']))
    assert.match(complaint, /not all of it \(status 200, 4 of 3 marks\)/)
  })

  it('refuses a stream without its end', async () => {
    const { complaint } = await judged(stream([event.repeat(3)]))
    assert.match(complaint, /without its end/)
  })

  it('refuses any status but 200', async () => {
    const { complaint } = await judged((_request, reply) => {
      reply.writeHead(503).end(`${event.repeat(3)}data: [DONE]\n\n`)
    })
    assert.match(complaint, /not status 200 \(status 503/)
  })

  it('refuses a connection that breaks', async () => {
    const { complaint } = await judged((_request, reply) => {
      reply.write(event.repeat(3), () => breakOff(reply))
    })
    assert.match(complaint, /the connection broke/)
  })
})

function breakOff(reply: ServerResponse): void {
  reply.destroy()
}
