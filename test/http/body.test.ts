import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startGateway } from '../support/gateway.ts'
import { connectRaw, readReply, sendRaw, toHttp } from '../support/raw-client.ts'

const gateway = await startGateway({ POLLUX_BODY_LIMIT: '4096', POLLUX_BUFFER_LIMIT: '8192' })
after(() => gateway.close())

const line = 'POST /v1/chat/completions'

function bodyOf(bytes: number): string {
  const empty = JSON.stringify({
    model: 'gemini-2.5-flash',
    messages: [{ role: 'user', content: '' }],
  })
  return empty.replace('"content":""', `"content":"${'x'.repeat(bytes - empty.length)}"`)
}

/** A body of 3,000 bytes of which all but the last are sent: it is held. */
async function held() {
  const client = await connectRaw(gateway.url)
  const bytes = toHttp(line, bodyOf(3_000))
  client.send(bytes.slice(0, -1))
  return { client, finish: () => client.send(bytes.slice(-1)) }
}

describe('a request body', () => {
  it('is refused with 413 as soon as it is too long, announced or not', async () => {
    const announced = await sendRaw(
      gateway.url,
      toHttp(line, undefined, { 'content-type': 'application/json', 'content-length': '5000' }),
    )
    assert.equal(announced.status, 413)
    const piece = `1000\r\n${'x'.repeat(4096)}\r\n`
    const head = toHttp(line, undefined, {
      'content-type': 'application/json',
      'transfer-encoding': 'chunked',
    })
    const chunked = await sendRaw(gateway.url, `${head}${piece}${piece}`)
    assert.equal(chunked.status, 413)
    for (const { body, headers } of [announced, chunked]) {
      assert.match(body, /"code":"request_too_large"/)
      assert.equal(headers.get('connection'), 'close')
    }
  })

  it('is refused where it is not UTF-8', async () => {
    const bytes = Buffer.from(bodyOf(200))
    bytes[bytes.indexOf('xxx')] = 0xff
    const head = toHttp(line, undefined, {
      'content-type': 'application/json',
      'content-length': '200',
    })
    const { status, body } = await sendRaw(gateway.url, Buffer.concat([Buffer.from(head), bytes]))
    assert.equal(status, 400)
    assert.match(body, /"code":"invalid_utf8"/)
  })

  it('is refused with 503 while the others fill the memory, and taken again afterwards', async () => {
    const first = await held()
    const second = await held()
    await new Promise((resolve) => setTimeout(resolve, 100))
    const third = await sendRaw(gateway.url, toHttp(line, bodyOf(3_000)))
    assert.equal(third.status, 503)
    assert.equal(third.headers.get('retry-after'), '1')
    assert.match(third.body, /"code":"server_overloaded"/)
    first.client.leave()
    second.finish()
    assert.equal(readReply(await second.client.closed()).status, 200)
    assert.equal((await sendRaw(gateway.url, toHttp(line, bodyOf(3_000)))).status, 200)
  })

  it('leaves nothing behind, however it ends', async () => {
    for (let times = 0; times < 10; times += 1) {
      const { client } = await held()
      client.leave()
      assert.equal((await sendRaw(gateway.url, toHttp(line, bodyOf(4_096)))).status, 200)
      assert.equal((await sendRaw(gateway.url, toHttp(line, '{'.repeat(3_000)))).status, 400)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    const both = await Promise.all(
      [1, 2].map(() => sendRaw(gateway.url, toHttp(line, bodyOf(4_096)))),
    )
    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200],
    )
  })
})

describe('a body that nobody asked for', () => {
  it('is not held for who has no key, or asks for what is not there', async () => {
    const keyed = await startGateway({
      POLLUX_API_KEYS: 'a-key-of-ours',
      POLLUX_BUFFER_LIMIT: '2048',
    })
    const clients = await Promise.all(
      ['/nope', '/v1/models', '/v1/chat/completions'].map(async (path) => {
        const client = await connectRaw(keyed.url)
        const bytes = toHttp(`POST ${path}`, bodyOf(2_000))
        client.send(bytes.slice(0, -1))
        return client
      }),
    )
    const replies = await Promise.all(clients.map((client) => client.until(/\r\n\r\n.*\}/s)))
    assert.deepEqual(
      replies.map((reply) => readReply(reply).status),
      [404, 405, 401],
    )
    const { status } = await sendRaw(
      keyed.url,
      toHttp(line, bodyOf(1_500), { authorization: 'Bearer a-key-of-ours' }),
    )
    assert.equal(status, 200)
    for (const client of clients) client.leave()
    await keyed.close()
  })
})
