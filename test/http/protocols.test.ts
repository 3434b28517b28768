import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { Client, fetch as fetchH2 } from 'undici'
import { parserErrors } from '../../src/http/parser-errors.ts'
import { type PortLimits, PortServer } from '../../src/http/protocols.ts'
import { startGateway } from '../support/gateway.ts'
import { connectH2 } from '../support/h2-client.ts'
import { type Frame, framesIn, frameTypes, hello, preface } from '../support/h2-frames.ts'
import { connectRaw, readReply, sendRaw, toHttp } from '../support/raw-client.ts'
import { within } from '../support/within.ts'
import { openConnection } from '../suites/support/connection.ts'

const run = promisify(execFile)
const gateway = await startGateway({})
after(() => gateway.close())

const body = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }
const curl = ['/usr/bin/curl', '/bin/curl', '/usr/local/bin/curl'].some((path) => existsSync(path))

/** Whether these frames acknowledge our settings: whoever does speaks HTTP/2. */
function acknowledge(frames: Frame[]): boolean {
  return frames.some(({ type, flags }) => type === frameTypes.settings && flags === 1)
}

describe('one port', () => {
  it('speaks HTTP/1.1 and HTTP/2, on connections side by side', async () => {
    const client = await connectH2(gateway.url)
    const [second, first] = await Promise.all([
      client.ask('/v1/chat/completions', body).answer(),
      sendRaw(gateway.url, toHttp('POST /v1/chat/completions', JSON.stringify(body))),
    ])
    client.close()
    for (const answer of [first, second]) {
      assert.equal(answer.status, 200)
      assert.match(answer.body, /"object":"chat.completion"/)
    }
  })

  it('speaks HTTP/2 with curl', async (t) => {
    if (!curl) return t.skip('needs curl')
    const { stdout } = await run('curl', [
      '-s',
      '--http2-prior-knowledge',
      '-w',
      ' HTTP/%{http_version} %{http_code}',
      `${gateway.url}/v1/chat/completions`,
      '-H',
      'content-type: application/json',
      '-d',
      JSON.stringify({ ...body, stream: true }),
    ])
    assert.match(stdout, /data: \[DONE\]\n\n HTTP\/2 200$/)
  })

  it('goes on in HTTP/1.1 where curl offers to change to HTTP/2', async (t) => {
    if (!curl) return t.skip('needs curl')
    const { stdout } = await run('curl', [
      '-s',
      '--http2',
      '-w',
      ' HTTP/%{http_version} %{http_code}',
      `${gateway.url}/health`,
    ])
    assert.match(stdout, /"status":"ok".* HTTP\/1.1 200$/)
  })

  it('speaks HTTP/2 with undici', async () => {
    const dispatcher = new Client(gateway.url, { allowH2: true, h2Options: { useH2c: true } })
    const response = await fetchH2(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      dispatcher,
    })
    assert.equal(response.status, 200)
    assert.match(await response.text(), /"object":"chat.completion"/)
    await dispatcher.close()
  })

  it('knows HTTP/2 by a preface that comes a byte at a time', async () => {
    const connection = await openConnection(gateway.url)
    await connection.sendSlowly(hello)
    assert.ok(await connection.until(() => acknowledge(framesIn(connection.received())), 5_000))
    connection.leave()
  })

  it('knows HTTP/1.1 that comes a byte at a time', async () => {
    const connection = await openConnection(gateway.url)
    await connection.sendSlowly(Buffer.from(toHttp('GET /health')))
    assert.ok(await connection.until(() => connection.closed(), 5_000))
    assert.equal(readReply(String(connection.received())).status, 200)
  })

  it('answers requests that came in one packet, one after another', async () => {
    const one = toHttp('GET /health', undefined, { connection: 'keep-alive' })
    const text = await collect(one + one + toHttp('GET /health/live'))
    assert.equal(text.split('HTTP/1.1 200').length, 4)
  })

  it('takes a body in HTTP/1.1 that is longer than a packet', async () => {
    const long = { ...body, messages: [{ role: 'user', content: 'x'.repeat(3_000_000) }] }
    const request = toHttp('POST /v1/chat/completions', JSON.stringify(long))
    assert.equal((await sendRaw(gateway.url, request)).status, 200)
  })

  for (const [name, bytes] of [
    [
      'a method that begins like the preface',
      'PROPFIND /health HTTP/1.1\r\nconnection: close\r\nhost: a\r\n\r\n',
    ],
    ['the first line of the preface alone', 'PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n'],
    ['a preface with another end', `${preface.toString('latin1', 0, 23)}x`],
    ['no protocol at all', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['TLS', '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03'],
  ]) {
    it(`refuses ${name} as HTTP/1.1 does`, async () => {
      const reply = readReply(await collect(bytes ?? ''))
      assert.ok([400, 404, 505].includes(reply.status), `${reply.status}`)
      assert.match(reply.body, /"type":"invalid_request_error"/)
      assert.ok(reply.headers.get('x-request-id'))
    })
  }
})

/** Resolves when a socket has closed, by the book or by force. */
async function closed(socket: Socket): Promise<void> {
  await within(
    5_000,
    new Promise((resolve) => socket.once('close', resolve)),
    'the connection did not close',
  )
}

async function collect(bytes: string): Promise<string> {
  const client = await connectRaw(gateway.url)
  client.send(Buffer.from(bytes, 'latin1'))
  return client.closed()
}

const limits: PortLimits = {
  maxHeaderSize: 1_024,
  headersTimeout: 200,
  requestTimeout: 200,
  keepAliveTimeout: 200,
  connectionsCheckingInterval: 50,
}

async function impatient() {
  const parser = parserErrors()
  const server = new PortServer(limits, (_asked, answer) => void answer.end('answered'))
  server.on('clientError', parser.refuse)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return { server, url: `http://127.0.0.1:${port}` }
}

describe('a connection that does not say which protocol it speaks', () => {
  for (const [name, bytes] of [
    ['nothing', ''],
    ['half a preface', preface.subarray(0, 10)],
  ] as const) {
    it(`is dropped where it says ${name} for too long`, async () => {
      const { server, url } = await impatient()
      // Its time begins with the connection, which may be old when we hear of it.
      const since = performance.now()
      const client = await connectRaw(url)
      client.send(bytes)
      assert.equal(readReply(await client.closed()).status, 408)
      assert.ok(performance.now() - since >= 190)
      server.close()
    })
  }

  it('gets an answer where it says half a preface and no more', async () => {
    const client = await openConnection(gateway.url)
    client.send(preface.subarray(0, 10))
    client.end()
    assert.ok(await client.until(() => client.closed(), 5_000))
    assert.equal(readReply(String(client.received())).status, 400)
  })

  it('is closed where it leaves without a word, by the book and by force', async () => {
    const { server, url } = await impatient()
    for (const leave of ['end', 'leave'] as const) {
      const [client, [accepted]] = await Promise.all([
        openConnection(url),
        once(server, 'connection'),
      ])
      client[leave]()
      await closed(accepted)
    }
    server.close()
  })

  it('does not keep the server from closing', async () => {
    const { server, url } = await impatient()
    const [client] = await Promise.all([connectRaw(url), once(server, 'connection')])
    client.send(preface.subarray(0, 10))
    server.close()
    await Promise.all([once(server, 'close'), closed(client.socket)])
    assert.equal(client.received(), '')
  })

  it('that says half a preface is closed with all others', async () => {
    const { server, url } = await impatient()
    const [client] = await Promise.all([connectRaw(url), once(server, 'connection')])
    server.closeAllConnections()
    assert.equal(await client.closed(), '')
    server.close()
  })
})
