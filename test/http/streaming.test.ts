import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, describe, it } from 'node:test'
import OpenAI, { APIError } from 'openai'
import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { type Asked, startByHand } from '../../src/emulator/by-hand.ts'
import { googleError, said } from '../support/gemini.ts'
import { within } from '../support/within.ts'
import { connectRaw, eventsIn, type RawClient, readReply, toHttp } from '../support/raw-client.ts'
import { isRecord } from '../support/shared.ts'

// The gateway's own words are kept: some tests look at what it logged.
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
const gateway = await startApp(
  readConfig({
    PORT: '0',
    POLLUX_RETRIES: '0',
    GEMINI_API_KEY: 'k',
    GOOGLE_GEMINI_BASE_URL: google.url,
  }),
  log,
)
after(async () => {
  await google.close()
  await gateway.close()
})

const sdk = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
const messages = [{ role: 'user' as const, content: 'Hi' }]
const model = 'gemini-2.5-flash'

/** Asks over a socket of its own; the answer is read as it comes. */
async function ask(stream: boolean): Promise<RawClient> {
  const client = await connectRaw(gateway.url)
  const body = JSON.stringify({ model, messages, stream })
  client.send(toHttp('POST /v1/chat/completions', body))
  return client
}

/** Asks for a stream and brings it to where the first event has arrived. */
async function begun(): Promise<{ client: RawClient; asked: Asked }> {
  const client = await ask(true)
  const asked = await google.next()
  asked.begin()
  asked.events(said('one '))
  await client.until('one ')
  return { client, asked }
}

/** The text of all deltas. */
function textIn(events: string[]): string {
  return events.map((event) => (event === '[DONE]' ? '' : contentIn(event))).join('')
}

function contentIn(event: string): string {
  const chunk: { choices?: { delta: { content?: string } }[] } = JSON.parse(event)
  return chunk.choices?.[0]?.delta.content ?? ''
}

function errorIn(event: string | undefined): Record<string, unknown> {
  assert.ok(event !== undefined)
  const parsed: unknown = JSON.parse(event)
  assert.ok(isRecord(parsed) && isRecord(parsed.error), event)
  return parsed.error
}

describe('a stream in progress', () => {
  it('reaches the client event by event, the first before the second is sent', async () => {
    const { client, asked } = await begun()
    assert.equal(readReply(client.received()).status, 200)
    asked.events(said('two '))
    await client.until('two ')
    asked.events(said('three', 'STOP'))
    asked.end()
    const events = eventsIn(await client.closed())
    assert.equal(textIn(events), 'one two three')
    assert.equal(events.at(-1), '[DONE]')
  })

  it('says nothing before the model does, so that a refusal has its status', async () => {
    const client = await ask(true)
    const asked = await google.next()
    asked.begin()
    await sleep(50)
    assert.equal(client.received(), '')
    asked.write('data: {"error":{"code":503,"message":"Too busy now.","status":"UNAVAILABLE"}}\n\n')
    asked.end()
    const { status, body } = readReply(await client.closed())
    assert.equal(status, 503)
    assert.match(body, /Too busy now/)
  })

  it('survives letters cut in two, and every kind of line end', async () => {
    const client = await ask(true)
    const asked = await google.next()
    asked.begin()
    const bytes = Buffer.from(
      `data: ${JSON.stringify(said('Grüße '))}\r\n\r\ndata: ${JSON.stringify(said('aus Köln 🌉', 'STOP'))}\n\n`,
    )
    await writeBytes(asked, bytes)
    asked.end()
    const events = eventsIn(await client.closed())
    assert.equal(textIn(events), 'Grüße aus Köln 🌉')
  })
})

