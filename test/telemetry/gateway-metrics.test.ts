import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Registry } from 'prom-client'
import { ApiError, type TurnedAway } from '../../src/errors.ts'
import type { Answered } from '../../src/http/answered.ts'
import { gatewayMetrics, type WatchedTarget } from '../../src/telemetry/gateway-metrics.ts'
import { CallRecord } from '../../src/upstream/record.ts'
import { readMetrics, valueOf } from './scrape.ts'

function opened() {
  const targets: WatchedTarget[] = []
  const refreshes = { success: 2, failure: 1 }
  const registry = new Registry()
  const metrics = gatewayMetrics(registry, {
    sources: {
      crowd: () => ({ inside: 3, waiting: 4 }),
      signatures: () => ({ client: 5, store: 6, dummy: 7 }),
      refreshes: () => refreshes,
      targets: () => targets,
    },
    costOf: () => 0.25,
    modelOf: () => 'gemini-2.5-flash',
  })
  const read = async () => readMetrics(await registry.metrics())
  return { ...metrics, targets, refreshes, read }
}

function answered(more: Partial<Answered>): Answered {
  return {
    id: '1',
    method: 'POST',
    path: '/v1/chat/completions',
    status: 200,
    left: false,
    durationMs: 1,
    firstMs: undefined,
    record: undefined,
    refusal: undefined,
    ...more,
  }
}

function turnedAway(why: TurnedAway): Answered {
  return answered({
    status: 503,
    refusal: new ApiError(503, 'server_error', 'No.', { turnedAway: why }),
  })
}

describe('what the gateway turns away', () => {
  for (const why of ['queue_full', 'queue_timeout', 'event_loop_lag', 'bodies_full'] as const) {
    it(`is counted as shed: ${why}`, async () => {
      const { note, read } = opened()
      note(turnedAway(why), undefined)
      assert.equal(valueOf(await read(), 'gateway_shed_total', { reason: why }), 1)
      assert.equal(valueOf(await read(), 'gateway_shed_total'), 1)
      assert.equal(valueOf(await read(), 'gateway_rate_limited_total'), 0)
    })
  }

  for (const why of ['requests_per_minute', 'tokens_per_minute', 'parallel_requests'] as const) {
    it(`is counted as limited: ${why}`, async () => {
      const { note, read } = opened()
      note(turnedAway(why), 'harbour')
      assert.equal(valueOf(await read(), 'gateway_rate_limited_total', { limit: why }), 1)
      assert.equal(valueOf(await read(), 'gateway_shed_total'), 0)
    })
  }
})

describe('what the gateway counts anyway', () => {
  it('is looked at when somebody asks, each time anew', async () => {
    const { read, targets, refreshes } = opened()
    let ejected = false
    targets.push({ provider: 'gcp.vertex_ai', place: 'us-east5', isEjected: () => ejected })
    const target = { target: 'gcp.vertex_ai/us-east5' }
    const first = await read()
    assert.deepEqual(
      [
        valueOf(first, 'gateway_inflight_requests'),
        valueOf(first, 'gateway_queued_requests'),
        valueOf(first, 'gateway_signatures_total', { source: 'store' }),
        valueOf(first, 'gateway_token_refresh_total', { result: 'success' }),
        valueOf(first, 'gateway_target_state', target),
      ],
      [3, 4, 6, 2, 1],
    )
    ejected = true
    refreshes.success += 1
    const second = await read()
    assert.equal(valueOf(second, 'gateway_target_state', target), 0)
    assert.equal(valueOf(second, 'gateway_token_refresh_total', { result: 'success' }), 3)
  })
})

describe('a request that asked a model', () => {
  it('is told of by its key: tokens, cost, and the gateway’s own time', async () => {
    const { note, read } = opened()
    const record = new CallRecord('fast', false)
    const tokens = { input: 10, cached: 4, output: 6, reasoning: 2 }
    record.hear({ tokens, finishReasons: ['stop'], servedModel: undefined })
    note(answered({ record }), 'harbour')
    const families = await read()
    for (const [type, count] of [
      ['input', 10],
      ['cached_input', 4],
      ['output', 6],
      ['reasoning', 2],
    ] as const) {
      assert.equal(valueOf(families, 'gateway_tokens_total', { key: 'harbour', type }), count)
    }
    const spent = { key: 'harbour', model: 'gemini-2.5-flash' }
    assert.equal(valueOf(families, 'gateway_cost_usd_total', spent), 0.25)
    assert.equal(valueOf(families, 'gateway_overhead_seconds_count'), 1)
  })

  it('is a stream that the gateway broke off where it was shut down', async () => {
    const { note, read } = opened()
    const record = new CallRecord('fast', true)
    record.failure = 'server_shutting_down'
    note(answered({ record }), undefined)
    note(answered({ record, status: 503 }), undefined)
    assert.equal(valueOf(await read(), 'gateway_stream_aborts_total', { side: 'gateway' }), 1)
    assert.equal(valueOf(await read(), 'gateway_stream_aborts_total'), 1)
  })
})
