import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writable } from 'node:stream'
import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { type Asked, startByHand } from '../../src/emulator/by-hand.ts'
import { said } from '../support/gemini.ts'
import { connectH2, type H2Client, type H2Exchange } from '../support/h2-client.ts'
import { connectRaw, eventsIn, readReply, toHttp } from '../support/raw-client.ts'
import { within } from '../support/within.ts'

const logged: { level: number; msg: string }[] = []
const log = pino(
  { level: 'info' },
  new Writable({
    write(line, _encoding, done) {
      logged.push(JSON.parse(String(line)))
      done()
    },
  }),
)
const google = await startByHand()
const env = { GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url, POLLUX_RETRIES: '0' }
const config = readConfig({ PORT: '0', POLLUX_MAX_LAG_MS: '0', ...env })
const gateway = await startApp(config, log)
const beating = await startApp({ ...config, heartbeatMs: 50 }, pino({ level: 'silent' }))
const clients: H2Client[] = []
after(async () => {
  for (const client of clients) client.close()
  await Promise.all([gateway.close(), beating.close()])
  await google.close()
})

const path = '/v1/chat/completions'
const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }
const streamed = { ...chat, stream: true }

async function connect(url = gateway.url): Promise<H2Client> {
  const client = await connectH2(url)
  clients.push(client)
  return client
}

/** The bytes of a stream, but for what is another's in each. */
function alike(text: string): string {
  return text.replaceAll(/"(id|created)":("[^"]*"|\d+)/g, '"$1":0')
}

/** Asks for a stream and brings it to where the first event has arrived. */
async function begin(client: H2Client): Promise<{ exchange: H2Exchange; asked: Asked }> {
  const exchange = client.ask(path, streamed)
  const asked = await google.next()
  asked.begin()
  asked.events(said('one '))
  await exchange.until('one ')
  return { exchange, asked }
}

describe('a stream over HTTP/2', () => {
  it('has the bytes that it has over HTTP/1.1, event by event', async () => {
    const client = await connect()
    const { exchange, asked } = await begin(client)
    asked.events(said('two '))
    await exchange.until('two ')
    asked.events(said('three', 'STOP'))
    asked.end()
    const { status, headers, body, code } = await exchange.answer()
    const other = await connectRaw(gateway.url)
    other.send(toHttp(`POST ${path}`, JSON.stringify(streamed)))
    const again = await google.next()
    again.reply(said('one '), said('two '), said('three', 'STOP'))
    const reply = readReply(await other.closed())
    assert.equal(alike(body), alike(reply.body))
    assert.equal(status, 200)
    assert.equal(code, 0)
    for (const name of ['content-type', 'cache-control', 'x-accel-buffering']) {
      assert.equal(headers[name], reply.headers.get(name))
    }
    assert.match(String(headers['x-request-id']), /^[\w-]{36}$/)
    assert.ok(!('connection' in headers) && !('transfer-encoding' in headers))
  })

  it('has comments where it is silent, and an error event where it breaks, without [DONE]', async () => {
    const client = await connect(beating.url)
    const exchange = client.ask(path, streamed)
    const asked = await google.next()
    await exchange.until(': keep-alive\n\n: keep-alive\n\n')
    asked.begin()
    asked.events(said('one '))
    await exchange.until('one ')
    asked.reset()
    const { body, code } = await exchange.answer()
    const events = eventsIn(body)
    assert.match(events.at(-1) ?? '', /"error":\{.*"code":"stream_interrupted"/)
    assert.ok(!events.includes('[DONE]'))
    assert.equal(code, 0)
  })

  it('has its status where it fails before it begins', async () => {
    const client = await connect()
    const exchange = client.ask(path, streamed)
    const asked = await google.next()
    asked.refuse(429, 'Slow down.')
    const { status, body } = await exchange.answer()
    assert.equal(status, 429)
    assert.match(body, /rate_limit_exceeded/)
  })

  it('goes on beside others of its connection, each with its own answer', async () => {
    const client = await connect()
    const exchanges = Array.from({ length: 20 }, (_, n) =>
      client.ask(path, { ...streamed, messages: [{ role: 'user', content: `is ${n} it` }] }),
    )
    for (const _ of exchanges) {
      const asked = await google.next()
      const [, n] = /is (\d+) it/.exec(JSON.stringify(asked.body)) ?? []
      asked.reply(said(`it is ${n} `), said('indeed', 'STOP'))
    }
    const answers = await Promise.all(exchanges.map((exchange) => exchange.answer()))
    for (const [n, { body }] of answers.entries()) {
      assert.match(body, new RegExp(`it is ${n} [^]*indeed[^]*\\[DONE\\]`))
    }
  })
})

/** The middle of five: one slow turn of the machine is nobody's fault. */
async function typicalDelay(
  leave: (exchange: H2Exchange, client: H2Client) => void,
  stream = true,
) {
  const delays: number[] = []
  for (let n = 0; n < 5; n += 1) {
    const client = await connect()
    const exchange = client.ask(path, stream ? streamed : chat)
    const asked = await google.next()
    if (stream) {
      asked.begin()
      asked.events(said('one '))
      await exchange.until('one ')
    }
    const start = performance.now()
    leave(exchange, client)
    delays.push((await within(3_000, asked.left, 'the gateway did not hang up')) - start)
  }
  return delays.toSorted((a, b) => a - b)[2] ?? Infinity
}

describe('a client that leaves over HTTP/2', () => {
  const cancel = 8
  for (const [name, leave] of [
    ['resets its stream', ({ stream }: H2Exchange) => stream.close(cancel)],
    ['resets its stream as if all were well', ({ stream }: H2Exchange) => stream.close(0)],
    ['ends its connection', (_: H2Exchange, { session }: H2Client) => session.destroy()],
    [
      'says why it ends its connection',
      (_: H2Exchange, { session }: H2Client) => session.goaway(2),
    ],
    [
      'loses its socket',
      (_: H2Exchange, { session }: H2Client) => session.destroy(new Error('lost')),
    ],
  ] as const) {
    it(`ends Google’s stream within 100 ms: ${name}`, async () => {
      assert.ok((await typicalDelay(leave)) < 100)
    })

    it(`ends Google’s whole answer within 100 ms: ${name}`, async () => {
      assert.ok((await typicalDelay(leave, false)) < 100)
    })
  }

  it('leaves the other streams of its connection alone', async () => {
    const client = await connect()
    const [first, second] = [await begin(client), await begin(client)]
    first.exchange.stream.close(cancel)
    await within(3_000, first.asked.left, 'the gateway did not hang up')
    assert.ok(!second.asked.gone)
    second.asked.events(said('two', 'STOP'))
    second.asked.end()
    assert.match((await second.exchange.answer()).body, /two[^]*\[DONE\]/)
    // And the connection takes others.
    assert.equal((await client.ask('/health').answer()).status, 200)
  })

  it('asks for no more, but lets what runs end, with a farewell', async () => {
    const client = await connect()
    const { exchange, asked } = await begin(client)
    client.session.close()
    asked.events(said('two', 'STOP'))
    asked.end()
    assert.match((await exchange.answer()).body, /two[^]*\[DONE\]/)
    if (!client.session.destroyed) await once(client.session, 'close')
  })

  it('is nobody’s failure in the log', async () => {
    logged.length = 0
    const client = await connect()
    const whole = client.ask(path, chat)
    const first = await google.next()
    whole.stream.close(cancel)
    await within(3_000, first.left, 'the gateway did not hang up')
    const { exchange, asked } = await begin(client)
    exchange.stream.close(cancel)
    await within(3_000, asked.left, 'the gateway did not hang up')
    await sleep(50)
    assert.deepEqual(
      logged.filter(({ level }) => level >= 40),
      [],
    )
    assert.equal(logged.filter(({ msg }) => msg.includes('client left')).length, 2)
  })

  it('asks Google for nothing where it takes its request back before it is whole', async () => {
    const client = await connect()
    const before = google.requests.length
    const stream = client.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
    })
    stream.on('error', () => undefined)
    // JSON that could be all.
    stream.write(JSON.stringify(chat))
    await sleep(30)
    stream.close(cancel)
    await sleep(100)
    assert.equal(google.requests.length, before)
  })
})

