import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'
import { connectH2, type H2Answer, listen } from '../support/h2-client.ts'
import { toHttp, sendRaw } from '../support/raw-client.ts'

const emulator = await startEmulator()
const gateway = await startGateway({
  GEMINI_API_KEY: 'k',
  GOOGLE_GEMINI_BASE_URL: emulator.url,
  POLLUX_API_KEYS: 'sesame',
  POLLUX_BODY_LIMIT: '100000',
  POLLUX_BUFFER_LIMIT: '150000',
  POLLUX_MAX_CONCURRENT: '2',
  POLLUX_CORS_ORIGINS: 'https://app.example',
})
const warnings: Error[] = []
const warned = (warning: Error) => void warnings.push(warning)
process.on('warning', warned)
const client = await connectH2(gateway.url)
after(async () => {
  client.close()
  process.off('warning', warned)
  await gateway.close()
  await emulator.close()
})

const path = '/v1/chat/completions'
const chat = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }
const key = { authorization: 'Bearer sesame' }

/** What is wrong in OpenAI's words, of an answer in their shape. */
function errorIn({ headers, body }: H2Answer): { message: string; code: string | null } {
  assert.match(String(headers['content-type']), /^application\/json/)
  assert.ok(headers['x-request-id'])
  assert.ok(!('connection' in headers) && !('keep-alive' in headers))
  const { error } = JSON.parse(body)
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'])
  return error
}

