import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { after, describe, it } from 'node:test'
import { promisify } from 'node:util'
import OpenAI from 'openai'
import { type Child, servedBy, startChild } from './http/child.ts'
import { connectRaw, toHttp } from './support/raw-client.ts'

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

  it('lets a running stream end on SIGTERM, takes no new one, and exits with 0', async () => {
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
      refused = await fetch(`${url}/health`).then(
        ({ status }) => status === 503,
        () => true,
      )
    }
    assert.ok(pieces.length > 3)
    assert.ok(refused)
    assert.match(pieces.join(''), /sky/)
    assert.equal(pieces.at(-1), 'stop')
    assert.match(await keeping.until('[DONE]'), /"finish_reason":"stop"/)
    assert.equal(await child.exited(3_000), 0)
    idle.leave()
    keeping.leave()
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

  it('says why when the port is taken', async () => {
    const first = createServer().listen(0, '127.0.0.1')
    await once(first, 'listening')
    const address = first.address()
    assert.ok(typeof address === 'object' && address !== null)
    const second = start({ PORT: String(address.port) })
    assert.equal(await second.exited(), 1)
    assert.match(second.output(), new RegExp(`EADDRINUSE.*${address.port}`))
    first.close()
  })
})
