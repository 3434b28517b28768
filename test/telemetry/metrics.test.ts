import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { startGateway } from '../support/gateway.ts'
import { said } from '../support/gemini.ts'
import { within } from '../support/within.ts'
import { type Family, samplesIn, scrape, valueOf } from './scrape.ts'

const google = await startByHand()
const gateway = await startGateway({
  GEMINI_API_KEY: 'key',
  GOOGLE_GEMINI_BASE_URL: google.url,
  POLLUX_API_KEYS: 'a-key-for-the-harbour,another-for-the-tower',
  POLLUX_METRICS_PORT: '0',
  POLLUX_RETRIES: '2',
})
after(async () => {
  await gateway.close()
  await google.close()
})

/** How many requests the gateway has had. */
let sent = 0

interface Question {
  model?: string
  stream?: boolean
  content?: string
}

function ask(
  { model = 'gemini-2.5-flash', stream = false, content = 'Hello?' }: Question = {},
  init: RequestInit = {},
  key = 'a-key-for-the-harbour',
): Promise<Response> {
  sent += 1
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    signal: AbortSignal.timeout(10_000),
    ...init,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content }] }),
  })
}

/** A whole answer, as it was agreed with Google. */
async function answered(question: Question, ...events: object[]): Promise<string> {
  const answer = ask(question)
  const asked = await google.next()
  asked.reply(...events)
  return (await answer).text()
}

const usageMetadata = {
  promptTokenCount: 12,
  cachedContentTokenCount: 4,
  candidatesTokenCount: 5,
  thoughtsTokenCount: 7,
  totalTokenCount: 24,
}
const last = {
  ...said('High tide.', 'STOP'),
  usageMetadata,
  modelVersion: 'gemini-2.5-flash-001',
}

/** What the gateway tells once it has told of all requests: that may be after their answers have come. */
async function settled(): Promise<Map<string, Family>> {
  for (;;) {
    const families = await scrape(gateway.metricsUrl)
    if (valueOf(families, 'gateway_requests_total') === sent) return families
    await sleep(5)
  }
}

/** By how much something has become more while this was done. */
async function during(work: () => Promise<unknown>) {
  const before = await settled()
  await work()
  const now = await settled()
  return (name: string, labels: Record<string, string> = {}) =>
    valueOf(now, name, labels) - valueOf(before, name, labels)
}

const durations = 'gen_ai_server_request_duration_seconds'

