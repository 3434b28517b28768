import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'
import { eventsIn } from '../support/raw-client.ts'

const emulator = await startEmulator()
after(() => emulator.close())

async function ask(url: string, content: string, stream = false) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gemini-2.5-flash',
      messages: [{ role: 'user', content }],
      stream,
    }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

/** What the emulator was asked while this was done. */
async function during<T>(work: () => Promise<T>) {
  const before = emulator.log.count
  const result = await work()
  return { result, asked: emulator.log.entries.filter(({ number }) => number > before) }
}

// Each waits a while before it asks again, and has a gateway of its own: retries have a budget.
describe('an answer that breaks off before its first word', { concurrency: true }, () => {
  const breaks = [
    'reset@0',
    'fin@0',
    'error@0=503',
    'reset@0+40',
    'malformed@0',
    'close-before-headers',
  ]
  for (const stream of [true, false]) {
    for (const fault of breaks) {
      it(`is asked for again: ${fault} ${stream ? 'in a stream' : 'whole'}`, async () => {
        const gateway = await startGateway({
          GEMINI_API_KEY: 'k',
          GOOGLE_GEMINI_BASE_URL: emulator.url,
          POLLUX_RETRIES: '2',
        })
        const key = `${fault.replaceAll(/\W/g, '')}-${stream}`
        const { status, headers, text } = await ask(
          gateway.url,
          `[[fault:${fault};times=1;key=${key}]] Say hello.`,
          stream,
        )
        await gateway.close()
        assert.equal(status, 200, text)
        assert.equal(headers.get('x-pollux-attempts'), '2')
        if (stream) assert.equal(eventsIn(text).at(-1), '[DONE]')
      })
    }
  }
})

describe('an answer that breaks off again and again', () => {
  it('is a refusal where it stays so', async () => {
    const gateway = await startGateway({
      GEMINI_API_KEY: 'k',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      POLLUX_RETRIES: '1',
    })
    const { result, asked } = await during(() => ask(gateway.url, '[[fault:reset@0]] Hi', true))
    await gateway.close()
    assert.equal(result.status, 502)
    assert.match(result.text, /"code":"stream_interrupted"/)
    assert.equal(asked.length, 2)
    assert.equal(result.headers.get('x-should-retry'), 'false')
  })
})

describe('several keys', () => {
  it('stand in for one that is wrong, and for one without quota, which is spared for a while', async () => {
    const gateway = await startGateway({
      GEMINI_API_KEY: 'invalid, second-key',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      POLLUX_RETRIES: '2',
    })
    const one = await during(() => ask(gateway.url, 'Hi'))
    await gateway.close()
    assert.equal(one.result.status, 200, one.result.text)
    assert.equal(one.result.headers.get('x-pollux-location'), 'key 2')
    const limited = '[[fault:status=429;retry-info=9;times=1;key=of-the-first]] Hi'
    const both = await startGateway({
      GEMINI_API_KEY: 'first-key, second-key',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      POLLUX_RETRIES: '2',
    })
    const { result, asked } = await during(() => ask(both.url, limited))
    assert.equal(result.status, 200, result.text)
    assert.equal(asked.length, 2)
    assert.equal(result.headers.get('x-pollux-location'), 'key 2')
    const next = await during(() => ask(both.url, 'Hi'))
    assert.equal(next.result.headers.get('x-pollux-location'), 'key 2')
    assert.equal(next.asked.length, 1)
    await both.close()
  })
})

describe('a key whose answers break off', () => {
  it('is not asked again by the same request, and is left alone after five', async () => {
    const gateway = await startGateway({
      GEMINI_API_KEY: 'first-key, second-key',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      POLLUX_RETRIES: '2',
    })
    const locations: (string | null)[] = []
    for (let times = 0; times < 7; times += 1) {
      const { status, headers } = await ask(
        gateway.url,
        `[[fault:reset@0;times=1;key=broken-${times}]] Hi`,
        true,
      )
      assert.equal(status, 200)
      locations.push(headers.get('x-pollux-location'))
    }
    await gateway.close()
    // Each first try breaks off: the first five at the first key, then that one is left alone.
    assert.deepEqual(
      locations.slice(0, 5),
      Array.from({ length: 5 }, () => 'key 2'),
    )
  })
})
