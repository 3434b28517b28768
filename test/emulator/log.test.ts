import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { RequestLog } from '../../src/emulator/log.ts'
import { asking, startClients } from './client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const model = 'gemini-2.5-flash'

describe('the log', () => {
  it('tells what was asked and what became of it', async () => {
    const events = await developer.streamed(`${model}+fault:gzip`, asking('Why is the sky blue?'))
    const entry = await emulator.log.ended(emulator.log.count)
    assert.equal(entry.method, 'POST')
    assert.equal(entry.model, model)
    assert.match(entry.path, /:streamGenerateContent\?alt=sse$/)
    assert.deepEqual(entry.body, asking('Why is the sky blue?'))
    assert.deepEqual([entry.status, entry.events, entry.ended], [200, events.length, 'finished'])
    assert.equal(entry.fault, '{"gzip":true}')
    assert.ok(entry.bytes > 0 && entry.bodyBytes > 0 && (entry.took ?? -1) >= 0)
  })

  it('keeps no credentials', async () => {
    await vertex.post(`${model}:generateContent?key=secret3`, asking('Hi'), {
      authorization: 'Bearer secret1',
      'x-goog-api-key': 'secret2',
    })
    const entry = await emulator.log.ended(emulator.log.count)
    assert.equal(entry.headers['authorization'], 'Bearer ***')
    assert.equal(entry.headers['x-goog-api-key'], '***')
    assert.ok(!JSON.stringify(entry).includes('secret'))
  })

  it('keeps no body of more than 64 kB', async () => {
    await developer.whole(model, asking('x'.repeat(70_000)))
    const { body, bodyBytes } = await emulator.log.ended(emulator.log.count)
    assert.equal(body, undefined)
    assert.ok(bodyBytes > 70_000)
  })

  it('tells who left, and after how much', async () => {
    const left = new AbortController()
    const number = emulator.log.count + 1
    const ended = emulator.log.ended(number)
    const response = await fetch(
      `${emulator.url}/v1beta/models/${model}:streamGenerateContent?alt=sse`,
      {
        method: 'POST',
        headers: { 'x-goog-api-key': 'key' },
        body: JSON.stringify(asking('[[slow:60000]] Why is the sky blue?')),
        signal: left.signal,
      },
    )
    await response.body?.getReader().read()
    left.abort()
    assert.equal((await ended).ended, 'cancelled after 1 event')
  })

  it('tells who was reset or closed', async () => {
    for (const [fault, ending] of [
      ['reset@1', 'reset'],
      ['close-before-headers', 'closed'],
    ]) {
      const headers = { 'x-goog-api-key': 'key', 'x-emulator-fault': fault ?? '' }
      await assert.rejects(
        developer.post(`${model}:streamGenerateContent?alt=sse`, asking('Hi'), headers),
      )
      assert.equal((await emulator.log.ended(emulator.log.count)).ended, ending)
    }
  })

  it('tells what has come since', async () => {
    const before = emulator.log.count
    for (const text of ['one', 'two']) await developer.whole(model, asking(text))
    assert.deepEqual(
      emulator.log.since(before).map(({ body }) => body),
      [asking('one'), asking('two')],
    )
    assert.deepEqual(emulator.log.since(before + 2), [])
  })

  it('is served, and cleared', async () => {
    await developer.whole(model, asking('Hi'))
    const { requests } = await served('GET')
    assert.equal(requests.at(-1)?.number, emulator.log.count)
    assert.deepEqual((await served('DELETE')).requests, [])
    assert.deepEqual((await served('GET')).requests, [])
    assert.deepEqual(emulator.log.entries, [])
  })
})

describe('a log', () => {
  it('keeps the last 1,000 requests', async () => {
    const log = new RequestLog()
    for (let i = 0; i < 1005; i++) log.begin('GET', '/', {}).end('finished')
    assert.equal(log.entries.length, 1000)
    assert.equal(log.entries[0]?.number, 6)
    await assert.rejects(log.ended(5), /Request 5 is no longer in the log/)
    assert.equal((await log.ended(1005)).ended, 'finished')
  })
})

describe('waiting for the log', () => {
  const headers = { 'x-goog-api-key': 'key', 'x-emulator-fault': 'stall@0' }

  it('ends with a sentence where the request does not come', async () => {
    const next = emulator.log.count + 1
    await assert.rejects(emulator.log.ended(next, 20), {
      message: `Request ${next} did not come (${next - 1} have) within 20 ms.`,
    })
    // The one who waited too long is in nobody's way.
    await developer.whole(model, asking('Hi'))
    assert.equal((await emulator.log.ended(next)).ended, 'finished')
  })

  it('ends with a sentence where the answer does not end', async () => {
    const left = new AbortController()
    const number = emulator.log.count + 1
    const response = await fetch(`${emulator.url}/v1beta/models/${model}:generateContent`, {
      method: 'POST',
      headers,
      body: JSON.stringify(asking('Hi')),
      signal: left.signal,
    })
    await assert.rejects(emulator.log.ended(number, 20), {
      message: `The answer to request ${number} was not over within 20 ms.`,
    })
    left.abort()
    assert.equal((await emulator.log.ended(number)).ended, 'cancelled after 0 events')
    await response.body?.cancel().catch(() => undefined)
  })
})

async function served(method: string): Promise<{ requests: { number: number }[] }> {
  const response = await fetch(`${emulator.url}/_log`, { method })
  return JSON.parse(await response.text())
}