describe('the metrics of the conventions', () => {
  it('have their buckets', async () => {
    const answer = ask({ stream: true })
    const asked = await google.next()
    asked.begin()
    asked.events(said('High '))
    // Read before the next piece is sent.
    await answer
    await sleep(20)
    asked.events(last)
    asked.end()
    await (await answer).text()
    const families = await settled()
    const doubling = Array.from({ length: 14 }, (_, n) => 2 ** n / 100)
    const ofAnswers = [...doubling, 163.84, 327.68]
    const expected = {
      [durations]: ofAnswers,
      gen_ai_server_time_to_first_token_seconds: [
        0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15,
        20, 30, 45, 60,
      ],
      gen_ai_server_time_per_output_token_seconds: [
        0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5,
      ],
      gen_ai_client_token_usage: [
        1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
      ],
      gen_ai_client_operation_duration_seconds: ofAnswers,
      gen_ai_client_operation_time_to_first_chunk_seconds: ofAnswers,
      gen_ai_client_operation_time_per_output_chunk_seconds: ofAnswers,
    }
    for (const [name, buckets] of Object.entries(expected)) {
      assert.deepEqual(bucketsOf(families.get(name)), buckets, name)
    }
  })

  it('tell who was asked for, who was asked and who answered', async () => {
    const grown = await during(() => answered({ model: 'google/gemini-2.5-flash' }, last))
    const labels = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: 'gcp.gemini',
      gen_ai_original_model: 'google/gemini-2.5-flash',
      gen_ai_request_model: 'gemini-2.5-flash',
      gen_ai_response_model: 'gemini-2.5-flash-001',
    }
    assert.equal(grown(`${durations}_count`, labels), 1)
    for (const [type, count] of [
      ['input', 12],
      ['cached_input', 4],
      ['output', 12],
      ['reasoning', 7],
    ] as const) {
      const typed = { ...labels, gen_ai_token_type: type }
      assert.equal(grown('gen_ai_client_token_usage_sum', typed), count)
      assert.equal(grown('gen_ai_client_token_usage_count', typed), 1)
    }
    const { hostname, port } = new URL(google.url)
    const there = { server_address: hostname, server_port: port }
    assert.equal(grown('gen_ai_client_operation_duration_seconds_count', there), 1)
  })

  it('have what the dashboard of Envoy AI Gateway asks for', async () => {
    await answered({}, last)
    const refused = ask({})
    ;(await google.next()).refuse(403)
    await (await refused).text()
    const families = await settled()
    for (const [name, labels] of [
      [`${durations}_count`, ['gen_ai_original_model', 'gen_ai_response_model', 'error_type']],
      [`${durations}_count`, ['gen_ai_provider_name']],
      [`${durations}_bucket`, ['le']],
      ['gen_ai_client_token_usage_sum', ['gen_ai_token_type']],
      ['gen_ai_server_time_to_first_token_seconds_bucket', ['le']],
      ['gen_ai_server_time_per_output_token_seconds_bucket', ['le']],
    ] as const) {
      const series = samplesIn(families).filter((sample) => sample.name === name)
      for (const label of labels) {
        assert.ok(
          series.some((one) => one.labels[label] !== undefined),
          `${name} ${label}`,
        )
      }
      // What went well has no error.
      assert.ok(series.some((one) => one.labels.error_type === undefined))
    }
  })

  it('time a stream from its arrival, and each token after the first', async () => {
    const grown = await during(async () => {
      const answer = ask({ stream: true })
      const asked = await google.next()
      await sleep(60)
      asked.begin()
      asked.events(said('High '))
      await sleep(110)
      asked.events(last)
      asked.end()
      await (await answer).text()
    })
    const first = grown('gen_ai_server_time_to_first_token_seconds_sum')
    const rest = grown('gen_ai_server_time_per_output_token_seconds_sum') * 11
    assert.ok(first >= 0.055, `${first}`)
    assert.ok(rest >= 0.1, `${rest}`)
    assert.ok(Math.abs(grown(`${durations}_sum`) - first - rest) < 0.001)
    const chunk = grown('gen_ai_client_operation_time_to_first_chunk_seconds_sum')
    const gaps = grown('gen_ai_client_operation_time_per_output_chunk_seconds_sum')
    const all = grown('gen_ai_client_operation_duration_seconds_sum')
    assert.ok(chunk >= 0.055 && gaps >= 0.05 && all >= 0.16, `${chunk} ${gaps} ${all}`)
  })

  it('time no first token of what is not streamed', async () => {
    const grown = await during(() => answered({}, last))
    assert.equal(grown(`${durations}_count`), 1)
    assert.equal(grown('gen_ai_server_time_to_first_token_seconds_count'), 0)
    assert.equal(grown('gen_ai_client_operation_time_to_first_chunk_seconds_count'), 0)
  })

  it('tell each try, and what it failed with', async () => {
    const grown = await during(async () => {
      const answer = ask()
      ;(await google.next()).refuse(503)
      ;(await google.next()).reply(last)
      await (await answer).text()
    })
    const failed = { error_type: 'server_is_overloaded' }
    const target = { target: 'gcp.gemini', reason: 'server_is_overloaded' }
    assert.equal(grown('gen_ai_client_operation_duration_seconds_count'), 2)
    assert.equal(grown('gen_ai_client_operation_duration_seconds_count', failed), 1)
    assert.equal(grown(`${durations}_count`, failed), 0)
    assert.equal(grown('gateway_retries_total', target), 1)
  })

  it('tell of a request that was refused before it was known what it asks for', async () => {
    const grown = await during(() => ask({}, {}, 'nobody-has-this-key').then((r) => r.text()))
    const unknown = { gen_ai_original_model: 'unknown', error_type: 'invalid_api_key' }
    assert.equal(grown(`${durations}_count`, unknown), 1)
    const route = { route: '/v1/chat/completions', key: '(none)', status: '401' }
    assert.equal(grown('gateway_requests_total', route), 1)
  })
})

