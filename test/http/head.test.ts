import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'
import { connectRaw, type RawReply, readReply, sendRaw } from '../support/raw-client.ts'

const gateway = await startGateway({})
after(() => gateway.close())

const body = JSON.stringify({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Hi' }],
})

/** A request with exactly these header lines before those of its body. */
function request(lines: string[], version = 'HTTP/1.1'): string {
  const length = `content-length: ${body.length}`
  return [
    `POST /v1/chat/completions ${version}`,
    ...lines,
    'content-type: application/json',
    length,
    '',
    body,
  ].join('\r\n')
}

function chunked(lines: string[], version = 'HTTP/1.1'): string {
  const head = [`POST /v1/chat/completions ${version}`, ...lines, 'content-type: application/json']
  return [...head, '', body.length.toString(16), body, '0', '', ''].join('\r\n')
}

function errorOf({ status, headers, body }: RawReply): number {
  assert.equal(headers.get('connection'), 'close')
  assert.ok(headers.get('x-request-id'))
  const { error } = JSON.parse(body)
  assert.deepEqual(Object.keys(error), ['message', 'type', 'param', 'code'])
  return status
}

const host = 'host: pollux.example'

describe('a request whose head is in doubt', () => {
  const doubtful: [string, string, number][] = [
    ['two hosts', request([host, 'Host: other.example']), 400],
    ['two hosts that are the same', request([host, host]), 400],
    ['no host', request([]), 400],
    ['a host with a space', request(['host: a b']), 400],
    ['a host with a path', request(['host: a/b']), 400],
    ['a host with a user', request(['host: a@b']), 400],
    ['half an IPv6 address', request(['host: [::1']), 400],
    ['two transfer-encodings', chunked([host, 'transfer-encoding: gzip, chunked']), 501],
    ['identity before chunked', chunked([host, 'transfer-encoding: identity, chunked']), 501],
    ['HTTP/1.0 in chunks', chunked([host, 'transfer-encoding: chunked'], 'HTTP/1.0'), 400],
    ['HTTP/2.0 in words', request([host], 'HTTP/2.0'), 505],
    ['a compressed body', request([host, 'content-encoding: gzip']), 415],
    ['an expectation', request([host, 'expect: miracles']), 417],
  ]
  for (const [name, bytes, status] of doubtful) {
    it(`is refused, and its connection closed: ${name}`, async () => {
      assert.equal(errorOf(await sendRaw(gateway.url, bytes)), status)
    })
  }

  for (const fine of [
    '127.0.0.1:8080',
    '[::1]:8080',
    'pollux.example',
    'a_b.example:',
    'xn--bcher-kva.example',
  ]) {
    it(`is answered with a host like ${fine}`, async () => {
      const { status } = await sendRaw(gateway.url, request([`host: ${fine}`, 'connection: close']))
      assert.equal(status, 200)
    })
  }
})

describe('bytes that are not HTTP behind a request', () => {
  it('do not get between it and its answer', async () => {
    const client = await connectRaw(gateway.url)
    client.send(`${request([host])}not HTTP at all\r\n\r\n`)
    const [first = '', second = ''] = (await client.closed()).split(/(?=HTTP\/1\.1 400)/)
    assert.equal(readReply(first).status, 200)
    assert.match(first, /"object":"chat.completion"/)
    assert.equal(errorOf(readReply(second)), 400)
  })

  it('are nobody’s where the request was the last', async () => {
    const client = await connectRaw(gateway.url)
    client.send(`${request([host, 'connection: close'])}GET / HTTP/1.1\r\n\r\n`)
    const all = await client.closed()
    assert.equal(readReply(all).status, 200)
    assert.equal(all.split('HTTP/1.1 ').length, 2)
  })

  it('do not get into a stream', async () => {
    const client = await connectRaw(gateway.url)
    const streamed = JSON.stringify({ ...JSON.parse(body), stream: true })
    client.send(
      `POST /v1/chat/completions HTTP/1.1\r\n${host}\r\ncontent-type: application/json\r\ncontent-length: ${streamed.length}\r\n\r\n${streamed}`,
    )
    client.send('garbage\r\n\r\n')
    const all = await client.closed()
    assert.ok(all.indexOf('HTTP/1.1 400') > all.indexOf('data: [DONE]'))
  })
})

describe('a tunnel', () => {
  it('is refused in OpenAI’s shape', async () => {
    const reply = await sendRaw(
      gateway.url,
      'CONNECT other.example:443 HTTP/1.1\r\nhost: other.example:443\r\n\r\n',
    )
    assert.equal(errorOf(reply), 405)
  })
})

describe('a request behind one whose end is in doubt', () => {
  const head =
    'POST /v1/chat/completions HTTP/1.1\r\nhost: pollux.example\r\ncontent-type: application/json'
  for (const [name, first] of [
    ['identity, chunked', chunked([host, 'transfer-encoding: identity, chunked'])],
    [
      'HTTP/1.0 in chunks',
      chunked([host, 'connection: keep-alive', 'transfer-encoding: chunked'], 'HTTP/1.0'),
    ],
    ['two hosts', request([host, host])],
    ['two hosts, by the wrong method', `PUT /v1/models HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`],
    ['two hosts, and no such path', `PUT /nowhere HTTP/1.1\r\n${host}\r\n${host}\r\n\r\n`],
    [
      'a body that is too long',
      `${head}\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n${'x'.repeat(4096)}\r\n0\r\n\r\n`,
    ],
  ] as const) {
    it(`is not believed: ${name}`, async () => {
      const emulator = await startEmulator()
      const small = await startGateway({
        GEMINI_API_KEY: 'k',
        GOOGLE_GEMINI_BASE_URL: emulator.url,
        POLLUX_BODY_LIMIT: '2048',
      })
      const client = await connectRaw(small.url)
      client.send(first + request([host]))
      const all = await client.closed()
      await Promise.all([small.close(), emulator.close()])
      assert.equal(all.split('HTTP/1.1 ').length, 2)
      assert.ok(readReply(all).status >= 400)
      assert.equal(emulator.log.count, 0)
    })
  }
})
