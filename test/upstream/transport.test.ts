import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../src/errors.ts'
import { Arrival } from '../../src/upstream/record.ts'
import type { Reply } from '../../src/upstream/exchange.ts'
import { createTransport } from '../../src/upstream/transport.ts'
import { allOf } from '../support/source.ts'
import { startHttpPeer } from '../support/http-peer.ts'
import { within } from '../support/within.ts'

const peer = await startHttpPeer()
const transport = createTransport({
  connectTimeout: 500,
  headersTimeout: 5_000,
  idleTimeout: 5_000,
})
after(async () => {
  await transport.close()
  await peer.close()
})

function post(
  url = `${peer.url}/x`,
  signal = new AbortController().signal,
  arrival?: Arrival,
  body = '{"a":1}',
) {
  const headers = { 'x-own': '1' }
  return transport.post({ url, headers, body, signal, ...(arrival && { arrival }) })
}

async function faultOf(promise: Promise<unknown>): Promise<ApiError> {
  const fault = await promise.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  )
  assert.ok(fault instanceof ApiError, String(fault))
  return fault
}

async function drain({ body }: Reply): Promise<string> {
  const pieces = await allOf(body)
  return Buffer.concat(pieces).toString()
}

describe('a post', () => {
  it('sends the body and its headers, and nothing that nobody asked for', async () => {
    const [reply, asked] = await Promise.all([
      post(),
      peer.next().then((asked) => {
        asked.json(200, { b: 2 }, { 'x-theirs': '3' })
        return asked
      }),
    ])
    assert.equal(asked.method, 'POST')
    assert.deepEqual(asked.body, { a: 1 })
    assert.deepEqual(Object.keys(asked.headers).toSorted(), [
      'connection',
      'content-length',
      'host',
      'x-own',
    ])
    assert.equal(reply.status, 200)
    assert.equal(reply.header('x-theirs'), '3')
    assert.equal(reply.header('x-missing'), undefined)
    assert.equal(await reply.text(), '{"b":2}')
  })

  it('sends a long body whole, and says how long it is', async () => {
    const body = JSON.stringify({ a: 'ä'.repeat(100_000) })
    const sending = post(`${peer.url}/x`, undefined, undefined, body)
    const asked = await peer.next()
    asked.json(200, {})
    assert.equal((await sending).status, 200)
    assert.equal(JSON.stringify(asked.body), body)
    assert.equal(asked.headers['content-length'], String(Buffer.byteLength(body)))
    assert.equal(asked.headers['transfer-encoding'], undefined)
  })

  it('resolves with the headers, before the body has come', async () => {
    const [reply, asked] = await Promise.all([
      post(),
      peer.next().then((asked) => {
        asked.begin()
        return asked
      }),
    ])
    asked.write('one ')
    asked.write('two')
    asked.end()
    assert.equal(await drain(reply), 'one two')
  })

  it('goes to the normal form of its URL', async () => {
    const [reply, asked] = await Promise.all([
      post(`${peer.url}/a/../my proxy/größe?k=v`),
      peer.next().then((asked) => {
        asked.json(200, {})
        return asked
      }),
    ])
    await reply.text()
    assert.equal(asked.url, '/my%20proxy/gr%C3%B6%C3%9Fe?k=v')
  })

  it('never follows a redirect', async () => {
    const before = peer.requests.length
    const [reply] = await Promise.all([
      post(),
      peer.next().then((asked) => asked.json(307, '', { location: `${peer.url}/elsewhere` })),
    ])
    assert.equal(reply.status, 307)
    await reply.text()
    assert.equal(peer.requests.length, before + 1)
  })

  it('is never sent twice, even when the connection is reset', async () => {
    const before = peer.requests.length
    const [fault] = await Promise.all([faultOf(post()), peer.next().then((asked) => asked.reset())])
    await sleep(30)
    assert.equal(fault.status, 502)
    assert.equal(fault.code, 'bad_gateway')
    assert.ok(fault.cause)
    assert.equal(peer.requests.length, before + 1)
  })

  it('says 502 where nobody listens, without the address', async () => {
    const fault = await faultOf(post('http://127.0.0.1:1/x'))
    assert.equal(fault.status, 502)
    assert.doesNotMatch(fault.message, /127|ECONN/)
  })

  it('says stream_interrupted where the body breaks off', async () => {
    for (const read of ['text', 'bytes'] as const) {
      const [reply, asked] = await Promise.all([
        post(),
        peer.next().then((asked) => {
          asked.begin()
          asked.write('half')
          return asked
        }),
      ])
      const reading = read === 'text' ? reply.text() : drain(reply)
      setTimeout(() => asked.reset(), 20)
      const fault = await faultOf(reading)
      assert.equal(fault.status, 502)
      assert.equal(fault.code, 'stream_interrupted')
    }
  })

  it('notes how a body came, and how it broke off', async () => {
    for (const [end, failure] of [
      ['end', undefined],
      ['reset', 'stream_interrupted'],
    ] as const) {
      const arrival = new Arrival()
      const [reply, asked] = await Promise.all([
        post(undefined, undefined, arrival),
        peer.next().then((asked) => {
          asked.begin()
          asked.write('one ')
          return asked
        }),
      ])
      while (arrival.pieces === 0) await sleep(1)
      asked[end]()
      await drain(reply).catch(() => undefined)
      assert.deepEqual([arrival.pieces, arrival.failure], [1, failure])
      assert.ok(Number(arrival.firstAt) <= Number(arrival.endedAt))
    }
  })

  it('notes that nobody waited for the body', async () => {
    const arrival = new Arrival()
    const leaving = new AbortController()
    const [reply] = await Promise.all([
      post(undefined, leaving.signal, arrival),
      peer.next().then((asked) => asked.begin()),
    ])
    leaving.abort()
    await assert.rejects(drain(reply))
    assert.equal(arrival.failure, 'cancelled')
  })

  it('ends with its signal, before and after the headers', async () => {
    const before = new AbortController()
    const refused = post(undefined, before.signal)
    const first = await peer.next()
    before.abort(new Error('left'))
    await assert.rejects(refused, (error) => !(error instanceof ApiError))
    await within(1_000, first.left, 'the connection stayed')

    const later = new AbortController()
    const [reply, second] = await Promise.all([
      post(undefined, later.signal),
      peer.next().then((asked) => {
        asked.begin()
        return asked
      }),
    ])
    const reading = drain(reply)
    later.abort(new Error('left'))
    await assert.rejects(reading, (error) => !(error instanceof ApiError))
    await within(1_000, second.left, 'the connection stayed')
  })

  it('is not even sent with a signal that has aborted', async () => {
    const before = peer.requests.length
    await assert.rejects(post(undefined, AbortSignal.abort()))
    assert.equal(peer.requests.length, before)
  })

  it('hangs up when the reader stops in the middle', async () => {
    const [reply, asked] = await Promise.all([
      post(),
      peer.next().then((asked) => {
        asked.begin()
        asked.write('one ')
        return asked
      }),
    ])
    await reply.body.next()
    reply.body.cancel()
    await within(1_000, asked.left, 'the connection stayed')
  })

  it('uses connections again', async () => {
    const fresh = createTransport({
      connectTimeout: 500,
      headersTimeout: 5_000,
      idleTimeout: 5_000,
    })
    const ports = new Set<unknown>()
    const { signal } = new AbortController()
    for (let n = 0; n < 6; n += 1) {
      const [reply] = await Promise.all([
        fresh.post({ url: peer.url, headers: {}, body: '{}', signal }),
        peer.next().then((asked) => {
          ports.add(asked.port)
          return asked.json(200, {})
        }),
      ])
      await reply.text()
    }
    await fresh.close()
    // undici may open a second one while the first is not yet marked as free.
    assert.ok(ports.size <= 2, `${ports.size} connections`)
  })
})

describe('patience', { concurrency: true }, () => {
  const impatient = createTransport({
    connectTimeout: 500,
    headersTimeout: 300,
    idleTimeout: 300,
  })
  after(() => impatient.close())

  const ask = async () => {
    const silent = await startHttpPeer()
    const { signal } = new AbortController()
    const reply = impatient.post({ url: silent.url, headers: {}, body: '{}', signal })
    return { silent, reply }
  }

  it('ends in upstream_timeout when no headers come', async () => {
    const { silent, reply } = await ask()
    const fault = await within(4_000, faultOf(reply), 'no timeout')
    assert.equal(fault.status, 504)
    assert.equal(fault.code, 'upstream_timeout')
    await silent.close()
  })

  it('ends in upstream_idle_timeout when the body stalls', async () => {
    const { silent, reply } = await ask()
    const asked = await silent.next()
    asked.begin()
    asked.write('one ')
    const stalled = await reply
    const fault = await within(4_000, faultOf(drain(stalled)), 'no timeout')
    assert.equal(fault.status, 504)
    assert.equal(fault.code, 'upstream_idle_timeout')
    await silent.close()
  })
})