describe('a label', () => {
  it('is no name that only a client knows', async () => {
    const grown = await during(async () => {
      await (await ask({ model: 'gemini-canary-of-mine' })).text()
      await (await ask({ model: 'canary-elsewhere' })).text()
      sent += 1
      await (await fetch(`${gateway.url}/canary-path?key=canary-query`)).text()
    })
    assert.equal(grown(`${durations}_count`, { gen_ai_original_model: 'other' }), 1)
    assert.equal(grown('gateway_requests_total', { route: '(no such route)' }), 1)
    const response = await fetch(gateway.metricsUrl ?? '')
    const text = await response.text()
    assert.doesNotMatch(text, /canary|harbour|tower/)
  })

  it('is the name of a key', async () => {
    const grown = await during(async () => {
      const answer = ask({}, {}, 'another-for-the-tower')
      ;(await google.next()).reply(last)
      await (await answer).text()
    })
    assert.equal(grown('gateway_requests_total', { key: 'key-2', status: '200' }), 1)
    assert.equal(grown('gateway_tokens_total', { key: 'key-2', type: 'output' }), 12)
    assert.equal(grown('gateway_tokens_total', { key: 'key-1' }), 0)
  })
})

describe('the metrics of the gateway', () => {
  it('count who is inside while they are', async () => {
    const answer = ask()
    const asked = await google.next()
    assert.equal(valueOf(await scrape(gateway.metricsUrl), 'gateway_inflight_requests'), 1)
    asked.reply(last)
    await (await answer).text()
    assert.equal(valueOf(await settled(), 'gateway_inflight_requests'), 0)
  })

  it('tell who ended a stream', async () => {
    const ofUpstream = await during(async () => {
      const answer = ask({ stream: true })
      const asked = await google.next()
      asked.begin()
      asked.events(said('High '))
      asked.reset()
      await (await answer).text()
    })
    assert.equal(ofUpstream('gateway_stream_aborts_total', { side: 'upstream' }), 1)
    assert.equal(ofUpstream('gateway_stream_aborts_total'), 1)
    assert.equal(ofUpstream(`${durations}_count`, { error_type: 'stream_interrupted' }), 1)
    const ofClient = await during(async () => {
      const leaving = new AbortController()
      const answer = ask({ stream: true }, { signal: leaving.signal })
      const asked = await google.next()
      asked.begin()
      asked.events(said('High '))
      await answer
      leaving.abort()
      await within(5_000, asked.left, 'Google was not left')
    })
    assert.equal(ofClient('gateway_stream_aborts_total', { side: 'client' }), 1)
    assert.equal(ofClient('gateway_stream_aborts_total'), 1)
    const cancelled = { error_type: 'cancelled' }
    assert.equal(ofClient('gen_ai_client_operation_duration_seconds_count', cancelled), 1)
  })

  it('count what came to nothing, and was asked for again', async () => {
    const grown = await during(async () => {
      const answer = ask()
      const empty = {
        candidates: [{ content: { parts: [] }, finishReason: 'STOP' }],
        usageMetadata,
      }
      ;(await google.next()).reply(empty)
      ;(await google.next()).reply(last)
      await (await answer).text()
    })
    assert.equal(grown('gateway_retries_total', { reason: 'empty_answer' }), 1)
    // Both have cost.
    assert.equal(grown('gateway_tokens_total', { type: 'input' }), 24)
  })

  it('begin at nought', async () => {
    const families = await scrape(gateway.metricsUrl)
    for (const [name, count] of [
      ['gateway_shed_total', 5],
      ['gateway_rate_limited_total', 3],
      ['gateway_stream_aborts_total', 3],
      ['gateway_token_refresh_total', 2],
      ['gateway_signatures_total', 3],
    ] as const) {
      assert.equal(families.get(name)?.samples.length, count, name)
    }
    assert.equal(valueOf(families, 'gateway_shed_total'), 0)
  })

  it('have the process beside them', async () => {
    const families = await scrape(gateway.metricsUrl)
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_p99_seconds']) {
      assert.equal(families.get(name)?.type, 'gauge', name)
    }
  })
})

function bucketsOf(family: Family | undefined): number[] {
  const bounds = (family?.samples ?? []).flatMap(({ labels: { le } }) =>
    le === undefined || le === '+Inf' ? [] : [Number(le)],
  )
  return [...new Set(bounds)]
}
