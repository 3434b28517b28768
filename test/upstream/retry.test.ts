import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import { exhausted, waitBefore } from '../../src/upstream/retry.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const settings = { retries: 2, random: () => 0.5 }
const busy = (headers: Record<string, string> = {}) =>
  new ApiError(503, 'service_unavailable_error', 'Busy.', { code: 'server_is_overloaded', headers })

describe('a failure', () => {
  it('is waited for, longer each time, until there were enough tries', () => {
    const waits = [1, 2, 3].map((tries) => waitBefore(busy(), tries, 0, false, settings))
    assert.deepEqual(waits, [500, 1000, undefined])
  })

  it('is waited for as long as Google asks', () => {
    assert.equal(waitBefore(busy({ 'retry-after-ms': '2500' }), 1, 0, false, settings), 2500)
  })

  it('is the client’s to wait for where that is long, all waits together', () => {
    assert.equal(waitBefore(busy({ 'retry-after-ms': '10001' }), 1, 0, false, settings), undefined)
    assert.equal(
      waitBefore(busy({ 'retry-after-ms': '6000' }), 2, 6000, false, settings),
      undefined,
    )
  })

  it('of too many requests is waited for a second at least', () => {
    const many = new ApiError(429, 'rate_limit_error', 'Slow down.')
    assert.equal(waitBefore(many, 1, 0, false, { retries: 2, random: () => 0 }), 1000)
  })

  it('is asked about elsewhere at once', () => {
    assert.equal(waitBefore(busy({ 'retry-after-ms': '9000' }), 1, 0, true, settings), 0)
  })

  it('that will not pass is not tried again', () => {
    const lasting = [
      new ApiError(400, 'invalid_request_error', 'Bad.'),
      new ApiError(404, 'invalid_request_error', 'None.'),
      new ApiError(429, 'insufficient_quota', 'Spent.', { code: 'insufficient_quota' }),
      new ApiError(502, 'server_error', 'Key.', { code: 'upstream_authentication_error' }),
      new ApiError(504, 'server_error', 'Late.', { code: 'upstream_timeout' }),
    ]
    for (const error of lasting) assert.equal(waitBefore(error, 1, 0, false, settings), undefined)
  })

  it('that stayed tells OpenAI’s SDKs not to go on', () => {
    const { headers } = exhausted(busy({ 'retry-after': '3' }), 3)
    assert.deepEqual(headers, {
      'retry-after': '3',
      'x-pollux-attempts': '3',
      'x-should-retry': 'false',
    })
  })
})

const google = await startEmulator()
let gateway: Gateway
before(async () => {
  gateway = await startGateway({
    POLLUX_AUTH: 'passthrough',
    POLLUX_RETRIES: '2',
    GOOGLE_CLOUD_PROJECT: 'p',
    GOOGLE_CLOUD_LOCATION: 'us-central1',
    POLLUX_FAILOVER_LOCATIONS: 'europe-west4,global',
    GOOGLE_GEMINI_BASE_URL: google.url,
    GOOGLE_VERTEX_BASE_URL: google.url,
  })
})
after(async () => {
  await gateway.close()
  await google.close()
})

/** Asks; Google answers so, one after another, and with the last from then on. */
async function ask(model: string, answers: object[], more: object = {}) {
  const start = google.log.count
  google.play(
    answers.map((answer, at) => ({ answer, ...(at < answers.length - 1 && { times: 1 }) })),
  )
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  })
  const { status, headers } = response
  return { status, headers, text: await response.text(), asked: google.log.since(start) }
}

const fails = { fault: 'status=429;retry-info=0.05' }
const busyHere = { fault: 'status=503' }
const hangsUp = { fault: 'reset-before-headers' }
const breaks = { text: 'Hello, hello, hello, hello.', fault: 'reset@1' }
const answers = { text: 'Hello.' }

describe('a request that Google fails', () => {
  it('is sent again, the same', async () => {
    const { status, headers, asked } = await ask('gemini/gemini-2.5-flash', [fails, fails, answers])
    assert.equal(status, 200)
    assert.equal(headers.get('x-pollux-attempts'), '3')
    assert.equal(asked.length, 3)
    assert.deepEqual(asked[2]?.body, asked[0]?.body)
  })

  it('fails after the last try, and says that it was tried', async () => {
    const { status, headers, asked } = await ask('gemini/gemini-2.5-flash', [fails])
    assert.equal(status, 429)
    assert.equal(asked.length, 3)
    assert.equal(headers.get('x-pollux-attempts'), '3')
    assert.equal(headers.get('retry-after'), '1')
  })

  it('is sent again where its connection broke off before the answer', async () => {
    const { status, asked } = await ask('gemini/gemini-2.5-flash', [hangsUp, answers])
    assert.equal(status, 200)
    assert.equal(asked.length, 2)
  })

  it('is not sent again once a stream has begun', async () => {
    const { text, asked } = await ask('gemini/gemini-2.5-flash', [breaks], { stream: true })
    assert.equal(asked.length, 1)
    assert.match(text, /"content":"Hel/)
    assert.match(text, /stream_interrupted/)
    assert.ok(!text.includes('[DONE]'))
  })

  it('goes to the next location at once, and says which answered', async () => {
    const begun = performance.now()
    const { status, headers, asked } = await ask('vertex/gemini-2.5-flash', [busyHere, answers])
    assert.equal(status, 200)
    assert.deepEqual(
      asked.map(({ path }) => /locations\/([^/]+)/.exec(path)?.[1]),
      ['us-central1', 'europe-west4'],
    )
    assert.equal(headers.get('x-pollux-location'), 'europe-west4')
    assert.ok(performance.now() - begun < 400)
  })

  it('stays in its location where its cached content is', async () => {
    const extra_body = {
      google: { cached_content: 'projects/p/locations/us-central1/cachedContents/1' },
    }
    const { asked } = await ask('vertex/gemini-2.5-flash', [fails, answers], { extra_body })
    assert.ok(asked.every(({ path }) => path.includes('/locations/us-central1/')))
  })
})
