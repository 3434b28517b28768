import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { costsBy, type Price } from '../src/price.ts'
import { Arrival, CallRecord } from '../src/upstream/record.ts'

const cheap: Price = { input: 1, cachedInput: 0.1, output: 2 }
const dear: Price = { input: 10, cachedInput: 1, output: 20 }

/** A request by this name that was answered by this model: a million tokens in, half of them cached, 100,000 out. */
function recordOf(asked: string, model: string): CallRecord {
  const record = new CallRecord(asked, false)
  const target = { provider: 'gcp.gemini', model, place: '', url: 'https://x.example/' } as const
  const times = { sentAt: 0, endedAt: 1, failure: undefined }
  record.asks = [{ ...target, ...times, arrival: new Arrival(), traceparent: undefined }]
  record.hear({
    tokens: { input: 1e6, cached: 5e5, output: 1e5, reasoning: 4e4 },
    finishReasons: ['stop'],
    servedModel: undefined,
  })
  return record
}

const cheapCost = 0.5 + 0.05 + 0.2

describe('the cost of a request', () => {
  it('is that of its tokens: cached ones are among the input, thoughts among the output', () => {
    const costOf = costsBy([], { 'gemini-2.5-flash': cheap })
    assert.equal(costOf(recordOf('gemini-2.5-flash', 'gemini-2.5-flash')), cheapCost)
  })

  it('is by the model that was asked upstream, whatever the client calls it', () => {
    const costOf = costsBy([], { 'gemini-2.5-flash': cheap, fast: dear })
    assert.equal(costOf(recordOf('fast', 'gemini-2.5-flash')), cheapCost)
  })

  it('is by the name that the operator gave a price of its own', () => {
    const costOf = costsBy([{ name: 'fa*', price: cheap }], { 'gemini-2.5-flash': dear })
    assert.equal(costOf(recordOf('fast', 'gemini-2.5-flash')), cheapCost)
    const free = costsBy([{ name: 'fast', price: undefined }], { 'gemini-2.5-flash': cheap })
    assert.equal(free(recordOf('fast', 'gemini-2.5-flash')), cheapCost)
  })

  it('is by the name rather than by a pattern, and by the longer pattern', () => {
    const named = costsBy([], { 'gemini-*': dear, 'gemini-2.5-flash': cheap })
    assert.equal(named(recordOf('x', 'gemini-2.5-flash')), cheapCost)
    const patterns = costsBy([], { '*': dear, 'gemini-2.5-*': cheap, 'gemini-*': dear })
    assert.equal(patterns(recordOf('x', 'gemini-2.5-flash')), cheapCost)
  })

  it('is unknown without a price, or without tokens', () => {
    const costOf = costsBy([], { 'gemini-2.5-flash': cheap })
    assert.equal(costOf(recordOf('x', 'gemini-3-pro')), undefined)
    assert.equal(costOf(new CallRecord('gemini-2.5-flash', false)), undefined)
  })
})
