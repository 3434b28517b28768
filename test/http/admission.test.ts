import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import OpenAI, { APIUserAbortError, BadRequestError, RateLimitError } from 'openai'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { type KeyConfig, plainKey } from '../../src/key.ts'
import { createLog } from '../../src/log.ts'

const model = 'gemini-2.5-flash'
const messages = [{ role: 'user' as const, content: 'What is the tide in Kiel?' }]
const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 20, totalTokenCount: 30 }
const answer = {
  candidates: [{ content: { parts: [{ text: 'Low.' }] }, finishReason: 'STOP' }],
  usageMetadata,
}

const keys: KeyConfig[] = []

/** A key that nobody has used; the first of them must be made before the gateway starts. */
function addKey(limits: Partial<KeyConfig>): string {
  const secret = `sk-test-${keys.length}`
  keys.push({ ...plainKey(`key ${keys.length}`, secret), ...limits })
  return secret
}

const free = addKey({})
const twoRequests = addKey({ requestsPerMinute: 2 })
const tokens = addKey({ tokensPerMinute: 5_000 })
const tokensStreamed = addKey({ tokensPerMinute: 5_000 })
const tokensRefused = addKey({ tokensPerMinute: 5_000 })
const tokensLost = addKey({ tokensPerMinute: 5_000 })
const fewTokens = addKey({ tokensPerMinute: 50 })
const oneAtATime = addKey({ parallelRequests: 1 })
const oneThatLeaves = addKey({ parallelRequests: 1 })

const google = await startByHand()
const lines: string[] = []
const log = createLog('info', { write: (line) => void lines.push(line) })

/** How many requests have ended. */
const answered = () => lines.filter((line) => line.includes('"path"')).length

const gateway = await startApp(
  {
    ...readConfig({
      PORT: '0',
      GEMINI_API_KEY: 'key',
      GOOGLE_GEMINI_BASE_URL: google.url,
      POLLUX_RETRIES: '0',
      POLLUX_MAX_LAG_MS: '0',
      POLLUX_API_KEYS: 'any',
    }),
    auth: { mode: 'keys', keys },
  },
  log,
)
after(async () => {
  await gateway.close()
  await google.close()
})

function client(apiKey: string, maxRetries = 0): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries, timeout: 10_000 })
}

/** One whole answer, as the client of a key gets it, when the gateway has done with it. */
async function asked(apiKey: string) {
  const asking = client(apiKey).chat.completions.create({ model, messages }).withResponse()
  const request = await google.next()
  return ended(() => {
    request.reply(answer)
    return asking
  })
}

/** What becomes of something, once the line of a request has been written that it ends. */
async function ended<T>(end: () => Promise<T>): Promise<T> {
  const before = answered()
  const result = await end()
  const signal = AbortSignal.timeout(5_000)
  while (answered() === before) {
    signal.throwIfAborted()
    await sleep(5)
  }
  await setImmediate()
  return result
}

async function refused(apiKey: string, more: object = {}, maxRetries = 0) {
  const asking = client(apiKey, maxRetries).chat.completions.create({ model, messages, ...more })
  const error: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof RateLimitError, `it was ${String(error)}`)
  return error
}

/** How many of a limit of tokens are left, as an answer says. */
const left = ({ response }: { response: Response }) =>
  Number(response.headers.get('x-ratelimit-remaining-tokens'))

describe('a key that is limited', () => {
  it('hears what is left, and then when to come back', async () => {
    const { response } = await asked(twoRequests)
    assert.equal(response.headers.get('x-ratelimit-limit-requests'), '2')
    assert.equal(response.headers.get('x-ratelimit-remaining-requests'), '1')
    assert.equal(response.headers.get('x-ratelimit-reset-requests'), '1m0s')
    assert.equal(response.headers.get('x-ratelimit-limit-tokens'), null)
    await asked(twoRequests)
    const { status, type, code, message, headers } = await refused(twoRequests)
    assert.deepEqual([status, type, code], [429, 'requests', 'rate_limit_exceeded'])
    assert.match(
      message,
      /requests per min \(RPM\): Limit 2, Used 2, Requested 1\. Please try again in/,
    )
    assert.equal(headers.get('x-ratelimit-remaining-requests'), '0')
    assert.ok(Number(headers.get('retry-after-ms')) <= 60_000)
  })

  it('pays for what it used, not for what it might have', async () => {
    const first = await asked(tokens)
    assert.ok(left(first) < 4_000, `${left(first)} are left`)
    // Of the second an estimate like that of the first is taken, and of the first what it was.
    assert.equal(left(await asked(tokens)), left(first) - 30)
  })

  it('pays for a stream when it has ended', async () => {
    const asking = client(tokensStreamed)
      .chat.completions.create({ model, messages, stream: true })
      .withResponse()
    const request = await google.next()
    request.events({ candidates: [{ content: { parts: [{ text: 'Low' }] } }] })
    const { data, response } = await asking
    assert.ok(left({ response }) < 4_000)
    await ended(async () => {
      request.events(answer)
      request.end()
      for await (const _ of data);
    })
    const other = await asked(tokensStreamed)
    assert.ok(Math.abs(left({ response }) - 30 - left(other)) < 10)
  })

  it('pays nothing for what was refused upstream', async () => {
    const asking = client(tokensRefused).chat.completions.create({ model, messages })
    const request = await google.next()
    await ended(async () => {
      request.refuse(400, 'No.')
      await assert.rejects(asking, BadRequestError)
    })
    const first = await asked(tokensRefused)
    assert.ok(left(first) > 3_900, `${left(first)} are left`)
  })

  it('pays what was estimated where it left before anybody could tell', async () => {
    const leaving = new AbortController()
    const { signal } = leaving
    const asking = client(tokensLost).chat.completions.create({ model, messages }, { signal })
    await google.next()
    await ended(async () => {
      leaving.abort()
      await assert.rejects(asking, APIUserAbortError)
    })
    assert.ok(left(await asked(tokensLost)) < 3_000)
  })

  it('is told not to try again with what is too large for any minute', async () => {
    const before = answered()
    const { type, message } = await refused(fewTokens, { max_completion_tokens: 500 }, 2)
    assert.equal(type, 'tokens')
    assert.match(
      message,
      /Request too large .* Limit 50, Requested 5\d\d\. .* lower max_completion_tokens/,
    )
    assert.equal(answered() - before, 1)
  })

  it('waits for its turn with OpenAI’s SDK', async () => {
    const first = client(oneAtATime).chat.completions.create({ model, messages })
    const running = await google.next()
    const { headers } = await refused(oneAtATime)
    assert.equal(headers.get('retry-after-ms'), '1000')
    const second = client(oneAtATime, 3).chat.completions.create({ model, messages })
    await sleep(100)
    running.reply(answer)
    await first
    const next = await google.next()
    next.reply(answer)
    assert.equal((await second).choices[0]?.message.content, 'Low.')
  })

  it('gives its place back where it hangs up in the middle of a stream', async () => {
    const asking = client(oneThatLeaves).chat.completions.create({ model, messages, stream: true })
    const request = await google.next()
    request.events({ candidates: [{ content: { parts: [{ text: 'Lo' }] } }] })
    const stream = await asking
    await refused(oneThatLeaves)
    await ended(async () => {
      for await (const _ of stream) break
    })
    await asked(oneThatLeaves)
  })
})

describe('a key without limits', () => {
  it('hears nothing of them', async () => {
    const { response } = await asked(free)
    const names = [...response.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))
    assert.deepEqual(names, [])
  })
})
