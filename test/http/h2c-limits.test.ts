import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../src/emulator/server.ts'
import { ApiError } from '../../src/errors.ts'
import { bodyReader } from '../../src/http/body.ts'
import { Answer } from '../../src/http/h2c-messages.ts'
import { PortServer } from '../../src/http/protocols.ts'
import { startGateway } from '../support/gateway.ts'
import { connectH2, listen } from '../support/h2-client.ts'
import {
  encode,
  type Fields,
  frame,
  framesIn,
  frameTypes,
  hello,
  preface,
} from '../support/h2-frames.ts'
import { within } from '../support/within.ts'
import { type Connection, openConnection } from '../suites/support/connection.ts'

const path = '/v1/chat/completions'
const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }

function headOf(path: string, method = 'POST'): Fields {
  return [
    [':method', method],
    [':scheme', 'http'],
    [':authority', 'gateway'],
    [':path', path],
    ['content-type', 'application/json'],
  ]
}

/** What the server said last of all, in its farewell. */
function goodbye(connection: Connection): number | undefined {
  const last = framesIn(connection.received()).findLast(({ type }) => type === frameTypes.goaway)
  return last?.payload.readUInt32BE(4)
}

// Each has a server of its own, and waits.
describe('time over HTTP/2', { concurrency: true }, () => {
  const limits = {
    maxHeaderSize: 1_024,
    headersTimeout: 300,
    requestTimeout: 300,
    keepAliveTimeout: 600,
    connectionsCheckingInterval: 50,
  }

  async function listening(listener: RequestListener = (_asked, answer) => void answer.end('all')) {
    const server = new PortServer(limits, listener)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    return { server, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}` }
  }

  const begun = frame(frameTypes.headers, 0, 1, encode(headOf('/')))
  const whole = frame(frameTypes.headers, 5, 1, encode(headOf('/', 'GET')))
  for (const [name, bytes, least] of [
    ['says nothing after the preface', preface, 300],
    ['says half a head', Buffer.concat([hello, begun]), 300],
    ['asks nothing', hello, 600],
    ['asks nothing more', Buffer.concat([hello, whole]), 600],
  ] as const) {
    it(`is up for a client that ${name}, and it gets a farewell`, async () => {
      const { server, url } = await listening()
      const since = performance.now()
      const connection = await openConnection(url)
      connection.send(bytes)
      assert.ok(await connection.until(() => connection.closed(), 5_000))
      assert.ok(performance.now() - since >= least - 10, 'too early')
      assert.equal(goodbye(connection), 0)
      server.close()
    })
  }

  it('is not up while an answer is owed', async () => {
    const answers: ServerResponse[] = []
    const { server, url } = await listening((_asked, answer) => void answers.push(answer))
    const client = await connectH2(url)
    const exchange = client.ask('/')
    await sleep(1_000)
    answers[0]?.end('at last')
    const { status, body } = await exchange.answer()
    assert.equal(status, 200)
    assert.equal(body, 'at last')
    client.close()
    server.close()
  })

  it('is up for a body that stalls: 408, and others go on', async () => {
    const reader = bodyReader({ longest: 1_000, together: 1_000 }, () => undefined)
    const { server, url } = await listening((asked, answer) => {
      reader.read(asked).then(
        (text) => answer.end(text),
        (error) => answer.writeHead(error instanceof ApiError ? error.status : 500).end('late'),
      )
    })
    const client = await connectH2(url)
    const stream = client.session.request({ ':method': 'POST', ':path': '/' })
    stream.write('{')
    const exchange = listen(stream)
    const other = client.ask('/', '{}').answer()
    assert.equal((await other).body, '{}')
    const { status, code } = await exchange.answer()
    assert.equal(status, 408)
    assert.equal(code, 0)
    client.close()
    server.close()
  })

  it('is up for a client that does not read one stream, and others go on', async () => {
    const answers: Answer[] = []
    const { server, url } = await listening((asked: IncomingMessage, answer) => {
      if (asked.url !== '/long') return void answer.end('short')
      answer.write('x'.repeat(1_000_000))
      // Both are one, over this protocol.
      const written: unknown = answer
      if (written instanceof Answer) answers.push(written)
    })
    const client = await connectH2(url)
    const before = performance.now()
    const stream = client.session.request({ ':path': '/long' })
    const exchange = listen(stream)
    await once(stream, 'data')
    stream.pause()
    await sleep(100)
    const [answer = assert.fail()] = answers
    // 30 s, and a second for every 16 kB that wait.
    const patience = 30_000 + 1_000_000 / 16
    answer.dropStalled(before + patience)
    assert.equal(answer.stream.closed, false)
    answer.dropStalled(performance.now() + patience)
    assert.equal(answer.stream.closed, true)
    stream.resume()
    assert.equal((await exchange.answer()).code, 8)
    assert.equal((await client.ask('/').answer()).body, 'short')
    client.close()
    server.close()
  })
})

/** The numbers of a client's streams. */
function odd(n: number): number {
  return 2 * n + 1
}

function times(count: number, make: (n: number) => Buffer[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, n) => make(n)).flat())
}

function again(count: number, one: Buffer): Buffer {
  return Buffer.alloc(count * one.length, one)
}

describe('abuse of HTTP/2', async () => {
  const emulator = await startEmulator()
  const gateway = await startGateway({
    GEMINI_API_KEY: 'k',
    GOOGLE_GEMINI_BASE_URL: emulator.url,
  })
  let witness: Awaited<ReturnType<typeof connectH2>>
  // Not sooner: whoever says nothing for long is let go.
  before(async () => {
    witness = await connectH2(gateway.url)
  })
  after(async () => {
    witness.close()
    await gateway.close()
    await emulator.close()
  })

  const get = encode(headOf('/health', 'GET'))
  const post = encode(headOf(path))

  for (const [name, bytes] of [
    [
      'opens and resets streams',
      times(5_000, (n) => [
        frame(frameTypes.headers, 4, odd(n), post),
        frame(frameTypes.reset, 0, odd(n), Buffer.of(0, 0, 0, 8)),
      ]),
    ],
    [
      'makes us reset streams',
      times(5_000, (n) => [
        frame(frameTypes.headers, 4, odd(n), post),
        frame(frameTypes.windowUpdate, 0, odd(n), Buffer.alloc(4)),
      ]),
    ],
    [
      'asks for pings and reads none',
      again(200_000, frame(frameTypes.ping, 0, 0, Buffer.alloc(8))),
    ],
    ['changes settings for ever', again(200_000, frame(frameTypes.settings, 0, 0))],
    [
      'never ends a head',
      Buffer.concat([
        frame(frameTypes.headers, 0, 1, get),
        again(100, frame(frameTypes.continuation, 0, 1)),
      ]),
    ],
    ['sends data to nobody', frame(frameTypes.data, 0, 0, Buffer.from('x'))],
    ['sends frames that are too long', frame(frameTypes.data, 0, 1, Buffer.alloc(100_000))],
    ['compresses headers badly', frame(frameTypes.headers, 5, 1, Buffer.alloc(20, 0xff))],
    ['asks with an even number', frame(frameTypes.headers, 5, 2, get)],
    ['speaks HTTP/1.1 all at once', Buffer.from('GET / HTTP/1.1\r\nhost: a.example\r\n\r\n')],
  ] as const) {
    it(`ends the connection of who ${name}, and no other`, async () => {
      const asked = emulator.log.count
      const connection = await openConnection(gateway.url)
      connection.send(hello)
      connection.send(bytes)
      assert.ok(await connection.until(() => connection.closed(), 8_000), 'it is still open')
      assert.equal(emulator.log.count, asked)
      assert.equal((await witness.ask('/health').answer()).status, 200)
      connection.leave()
    })
  }

  for (const [name, extra] of [
    ['Connection', ['connection', 'close']],
    ['Transfer-Encoding', ['transfer-encoding', 'chunked']],
    ['Upgrade', ['upgrade', 'h2c']],
    ['a name in capitals', ['X-A', 'b']],
  ] as const) {
    it(`resets a stream with ${name}, and nothing is asked`, async () => {
      const asked = emulator.log.count
      const connection = await openConnection(gateway.url)
      const head = encode([...headOf(path), [extra[0], extra[1]]])
      connection.send(hello)
      connection.send(frame(frameTypes.headers, 4, 1, head))
      connection.send(frame(frameTypes.data, 1, 1, Buffer.from(JSON.stringify(chat))))
      const isReset = () =>
        framesIn(connection.received()).some(({ type }) => type === frameTypes.reset)
      assert.ok(await connection.until(isReset, 5_000))
      assert.equal(emulator.log.count, asked)
      connection.leave()
    })
  }

  it('asks nothing for a request with a false length', async () => {
    const asked = emulator.log.count
    const connection = await openConnection(gateway.url)
    connection.send(hello)
    connection.send(
      frame(frameTypes.headers, 4, 1, encode([...headOf(path), ['content-length', '5']])),
    )
    connection.send(frame(frameTypes.data, 1, 1, Buffer.from(JSON.stringify(chat))))
    const refused = () =>
      framesIn(connection.received()).some(({ type }) =>
        [frameTypes.reset, frameTypes.goaway].includes(type),
      )
    assert.ok(await connection.until(refused, 5_000))
    assert.equal(emulator.log.count, asked)
    connection.leave()
  })

  it('asks nothing for a request that is taken back in the same packet', async () => {
    const asked = emulator.log.count
    const connection = await openConnection(gateway.url)
    const body = Buffer.from(JSON.stringify(chat))
    connection.send(
      Buffer.concat([
        hello,
        frame(frameTypes.headers, 4, 1, post),
        frame(frameTypes.data, 0, 1, body),
        frame(frameTypes.reset, 0, 1, Buffer.of(0, 0, 0, 8)),
      ]),
    )
    await sleep(200)
    assert.equal(emulator.log.count, asked)
    connection.leave()
  })

  it('is no more than 1,000 streams at a time on a connection', async () => {
    const client = await connectH2(gateway.url)
    if (client.session.remoteSettings.maxConcurrentStreams !== 1_000) {
      await within(5_000, once(client.session, 'remoteSettings'), 'no settings came')
    }
    assert.equal(client.session.remoteSettings.maxConcurrentStreams, 1_000)
    client.close()
    const connection = await openConnection(gateway.url)
    connection.send(hello)
    connection.send(times(1_050, (n) => [frame(frameTypes.headers, 4, odd(n), post)]))
    const refused = () =>
      framesIn(connection.received()).filter(
        ({ type, payload }) => type === frameTypes.reset && payload.readUInt32BE(0) === 7,
      ).length
    assert.ok(await connection.until(() => refused() >= 50, 5_000), `${refused()} were refused`)
    connection.leave()
  })
})
