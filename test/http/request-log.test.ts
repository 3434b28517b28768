import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { isRecord } from '../support/shared.ts'

const lines: string[] = []
const log = createLog('info', { write: (line) => void lines.push(line) })
const google = await startByHand()
const env = { PORT: '0', GEMINI_API_KEY: 'key', GOOGLE_GEMINI_BASE_URL: google.url }
const gateway = await startApp(
  {
    ...readConfig({ ...env, GOOGLE_CLOUD_PROJECT: 'harbour', GOOGLE_GENAI_USE_VERTEXAI: 'false' }),
    prices: { 'gemini-2.5-*': { input: 1, cachedInput: 0.5, output: 2 } },
  },
  log,
)
after(async () => {
  await gateway.close()
  await google.close()
})

const messages = [{ role: 'user', content: 'What is the tide in Kiel?' }]
const usageMetadata = {
  promptTokenCount: 12,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 7,
  totalTokenCount: 24,
}

function ask(
  more: object,
  init: { signal?: AbortSignal; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    signal: AbortSignal.timeout(10_000),
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
    body: JSON.stringify({ model: 'gemini/gemini-2.5-flash', messages, ...more }),
  })
}

/** The line of the next request whose answer has ended. */
async function nextLine(): Promise<Record<string, unknown>> {
  for (;;) {
    const line = lines.shift()
    const entry: unknown = line === undefined ? await sleep(5) : JSON.parse(line)
    if (isRecord(entry) && entry.path !== undefined) return entry
  }
}

function event(text: string, last = false) {
  const candidate = { content: { parts: [{ text }] }, ...(last && { finishReason: 'STOP' }) }
  return { candidates: [candidate], ...(last && { usageMetadata }) }
}

describe('the line of a request', () => {
  it('tells who answered what was asked, what it took and what it cost', async () => {
    const answer = ask({})
    const asked = await google.next()
    asked.reply(event('1.2 m', true))
    const response = await answer
    await response.text()
    const { requestId, timestamp, durationMs, firstByteMs, overheadMs, ...line } = await nextLine()
    assert.deepEqual(line, {
      severity: 'INFO',
      method: 'POST',
      path: '/v1/chat/completions',
      status: 200,
      model: 'gemini/gemini-2.5-flash',
      servedModel: 'gemini-2.5-flash',
      provider: 'gcp.gemini',
      stream: false,
      attempts: 1,
      inputTokens: 12,
      cachedTokens: 4,
      outputTokens: 12,
      reasoningTokens: 7,
      costUsd: 0.000034,
      finish: 'stop',
      httpRequest: {
        requestMethod: 'POST',
        requestUrl: '/v1/chat/completions',
        status: 200,
        latency: `${(Number(durationMs) / 1000).toFixed(3)}s`,
        protocol: 'HTTP/1.1',
      },
      message: `POST /v1/chat/completions 200 ${String(durationMs)} ms gemini/gemini-2.5-flash`,
    })
    assert.equal(response.headers.get('x-request-id'), requestId)
    assert.ok(Number(firstByteMs) <= Number(durationMs) && Number(overheadMs) >= 0)
    assert.match(response.headers.get('openai-processing-ms') ?? '', /^\d+$/)
    assert.match(response.headers.get('x-pollux-overhead-ms') ?? '', /^\d+\.\d$/)
    assert.equal(typeof timestamp, 'string')
  })

  it('counts no waiting for Gemini as the gateway’s own time', async () => {
    const answer = ask({ stream: true })
    const asked = await google.next()
    await sleep(120)
    asked.begin()
    asked.events(event('1.'))
    await sleep(120)
    asked.events(event('2 m', true))
    asked.end()
    const response = await answer
    await response.text()
    const line = await nextLine()
    const [duration, first, own] = [line.durationMs, line.firstByteMs, line.overheadMs].map(Number)
    assert.ok(duration !== undefined && first !== undefined && own !== undefined)
    assert.ok(duration >= 235 && first >= 115 && first < duration - 100, JSON.stringify(line))
    // What is left is everything but those two waits.
    assert.ok(own <= duration - 230, JSON.stringify(line))
    assert.equal(line.stream, true)
    assert.equal(line.outputTokens, 12)
  })

  it('tells of tries that failed, and of the one that did not', async () => {
    const answer = ask({})
    const first = await google.next()
    first.refuse(503, 'The model is overloaded.')
    const second = await google.next()
    second.reply(event('1.2 m', true))
    await (await answer).text()
    const line = await nextLine()
    assert.equal(line.attempts, 2)
    assert.equal(line.status, 200)
  })

  it('tells the code of what failed, in an answer and before it', async () => {
    const refused = ask({})
    const asked = await google.next()
    asked.refuse(403, 'No.')
    await (await refused).text()
    const before = await nextLine()
    assert.equal(before.failure, 'permission_denied')
    assert.equal(before.inputTokens, undefined)
    const broken = ask({ stream: true })
    const begun = await google.next()
    begun.begin()
    begun.events(event('1.'))
    begun.end()
    await (await broken).text()
    const within = await nextLine()
    assert.deepEqual([within.status, within.failure], [200, 'stream_interrupted'])
  })

  it('tells of a client that leaves, with what its answer has cost until then', async () => {
    const leaving = new AbortController()
    const answer = ask({ stream: true }, { signal: leaving.signal })
    const asked = await google.next()
    asked.begin()
    asked.events({ ...event('1.'), usageMetadata })
    await answer
    await sleep(150)
    leaving.abort()
    const line = await nextLine()
    assert.deepEqual([line.status, line.aborted], [499, true])
    assert.equal(line.inputTokens, 12)
    // Until it left it was Gemini that was waited for.
    assert.ok(Number(line.overheadMs) <= Number(line.durationMs) - 145, JSON.stringify(line))
  })

  for (const [header, value] of [
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['x-cloud-trace-context', '0af7651916cd43dd8448eb211c80319c/13235353014750950193;o=1'],
  ] as const) {
    it(`belongs to the trace of ${header}, and so does what is asked upstream`, async () => {
      const answer = ask({}, { headers: { [header]: value } })
      const asked = await google.next()
      asked.reply(event('1.2 m', true))
      await (await answer).text()
      const line = await nextLine()
      assert.deepEqual(
        [
          line['logging.googleapis.com/trace'],
          line['logging.googleapis.com/spanId'],
          line['logging.googleapis.com/trace_sampled'],
          asked.headers.traceparent,
        ],
        [
          'projects/harbour/traces/0af7651916cd43dd8448eb211c80319c',
          'b7ad6b7169203331',
          true,
          '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        ],
      )
    })
  }
})