describe('a client that stops reading over HTTP/2', () => {
  const piece = `data: ${JSON.stringify(said('x'.repeat(60_000)))}\r\n\r\n`

  /** Pushes until everything is out or the gateway takes no more for a while. */
  async function push(asked: Asked, total: number): Promise<number> {
    let sent = 0
    while (sent < total && !asked.gone) {
      sent += piece.length
      if (asked.write(piece)) continue
      const more = await Promise.race([asked.drained().then(() => true), sleep(400, false)])
      if (!more) break
    }
    return sent
  }

  it('holds back its upstream, while another stream of its connection goes on', async () => {
    const client = await connect()
    const { exchange, asked } = await begin(client)
    exchange.stream.pause()
    const before = process.memoryUsage().rss
    const sent = await push(asked, 300 * 1024 * 1024)
    const grown = process.memoryUsage().rss - before
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`)
    assert.ok(grown < 100 * 1024 * 1024, `${grown} bytes more`)
    const other = await begin(client)
    other.asked.events(said('two', 'STOP'))
    other.asked.end()
    assert.match((await other.exchange.answer()).body, /two[^]*\[DONE\]/)
    exchange.stream.close(8)
    await within(3_000, asked.left, 'the gateway did not hang up')
  })

  it('gets everything when it reads again', async () => {
    const client = await connect()
    const { exchange, asked } = await begin(client)
    exchange.stream.pause()
    const sent = await push(asked, 24 * 1024 * 1024)
    exchange.stream.resume()
    asked.events(said('the end', 'STOP'))
    asked.end()
    const { body } = await exchange.answer(10_000)
    assert.equal(eventsIn(body).at(-1), '[DONE]')
    assert.equal(body.split('x'.repeat(60_000)).length - 1, sent / piece.length)
  })

  it('gets a whole answer that is longer than every window', async () => {
    const client = await connect()
    const exchange = client.ask(path, chat)
    const asked = await google.next()
    asked.reply(said('y'.repeat(5_000_000), 'STOP'))
    const { status, body } = await exchange.answer()
    assert.equal(status, 200)
    assert.ok(body.includes('y'.repeat(5_000_000)))
  })
})
