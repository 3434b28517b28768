import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI from 'openai'
import { pino } from 'pino'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { said } from '../support/gemini.ts'
import { within } from '../support/within.ts'
import { connectRaw, eventsIn, type RawClient, readReply, toHttp } from '../support/raw-client.ts'

const google = await startByHand()
const env = { GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url, POLLUX_RETRIES: '0' }
const config = readConfig({ PORT: '0', ...env })
const log = pino({ level: 'silent' })
const gateway = await startApp({ ...config, heartbeatMs: 50 }, log)
const calm = await startApp({ ...config, heartbeatMs: 1_000 }, log)
const quiet = await startApp({ ...config, heartbeatMs: 0 }, log)
const patient = await startApp({ ...config, heartbeatMs: 2_147_000 }, log)
after(async () => {
  await Promise.all([gateway.close(), calm.close(), quiet.close(), patient.close()])
  await google.close()
})

const model = 'gemini-2.5-flash'
const messages = [{ role: 'user' as const, content: 'Hi' }]
const comments = (text: string) => text.split(': keep-alive\n\n').length - 1

async function ask(url = gateway.url, stream = true): Promise<RawClient> {
  const client = await connectRaw(url)
  const body = JSON.stringify({ model, messages, stream })
  client.send(toHttp('POST /v1/chat/completions', body))
  return client
}

/** How many timers keep the process alive. */
function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}

describe('a stream that is silent', () => {
  it('gets comments before its first event, and then the whole answer', async () => {
    const client = await ask()
    const asked = await google.next()
    await client.until(/(: keep-alive\n\n[^]*){3}/)
    assert.equal(readReply(client.received()).status, 200)
    assert.match(client.received(), /content-type: text\/event-stream/)
    asked.reply(said('hello', 'STOP'))
    const text = await client.closed()
    assert.equal(eventsIn(text).at(-1), '[DONE]')
    assert.match(text, /"content":"hello"/)
  })

  it('gets them between two events too', async () => {
    const client = await ask()
    const asked = await google.next()
    asked.begin()
    asked.events(said('one '))
    await client.until(/one [^]*(: keep-alive\n\n[^]*){2}/)
    asked.events(said('two', 'STOP'))
    asked.end()
    assert.equal(eventsIn(await client.closed()).at(-1), '[DONE]')
  })

  it('gets none while events come', async () => {
    const client = await ask(calm.url)
    const asked = await google.next()
    asked.begin()
    for (let n = 0; n < 12; n += 1) {
      asked.events(said(`${n} `))
      await sleep(100)
    }
    asked.events(said('end', 'STOP'))
    asked.end()
    assert.equal(comments(await client.closed()), 0)
  })

  it('fails in an error event, without [DONE], once it has had a comment', async () => {
    const client = await ask()
    const asked = await google.next()
    await client.until(': keep-alive')
    asked.refuse(429, 'Slow down.')
    const events = eventsIn(await client.closed())
    assert.equal(events.length, 1)
    assert.match(events[0] ?? '', /"code":"rate_limit_exceeded"/)
  })

  it('fails with its status until then', async () => {
    const client = await ask()
    const asked = await google.next()
    asked.refuse(429, 'Slow down.')
    const { status, body } = readReply(await client.closed())
    assert.equal(status, 429)
    assert.match(body, /rate_limit_exceeded/)
  })

  it('is understood by the SDK', async () => {
    const sdk = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
    const [stream, asked] = await Promise.all([
      sdk.chat.completions.create({ model, messages, stream: true }),
      google.next(),
    ])
    asked.begin()
    const pieces: string[] = []
    const reading = (async () => {
      for await (const { choices } of stream) pieces.push(choices[0]?.delta.content ?? '')
    })()
    await sleep(120)
    asked.events(said('hello', 'STOP'))
    asked.end()
    await within(3_000, reading, 'the stream did not end')
    assert.equal(pieces.join(''), 'hello')
  })

  it('hangs up upstream when the client leaves', async () => {
    const client = await ask()
    const asked = await google.next()
    await client.until(': keep-alive')
    client.leave()
    await within(1_000, asked.left, 'the gateway did not hang up')
  })

  it('stays silent where no comments are wanted', async () => {
    const client = await ask(quiet.url)
    const asked = await google.next()
    await sleep(150)
    assert.equal(client.received(), '')
    asked.reply(said('hello', 'STOP'))
    assert.equal(comments(await client.closed()), 0)
  })

  it('is no matter of whole answers', async () => {
    const client = await ask(gateway.url, false)
    const asked = await google.next()
    await sleep(150)
    asked.reply(said('hello', 'STOP'))
    const { status, body } = readReply(await client.closed())
    assert.equal(status, 200)
    assert.match(body, /^\{.*"hello"/)
  })
})

describe('the timer of a stream', () => {
  it('is gone when the stream has ended, and when its client has left', async () => {
    const before = timers()
    const [whole, left, early] = await Promise.all([
      ask(patient.url),
      ask(patient.url),
      ask(patient.url),
    ])
    const asked = [await google.next(), await google.next(), await google.next()]
    for (const [n, one] of asked.slice(0, 2).entries()) {
      one.begin()
      one.events(said(`text ${n}`))
    }
    await Promise.race([whole, left, early].map((client) => client.until('text ')))
    for (const client of [whole, left, early]) client.leave()
    await within(1_000, Promise.all(asked.map((one) => one.left)), 'some were not hung up')
    const client = await ask(patient.url)
    const last = await google.next()
    last.reply(said('all', 'STOP'))
    await client.closed()
    for (let tries = 0; timers() > before && tries < 50; tries += 1) await sleep(20)
    assert.ok(timers() <= before, 'a timer is left')
  })
})
