import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { type Child, servedBy, startChild } from './support/child.ts'
import { type Asked, startByHand } from '../src/emulator/by-hand.ts'
import { said } from './support/gemini.ts'
import { connectH2 } from './support/h2-client.ts'
import { framesIn, frameTypes, hello } from './support/h2-frames.ts'
import { takePort } from './support/port.ts'
import { connectRaw, eventsIn, readReply, toHttp } from './support/raw-client.ts'
import { openConnection } from './suites/support/connection.ts'

const run = promisify(execFile)
const started: Child[] = []
after(() => {
  for (const child of started) child.kill()
})

function start(env: Record<string, string>): Child {
  const child = startChild(env)
  started.push(child)
  return child
}

const curl = ['/usr/bin/curl', '/bin/curl', '/usr/local/bin/curl'].some((path) => existsSync(path))

const slow = {
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user' as const, content: 'Why is the sky blue, tell me? [[slow:100]]' }],
}

/** The first words of an answer. */
function begin(asked: Asked): void {
  asked.begin()
  asked.events(said('one '))
}

describe('the process', { concurrency: 2 }, () => {
  it('says what it serves and how to try it, with a curl that works when pasted', async (t) => {
    const child = start({})
    await servedBy(child)
    const output = await child.until("}'\n")
    assert.match(output, /EMULATOR/)
    const command = output.split('\n').find((line) => line.trimStart().startsWith('curl '))
    assert.ok(command !== undefined, output)
    if (!curl) return t.skip('needs curl')
    const { stdout } = await run('bash', ['-c', command], { timeout: 10_000 })
    const answer: OpenAI.ChatCompletion = JSON.parse(stdout)
    assert.equal(answer.choices[0]?.finish_reason, 'stop')
    assert.match(answer.choices[0].message.content ?? '', /hello/i)
  })

  it('lets running streams end on SIGTERM, refuses in OpenAI’s shape what else comes, and exits with 0', async () => {
    const child = start({ LOG_LEVEL: 'info' })
    const url = await servedBy(child)
    // Connections that clients keep, one that was never used and one with a stream of its own.
    const idle = await connectRaw(url)
    const keeping = await connectRaw(url)
    keeping.send(
      toHttp('POST /v1/chat/completions', JSON.stringify({ ...slow, stream: true }), {
        connection: 'keep-alive',
      }),
    )
    await keeping.until('data: ')
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    const stream = await client.chat.completions.create({ ...slow, stream: true })
    const pieces: string[] = []
    let refused = false
    for await (const chunk of stream) {
      pieces.push(chunk.choices[0]?.delta.content ?? chunk.choices[0]?.finish_reason ?? '')
      if (pieces.length !== 2) continue
      child.process.kill('SIGTERM')
      await child.until('SIGTERM')
      keeping.send(toHttp('GET /v1/models'))
      refused = await fetch(`${url}/health`).then(
        ({ status }) => status === 503,
        () => true,
      )
    }
    assert.ok(pieces.length > 3)
    assert.ok(refused)
    assert.match(pieces.join(''), /sky/)
    assert.equal(pieces.at(-1), 'stop')
    const kept = await keeping.closed()
    assert.match(kept, /"finish_reason":"stop"[^]*\[DONE\]/)
    if (kept.includes('HTTP/1.1 503')) assert.match(kept, /"code":"server_shutting_down"/)
    assert.equal(await child.exited(3_000), 0)
    idle.leave()
  })

  it('refuses to start in production without a backend, and names the variables', async () => {
    const child = start({ NODE_ENV: 'production' })
    assert.equal(await child.exited(), 1)
    assert.match(child.output(), /GOOGLE_CLOUD_PROJECT.*GEMINI_API_KEY/s)
    assert.doesNotMatch(child.output(), /\n\s+at /, 'a stack trace is no answer')
  })

  it('writes one JSON object a line in production, and no secret', async () => {
    const child = start({
      NODE_ENV: 'production',
      GEMINI_API_KEY: 'canary-key',
      GOOGLE_API_KEY: 'canary-google',
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1',
      POLLUX_API_KEYS: 'canary-client',
    })
    const url = await servedBy(child)
    await fetch(`${url}/v1/chat/completions?key=canary-query`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer canary-client',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body: JSON.stringify({
        model: 'gemini-2.5-flash',
        messages: [{ role: 'user', content: 'canary-prompt' }],
      }),
    })
    child.process.kill('SIGTERM')
    assert.equal(await child.exited(), 0)
    const lines = child.output().trim().split('\n')
    const entries: { severity: string; message: string; status?: number }[] = lines.map((line) =>
      JSON.parse(line),
    )
    assert.ok(entries.every(({ severity, message }) => severity && message))
    assert.deepEqual(
      entries.filter(({ severity }) => severity === 'WARNING').map(({ message }) => message),
      ['Both GOOGLE_API_KEY and GEMINI_API_KEY are set: GOOGLE_API_KEY is used.'],
    )
    assert.equal(entries.find(({ status }) => status !== undefined)?.status, 502)
    assert.doesNotMatch(child.output(), /canary/)
  })

  it('ends what takes too long after SIGTERM, over both protocols, and exits with 0', async () => {
    const google = await startByHand()
    const child = start({
      GEMINI_API_KEY: 'k',
      GOOGLE_GEMINI_BASE_URL: google.url,
      POLLUX_DRAIN_SECONDS: '1',
    })
    const url = await servedBy(child)
    const ask = async (stream: boolean) => {
      const client = await connectRaw(url)
      const body = JSON.stringify({ ...slow, stream })
      client.send(toHttp('POST /v1/chat/completions', body, { connection: 'keep-alive' }))
      return { client, asked: await google.next() }
    }
    const { client: begun, asked } = await ask(true)
    begin(asked)
    await begun.until('one ')
    const { client: silent } = await ask(true)
    const { client: whole } = await ask(false)
    // One who has said that it will send a body, and does not.
    const writing = await connectRaw(url)
    writing.send(toHttp('POST /v1/chat/completions', '{', { 'content-length': '1000' }))
    // The same over HTTP/2, and one who hears everything there and never hangs up.
    const client = await connectH2(url)
    const begunH2 = client.ask('/v1/chat/completions', { ...slow, stream: true })
    begin(await google.next())
    await begunH2.until('one ')
    const wholeH2 = client.ask('/v1/chat/completions', slow)
    await google.next()
    const deaf = await openConnection(url)
    deaf.send(hello)
    assert.ok(await deaf.until(() => framesIn(deaf.received()).length > 1, 5_000))
    const since = performance.now()
    child.process.kill('SIGTERM')
    for (const text of [await begun.closed(), (await begunH2.answer()).body]) {
      const events = eventsIn(text)
      assert.match(events.at(-1) ?? '', /"code":"server_shutting_down"/)
      assert.ok(!events.includes('[DONE]'))
    }
    const replies = [silent, whole].map(async (one) => readReply(await one.closed()))
    for (const { status, body } of [...(await Promise.all(replies)), await wholeH2.answer()]) {
      assert.equal(status, 503)
      assert.match(body, /"code":"server_shutting_down"/)
    }
    assert.equal(await child.exited(3_000), 0)
    const took = performance.now() - since
    assert.ok(took >= 950 && took < 2_000, `${took} ms`)
    assert.ok(framesIn(deaf.received()).some(({ type }) => type === frameTypes.goaway))
    writing.leave()
    deaf.leave()
    client.close()
    await google.close()
  })

  it('says farewell over HTTP/2 on SIGTERM, lets streams end, and takes no new ones', async () => {
    const google = await startByHand()
    const child = start({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
    const url = await servedBy(child)
    const client = await connectH2(url)
    const goaway = once(client.session, 'goaway')
    const stream = client.ask('/v1/chat/completions', { ...slow, stream: true })
    const asked = await google.next()
    asked.begin()
    asked.events(said('one '))
    await stream.until('one ')
    // One who has nothing under way, one who has not said who he is, and one who speaks in HTTP/1.1.
    const idle = await connectH2(url)
    const silent = await connectRaw(url)
    const other = await connectRaw(url)
    other.send(toHttp('GET /health', undefined, { connection: 'keep-alive' }))
    await other.until('"ok"')
    child.process.kill('SIGTERM')
    assert.equal((await goaway)[0], 0)
    assert.equal((await client.ask('/health').answer()).status, 0)
    assert.equal(child.process.exitCode, null)
    asked.events(said('two', 'STOP'))
    asked.end()
    const { body, code } = await stream.answer()
    assert.match(body, /two[^]*\[DONE\]/)
    assert.equal(code, 0)
    assert.equal(await child.exited(3_000), 0)
    for (const one of [client, idle]) one.close()
    for (const one of [silent, other]) one.leave()
    await google.close()
  })

  it('exits at once at the second signal', async () => {
    const child = start({})
    const client = await connectRaw(await servedBy(child))
    // One that is not over before the second signal, however busy the machine is.
    const messages = [{ role: 'user', content: 'Explain the tides [[slow:2000]]' }]
    const stream = JSON.stringify({ ...slow, messages, stream: true })
    client.send(toHttp('POST /v1/chat/completions', stream))
    await client.until('data: ')
    child.process.kill('SIGTERM')
    await child.until('SIGTERM')
    const before = performance.now()
    child.process.kill('SIGINT')
    assert.equal(await child.exited(1_000), 1)
    assert.ok(performance.now() - before < 500)
    client.leave()
  })

  it('says in one sentence why it cannot listen, and what to set', async () => {
    for (const [env, sentence] of [
      [{ HOST: '192.0.2.1', POLLUX_AUTH: 'none' }, /not have the address 192\.0\.2\.1\. Set HOST/],
      [{ HOST: 'no.such.invalid', POLLUX_AUTH: 'none' }, /name no\.such\.invalid\. Set HOST/],
    ] as const) {
      const child = start(env)
      assert.equal(await child.exited(), 1)
      assert.match(child.output(), sentence)
      assert.doesNotMatch(child.output(), /\n\s+at /, 'a stack trace is no answer')
    }
  })

  it('says why when the port of the metrics is taken', async () => {
    const first = await takePort()
    const second = start({ POLLUX_METRICS_PORT: String(first.port) })
    assert.equal(await second.exited(), 1)
    assert.match(
      second.output(),
      new RegExp(`Port ${first.port} .* is in use.* Set POLLUX_METRICS_PORT`),
    )
    await first.free()
  })

  it('says why when the port is taken', async () => {
    const first = await takePort()
    const second = start({ PORT: String(first.port) })
    assert.equal(await second.exited(), 1)
    assert.match(second.output(), new RegExp(`Port ${first.port} .* is in use.* Set PORT`))
    assert.doesNotMatch(second.output(), /\n\s+at /, 'a stack trace is no answer')
    await first.free()
  })
})
