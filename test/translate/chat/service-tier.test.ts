import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { translated } from '../translated.ts'

const tierAt = (provider: 'vertex' | 'gemini', service_tier: unknown) => {
  const { request, headers } = translated({ service_tier }, { provider })
  return { field: request.serviceTier, headers }
}

describe('a service tier', () => {
  it('that Google has not is its usual one', () => {
    for (const tier of ['auto', 'default', 'scale', 'nonsense', '', null, undefined]) {
      for (const provider of ['vertex', 'gemini'] as const) {
        assert.deepEqual(tierAt(provider, tier), { field: undefined, headers: {} })
      }
    }
  })

  it('may be said in Google’s own words too', () => {
    const extra_body = { google: { service_tier: 'flex' } }
    assert.equal(translated({ extra_body }, { provider: 'gemini' }).request.serviceTier, 'flex')
  })

  it('lets flex wait as long as Google does', () => {
    assert.equal(tierAt('vertex', 'flex').headers['x-server-timeout'], '1800')
    assert.equal(tierAt('vertex', 'priority').headers['x-server-timeout'], undefined)
  })
})
