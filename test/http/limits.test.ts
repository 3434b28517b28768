import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'

const emulator = await startEmulator()
const gateway = await startGateway({
  GEMINI_API_KEY: 'k',
  GOOGLE_GEMINI_BASE_URL: emulator.url,
  POLLUX_RETRIES: '2',
  POLLUX_MAX_CONCURRENT: '2',
  POLLUX_TOTAL_TIMEOUT_SECONDS: '1',
})
after(async () => {
  await gateway.close()
  await emulator.close()
})

async function ask(content: string, stream = false) {
  const started = performance.now()
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'gemini-2.5-flash',
      messages: [{ role: 'user', content }],
      stream,
    }),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    took: performance.now() - started,
  }
}

describe('an answer that is not streamed', () => {
  it('is given up when its time is over, and so is what Gemini does for it', async () => {
    const { status, text, took } = await ask('[[fault:stall@0]] Hi')
    assert.equal(status, 504)
    assert.match(text, /"code":"upstream_timeout"/)
    assert.ok(took >= 990 && took < 2_000, `${took} ms`)
    const entry = await emulator.log.ended(emulator.log.count)
    assert.equal(entry.ended, 'cancelled after 0 events')
  })

  it('is not tried again when too little time is left for it', async () => {
    const before = emulator.log.count
    const { status } = await ask('[[fault:status=503]] Hi')
    assert.equal(status, 503)
    assert.equal(emulator.log.count - before, 1)
  })
})

describe('a stream', () => {
  it('may take as long as it goes on', async () => {
    const { status, text } = await ask('[[fault:delay=700;pace=50]] Explain the tides', true)
    assert.equal(status, 200)
    assert.match(text, /data: \[DONE\]/)
  })
})

describe('more requests than are answered at a time', () => {
  it('wait, and are sent away where there is no place to wait', async () => {
    const asking = Array.from({ length: 80 }, () => ask('[[fault:delay=300]] Hi', true))
    // How the gateway is may be asked all the same.
    assert.equal((await fetch(`${gateway.url}/health/ready`)).status, 200)
    const answers = await Promise.all(asking)
    const shed = answers.filter(({ status }) => status === 503)
    const served = answers.filter(({ status }) => status === 200)
    assert.equal(shed.length + served.length, 80)
    // 2 at a time, 0.3 s each, for the 2 s that the others wait.
    assert.ok(served.length >= 8 && served.length <= 20, `${served.length} served`)
    for (const { headers, text } of shed) {
      assert.match(text, /"code":"server_overloaded"/)
      assert.equal(headers.get('retry-after'), '1')
    }
    const atOnce = shed.filter(({ took }) => took < 1_000)
    // All that neither are answered nor wait, but for those that come when an answer has made room.
    assert.ok(atOnce.length > 4 && atOnce.length <= 80 - 2 - 64, `${atOnce.length} at once`)
    assert.equal((await ask('Hi')).status, 200)
  })
})
