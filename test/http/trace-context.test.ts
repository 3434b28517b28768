import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readTraceContext } from '../../src/http/trace-context.ts'

const id = '0af7651916cd43dd8448eb211c80319c'
const span = 'b7ad6b7169203331'

describe('where a request stands in a trace', () => {
  it('is read of versions to come', () => {
    const context = readTraceContext({ traceparent: `01-${id}-${span}-03-more` })
    assert.deepEqual(context, { traceId: id, spanId: span, sampled: true })
  })

  it('is taken from the standard’s header where there are two', () => {
    const context = readTraceContext({
      traceparent: `00-${id}-${span}-00`,
      'x-cloud-trace-context': `${'1'.repeat(32)}/1`,
    })
    assert.deepEqual(context, { traceId: id, spanId: span, sampled: false })
  })

  for (const traceparent of [
    '',
    `ff-${id}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${id}-${'0'.repeat(16)}-01`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${id}-${span}-01x`,
  ]) {
    it(`is unknown after traceparent: ${traceparent}`, () => {
      assert.equal(readTraceContext({ traceparent }), undefined)
    })
  }

  for (const given of [id, `${id}/0`, `${id}/99999999999999999999`, `${id}/1;o=2`, 'x/1']) {
    it(`is unknown after x-cloud-trace-context: ${given}`, () => {
      assert.equal(readTraceContext({ 'x-cloud-trace-context': given }), undefined)
    })
  }
})
