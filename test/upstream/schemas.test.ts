import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SchemaReader } from '../../src/translate/schema/reader.ts'
import { startGateway } from '../support/gateway.ts'
import { keptSchemas } from '../../src/upstream/schemas.ts'

const small = { written: {}, spent: { work: 1, inPlace: 0 } }

describe('the schemas that are kept', () => {
  it('are the ones used last, when there are more than have room', () => {
    const kept = keptSchemas()
    const texts = Array.from({ length: 2_000 }, (_, n) => `${n}`.padEnd(1_000))
    for (const text of texts) {
      kept.set(text, small)
      kept.get(texts[0] ?? '')
    }
    const found = texts.filter((text) => kept.get(text) !== undefined)
    assert.ok(found.length > 500 && found.length < 1_000, String(found.length))
    assert.equal(found[0], texts[0])
    assert.deepEqual(found.slice(1), texts.slice(1 - found.length))
  })

  it('are none that would take the room of many', () => {
    const kept = keptSchemas()
    kept.set('short', { ...small, spent: { work: 10_000, inPlace: 0 } })
    kept.set('long'.repeat(50_000), small)
    assert.equal(kept.get('short'), undefined)
    assert.equal(kept.get('long'.repeat(50_000)), undefined)
  })

  it('are those of a gateway’s requests: the steps of an agent have theirs written once', async (t) => {
    const { mock } = t.mock.method(SchemaReader.prototype, 'read')
    const gateway = await startGateway({})
    t.after(() => gateway.close())
    const parameters = { type: 'object', properties: { one_of_its_kind: { type: 'string' } } }
    for (const content of ['Hi!', 'And now?', 'Go on.']) {
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer any' },
        body: JSON.stringify({
          model: 'gemini-2.5-flash',
          messages: [{ role: 'user', content }],
          tools: [{ type: 'function', function: { name: 'f', parameters } }],
        }),
      })
      assert.equal(response.status, 200, await response.text())
    }
    const written = mock.calls.filter((call) => JSON.stringify(call.result).includes('of_its_kind'))
    assert.equal(written.length, 1)
  })
})