describe('a request over HTTP/2', () => {
  it('keeps its id', async () => {
    const { status, headers } = await client
      .ask('/health', undefined, { 'x-request-id': 'mine' })
      .answer()
    assert.equal(status, 200)
    assert.equal(headers['x-request-id'], 'mine')
  })

  it('may come from a web page', async () => {
    const { status, headers } = await client
      .ask(path, undefined, {
        ':method': 'OPTIONS',
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
      })
      .answer()
    assert.equal(status, 204)
    assert.equal(headers['access-control-allow-origin'], 'https://app.example')
  })

  it('is refused without a key before its body is read', async () => {
    const stream = client.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
    })
    const answer = await listen(stream).answer()
    assert.equal(answer.status, 401)
    assert.equal(errorIn(answer).code, 'invalid_api_key')
  })

  for (const [name, line, headers, body, status, code] of [
    ['an unknown path', '/nope', {}, chat, 404, 'unknown_url'],
    ['a wrong method', path, { ':method': 'PUT' }, chat, 405, 'method_not_allowed'],
    ['text', path, { 'content-type': 'text/plain' }, 'Hi', 415, 'unsupported_media_type'],
    ['zeros', path, { 'content-encoding': 'gzip' }, 'Hi', 415, 'unsupported_content_encoding'],
    ['no JSON', path, {}, '{"model":', 400, 'invalid_json'],
    ['too long a body', path, {}, 'x'.repeat(200_000), 413, 'request_too_large'],
    ['miracles', path, { expect: 'miracles' }, chat, 417, null],
    [
      'long headers',
      path,
      { 'x-a': 'y'.repeat(40_000), 'x-b': 'y'.repeat(40_000) },
      chat,
      431,
      null,
    ],
    ['half an address', path, { ':authority': '[::1' }, chat, 400, null],
    ['two hosts', path, { ':authority': 'a.example', host: 'b.example' }, chat, 400, null],
  ] as const) {
    it(`is refused in OpenAI’s shape where it has ${name}, and others go on`, async () => {
      const answer = await client.ask(line, body, { ...key, ...headers }).answer()
      assert.equal(answer.status, status)
      assert.equal(errorIn(answer).code, code)
      const next = await client.ask(path, chat, key).answer()
      assert.equal(next.status, 200)
    })
  }

  it('is told which method is allowed', async () => {
    const { headers } = await client.ask(path, undefined, { ...key, ':method': 'GET' }).answer()
    assert.equal(headers.allow, 'POST')
  })

  it('is refused where it is for a tunnel', async () => {
    const stream = client.session.request({ ':method': 'CONNECT', ':authority': 'a.example:443' })
    const answer = await listen(stream).answer()
    assert.equal(answer.status, 405)
    errorIn(answer)
  })

  it('is refused while it still sends, and its stream is closed', async () => {
    const stream = client.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
      ...key,
    })
    const exchange = listen(stream)
    stream.write('x'.repeat(120_000))
    const answer = await exchange.answer()
    assert.equal(answer.status, 413)
    assert.equal(errorIn(answer).code, 'request_too_large')
    assert.equal(answer.code, 0)
  })

  it('gives back what was held of its body where it is refused', async () => {
    for (let n = 0; n < 10; n += 1) {
      const { status } = await client.ask(path, 'x'.repeat(200_000), key).answer()
      assert.equal(status, 413)
    }
  })

  it('is reset where its headers are far too long', async () => {
    // Any more of it, or one that is longer than 64 KiB, and nghttp2 ends the connection.
    const long = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, 'y'.repeat(45_000)]))
    const exchange = client.ask('/health', undefined, long)
    const { status, code } = await exchange.answer()
    assert.equal(status, 0)
    assert.notEqual(code, 0)
    assert.equal((await client.ask('/health').answer()).status, 200)
  })

  it('may have as many headers as over HTTP/1.1', async () => {
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-${n}`, 'y']))
    assert.equal((await client.ask('/health', undefined, many).answer()).status, 200)
  })

  it('gets 100 Continue where it asks for it', async () => {
    const stream = client.session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/json',
      expect: '100-continue',
      ...key,
    })
    const exchange = listen(stream)
    stream.once('continue', () => stream.end(JSON.stringify(chat)))
    assert.equal((await exchange.answer()).status, 200)
  })

  it('is answered whole to a HEAD', async () => {
    const answer = await client.ask('/health', undefined, { ':method': 'HEAD' }).answer()
    assert.equal(answer.status, 200)
    assert.equal(answer.body, '')
  })
})

describe('many requests over HTTP/2', () => {
  it('share what may be held of bodies', async () => {
    const begun = Array.from({ length: 3 }, () => {
      const stream = client.session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/json',
        ...key,
      })
      stream.write(`"${'x'.repeat(70_000)}`)
      return listen(stream)
    })
    const refused = await Promise.race(begun.map((exchange) => exchange.answer()))
    assert.equal(refused.status, 503)
    assert.equal(errorIn(refused).code, 'server_overloaded')
    for (const { stream } of begun) stream.close(8)
    await Promise.all(begun.map((exchange) => exchange.answer()))
    // What was held is free again, of those that left too.
    const long = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(90_000) }] }
    assert.equal((await client.ask(path, long, key).answer()).status, 200)
  })

  it('wait, or are sent away, where they are more than are answered at a time', async () => {
    const slow = { ...chat, messages: [{ role: 'user', content: '[[fault:delay=300]] Hi' }] }
    const asking = Array.from({ length: 80 }, () => client.ask(path, slow, key).answer(10_000))
    assert.equal((await client.ask('/health/ready').answer()).status, 200)
    const answers = await Promise.all(asking)
    const shed = answers.filter(({ status }) => status === 503)
    const served = answers.filter(({ status }) => status === 200)
    assert.equal(shed.length + served.length, 80)
    assert.ok(served.length >= 8 && shed.length >= 4)
    for (const answer of shed) {
      assert.equal(errorIn(answer).code, 'server_overloaded')
      assert.equal(answer.headers['retry-after'], '1')
    }
  })

  it('do not make Node warn', () => {
    assert.deepEqual(warnings, [])
  })

  it('leave HTTP/1.1 as it is', async () => {
    const { status, headers } = await sendRaw(gateway.url, toHttp('POST /nope', '{}'))
    assert.equal(status, 404)
    assert.equal(headers.get('connection'), 'close')
  })
})
