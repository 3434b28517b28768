import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answersOf, retriesIn } from '../../src/telemetry/retries.ts'
import { Arrival, type Ask, CallRecord, type Telling } from '../../src/upstream/record.ts'

interface Try {
  sentAt: number
  endedAt: number
  failure?: string
  place?: string
  /** When its answer broke off, once it had begun. */
  brokenAt?: number
}

function toAsk({ sentAt, endedAt, failure, place = '', brokenAt }: Try): Ask {
  const arrival = new Arrival()
  if (brokenAt !== undefined) {
    arrival.end('stream_interrupted')
    arrival.endedAt = brokenAt
  }
  const target = {
    provider: 'gcp.vertex_ai',
    model: 'm',
    place,
    url: 'https://x.example/m',
  } as const
  return { ...target, sentAt, endedAt, failure, arrival, traceparent: undefined }
}

function recordOf(tries: Try[], answers: Telling[] = []): CallRecord {
  const record = new CallRecord('m', false)
  record.asks = tries.map(toAsk)
  record.answers = answers
  return record
}

const telling: Telling = { tokens: undefined, finishReasons: [], servedModel: undefined }

describe('a retry', () => {
  it('follows a try that failed, perhaps elsewhere', () => {
    const record = recordOf([
      { sentAt: 0, endedAt: 10, failure: 'rate_limit_exceeded', place: 'global' },
      { sentAt: 20, endedAt: 30, failure: 'bad_gateway', place: 'us-east5' },
      { sentAt: 30, endedAt: 40, place: 'global' },
    ])
    assert.deepEqual(retriesIn(record), [
      { reason: 'rate_limit_exceeded', target: 'gcp.vertex_ai/us-east5' },
      { reason: 'bad_gateway', target: 'gcp.vertex_ai/global' },
    ])
  })

  it('follows an answer that broke off', () => {
    const record = recordOf([
      { sentAt: 0, endedAt: 10, brokenAt: 15 },
      { sentAt: 20, endedAt: 30 },
    ])
    assert.deepEqual(retriesIn(record), [{ reason: 'stream_interrupted', target: 'gcp.vertex_ai' }])
  })

  it('follows an answer that shows nothing', () => {
    const tries = [
      { sentAt: 0, endedAt: 10 },
      { sentAt: 20, endedAt: 30 },
    ]
    const record = recordOf(tries, [{ ...telling, futile: 'STOP' }, telling])
    assert.deepEqual(retriesIn(record), [{ reason: 'empty_answer', target: 'gcp.vertex_ai' }])
  })

  it('is none of several that were sent together', () => {
    const together = [
      { sentAt: 0, endedAt: 10 },
      { sentAt: 0.1, endedAt: 5, failure: 'server_is_overloaded' },
      { sentAt: 0.2, endedAt: 10 },
    ]
    assert.deepEqual(retriesIn(recordOf(together)), [])
    const again = [...together, { sentAt: 6, endedAt: 12 }]
    assert.deepEqual(retriesIn(recordOf(again)), [
      { reason: 'server_is_overloaded', target: 'gcp.vertex_ai' },
    ])
  })

  it('is none after the only one', () => {
    assert.deepEqual(retriesIn(recordOf([{ sentAt: 0, endedAt: 1, failure: 'bad_gateway' }])), [])
    assert.deepEqual(retriesIn(recordOf([])), [])
  })
})

describe('an answer', () => {
  it('is that of the try that gave it', () => {
    const record = recordOf(
      [
        { sentAt: 0, endedAt: 1, failure: 'bad_gateway' },
        { sentAt: 2, endedAt: 3 },
        { sentAt: 4, endedAt: 5 },
      ],
      [{ ...telling, futile: 'STOP' }, telling],
    )
    const [, first, second] = record.asks
    assert.deepEqual(
      [...(answersOf(record)?.entries() ?? [])].map(([ask]) => ask),
      [first, second],
    )
  })

  it('is that of a try that broke off where it was streamed, and of none where it was not', () => {
    const tries = [
      { sentAt: 0, endedAt: 1, brokenAt: 2 },
      { sentAt: 3, endedAt: 4 },
    ]
    const streamed = recordOf(tries, [telling, { ...telling }])
    assert.equal(answersOf(streamed)?.get(streamed.asks[1] ?? assert.fail()), streamed.answers[1])
    const whole = recordOf(tries, [telling])
    assert.deepEqual(
      [...(answersOf(whole) ?? [])].map(([ask]) => ask),
      [whole.asks[1]],
    )
  })

  it('is nobody’s own where copies have answered together', () => {
    const copies = [
      { sentAt: 0, endedAt: 1 },
      { sentAt: 0, endedAt: 2 },
    ]
    assert.equal(answersOf(recordOf(copies, [telling])), undefined)
  })
})