async function writeBytes(asked: Asked, bytes: Buffer): Promise<void> {
  for (const byte of bytes) {
    asked.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
}

/** The middle of five: one slow turn of the machine is nobody's fault. */
async function typicalDelay(scene: () => Promise<{ client: RawClient; asked: Asked }>) {
  const delays: number[] = []
  for (let n = 0; n < 5; n += 1) {
    const { client, asked } = await scene()
    const start = performance.now()
    client.leave()
    delays.push((await within(3_000, asked.left, 'the gateway did not hang up')) - start)
  }
  return delays.toSorted((a, b) => a - b)[2] ?? Infinity
}

describe('a client that leaves', () => {
  it('ends Google’s stream within 100 ms', async () => {
    assert.ok((await typicalDelay(begun)) < 100)
  })

  it('ends Google’s whole answer within 100 ms, before it has begun', async () => {
    const delay = await typicalDelay(async () => ({
      client: await ask(false),
      asked: await google.next(),
    }))
    assert.ok(delay < 100)
  })

  it('ends a stream that Google has not answered yet within 100 ms', async () => {
    const delay = await typicalDelay(async () => ({
      client: await ask(true),
      asked: await google.next(),
    }))
    assert.ok(delay < 100)
  })

  it('ends a stream whose first event has not come yet within 100 ms', async () => {
    const delay = await typicalDelay(async () => {
      const client = await ask(true)
      const asked = await google.next()
      asked.begin()
      await sleep(20)
      return { client, asked }
    })
    assert.ok(delay < 100)
  })

  it('ends a whole answer in the middle of it within 100 ms', async () => {
    const delay = await typicalDelay(async () => {
      const client = await ask(false)
      const asked = await google.next()
      asked.begin()
      asked.write('{"candidates":[')
      await sleep(20)
      return { client, asked }
    })
    assert.ok(delay < 100)
  })

  it('is heard of through the SDK’s abort as well', async () => {
    const stream = await Promise.all([
      sdk.chat.completions.create({ model, messages, stream: true }),
      google.next().then((asked) => {
        asked.begin()
        asked.events(said('one '))
        return asked
      }),
    ])
    const [chunks, asked] = stream
    for await (const _ of chunks) break // Leaving the loop is what closes the SDK's stream.
    await within(3_000, asked.left, 'the gateway did not hang up')
  })

  it('is nobody’s failure in the log', async () => {
    logged.length = 0
    const whole = await ask(false)
    const first = await google.next()
    whole.leave()
    await within(3_000, first.left, 'the gateway did not hang up')
    const { client, asked } = await begun()
    client.leave()
    await within(3_000, asked.left, 'the gateway did not hang up')
    await sleep(50)
    assert.deepEqual(
      logged.filter(({ level }) => level >= 40),
      [],
    )
    assert.equal(logged.filter(({ msg }) => msg.includes('client left')).length, 2)
  })

  it('leaves nothing open when many of them do', async () => {
    const scenes = await Promise.all(Array.from({ length: 50 }, () => ask(true)))
    const asked: Asked[] = []
    for (const _ of scenes) {
      asked.push(await google.next())
    }
    for (const client of scenes) client.leave()
    await within(3_000, Promise.all(asked.map(({ left }) => left)), 'some were not hung up')
  })
})

describe('a client that stops reading', () => {
  const offered = 300 * 1024 * 1024
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

  it('stops the upstream, and the gateway’s memory stays bounded', async () => {
    const { client, asked } = await begun()
    client.socket.pause()
    const before = process.memoryUsage().rss
    const sent = await push(asked, offered)
    const grown = process.memoryUsage().rss - before
    // What was taken sits in the sockets of the system, of which there are four.
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`)
    assert.ok(grown < 150 * 1024 * 1024, `${grown} bytes more`)
    client.leave()
    await within(3_000, asked.left, 'the gateway did not hang up')
  })

  it('gets everything when it reads again', async () => {
    const { client, asked } = await begun()
    client.socket.pause()
    const sent = await push(asked, 48 * 1024 * 1024)
    client.socket.resume()
    asked.events(said('the end', 'STOP'))
    asked.end()
    const text = await client.closed(10_000)
    const events = eventsIn(text)
    assert.equal(events.at(-1), '[DONE]')
    assert.equal(textIn(events).length, 'one '.length + (sent / piece.length) * 60_000 + 7)
  })
})

describe('a stream that breaks', () => {
  const broken = /broke off|Send the request again/

  it('ends in an error event, without [DONE], when the upstream resets after some events', async () => {
    for (const count of [1, 2, 5]) {
      const client = await ask(true)
      const asked = await google.next()
      asked.begin()
      for (let n = 0; n < count; n += 1) {
        asked.events(said(`piece ${n}. `))
        await client.until(`piece ${n}. `)
      }
      asked.reset()
      const events = eventsIn(await client.closed())
      const error = errorIn(events.at(-1))
      assert.match(textIn(events.slice(0, -1)), new RegExp(`piece ${count - 1}\\. $`))
      assert.ok(!events.includes('[DONE]'))
      assert.equal(error.type, 'server_error')
      assert.match(String(error.message), broken)
    }
  })

  it('is stream_interrupted when it ends without a finishReason', async () => {
    const { client, asked } = await begun()
    asked.end()
    const events = eventsIn(await client.closed())
    assert.equal(errorIn(events.at(-1)).code, 'stream_interrupted')
    assert.ok(!events.includes('[DONE]'))
    assert.ok(!events.some((event) => /"finish_reason":"/.test(event)))
  })

  it('is stream_interrupted when it ends in the middle of an event', async () => {
    const { client, asked } = await begun()
    asked.write('data: {"candidates":[{"content":{"parts":[{"te')
    asked.end()
    const events = eventsIn(await client.closed())
    assert.match(String(errorIn(events.at(-1)).code), /stream_interrupted|bad_gateway/)
    assert.ok(!events.includes('[DONE]'))
  })

  it('is a 502 in JSON when it is killed before its first event', async () => {
    for (const kill of [
      (asked: Asked) => asked.reset(),
      (asked: Asked) => {
        asked.begin()
        asked.reset()
      },
      (asked: Asked) => {
        asked.begin()
        asked.end()
      },
      (asked: Asked) => {
        asked.begin()
        asked.write('data: {"candidates":[{"con')
        asked.end()
      },
    ]) {
      const client = await ask(true)
      kill(await google.next())
      const { status, headers, body } = readReply(await client.closed())
      assert.equal(status, 502)
      assert.match(headers.get('content-type') ?? '', /^application\/json/)
      assert.equal(errorIn(body).type, 'server_error')
    }
  })

  it('still brings the two events that shared a write with the error, and then the error', async () => {
    const client = await ask(true)
    const asked = await google.next()
    asked.reply(said('one '), said('two '), googleError(503, 'UNAVAILABLE', 'Overloaded.'))
    const events = eventsIn(await client.closed())
    assert.equal(textIn(events.slice(0, -1)), 'one two ')
    assert.equal(errorIn(events.at(-1)).code, 'server_is_overloaded')
    assert.ok(!events.includes('[DONE]'))
  })

  it('understands an error that comes as bare JSON, pretty-printed or in an array', async () => {
    const error = googleError(429, 'RESOURCE_EXHAUSTED', 'Slow down.')
    for (const text of [
      JSON.stringify(error),
      JSON.stringify(error, null, 2),
      JSON.stringify([error], null, 2),
      `data: ${JSON.stringify([error])}\n\n`,
    ]) {
      const { client, asked } = await begun()
      asked.write(text)
      asked.end()
      const events = eventsIn(await client.closed())
      assert.equal(errorIn(events.at(-1)).code, 'rate_limit_exceeded')
      assert.equal(errorIn(events.at(-1)).message, 'Slow down.')
    }
  })

  for (const [name, event] of [
    ['not JSON', 'data: {oops\n\n'],
    ['null', 'data: null\n\n'],
    ['no response', 'data: 5\n\n'],
    ['candidates of a wrong type', 'data: {"candidates":{}}\n\n'],
    ['a candidate of a wrong type', 'data: {"candidates":[null]}\n\n'],
    ['parts of a wrong type', 'data: {"candidates":[{"content":{"parts":7}}]}\n\n'],
    ['a part of a wrong type', 'data: {"candidates":[{"content":{"parts":[null]}}]}\n\n'],
    ['text of a wrong type', 'data: {"candidates":[{"content":{"parts":[{"text":7}]}}]}\n\n'],
  ] as const) {
    it(`says bad_gateway, not that the gateway is wrong, after an event that is ${name}`, async () => {
      const { client, asked } = await begun()
      asked.write(event)
      asked.events(said('end', 'STOP'))
      asked.end()
      const events = eventsIn(await client.closed())
      // Skipping what cannot be read is as good as an error; silence is not.
      if (events.at(-1) !== '[DONE]') assert.equal(errorIn(events.at(-1)).code, 'bad_gateway')
    })
  }

  it('throws in the SDK every time', async () => {
    for (const kill of [(asked: Asked) => asked.reset(), (asked: Asked) => asked.end()]) {
      const [stream, asked] = await Promise.all([
        sdk.chat.completions.create({ model, messages, stream: true }),
        google.next().then((asked) => {
          asked.begin()
          asked.events(said('one '))
          return asked
        }),
      ])
      const reading = (async () => {
        for await (const _ of stream) kill(asked)
      })()
      await assert.rejects(reading, (error) => error instanceof APIError)
    }
  })

  it('is a 502 where a whole answer breaks off', async () => {
    const client = await ask(false)
    const asked = await google.next()
    asked.begin()
    asked.write('{"candidates":[')
    await sleep(20)
    asked.reset()
    const { status, body } = readReply(await client.closed())
    assert.equal(status, 502)
    assert.equal(errorIn(body).type, 'server_error')
  })
})

describe('the connection to the client', () => {
  it('is kept for the next request after a stream', async () => {
    const client = await connectRaw(gateway.url)
    for (let n = 0; n < 3; n += 1) {
      const body = JSON.stringify({ model, messages, stream: true })
      client.send(toHttp('POST /v1/chat/completions', body, { connection: 'keep-alive' }))
      const asked = await google.next()
      asked.reply(said(`answer ${n}`, 'STOP'))
      await client.until(new RegExp(`answer ${n}[^]*\\[DONE\\]\n\n`))
    }
    client.leave()
  })
})
