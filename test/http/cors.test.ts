import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startGateway } from '../support/gateway.ts'

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')
const page = 'https://app.example'
const gateway = await startGateway({
  POLLUX_CORS_ORIGINS: `${page}, http://localhost:3000`,
  POLLUX_API_KEYS: 'a-key-of-ours',
})
const closed = await startGateway({})
after(() => Promise.all([gateway.close(), closed.close()]))

function preflight(url: string, origin: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,x-stainless-lang',
    },
  })
}

describe('a web page', () => {
  it('of a listed origin may ask, with whatever headers its SDK sends, and needs no key for that question', async () => {
    const { status, headers } = await preflight(gateway.url, page)
    assert.equal(status, 204)
    assert.equal(headers.get('access-control-allow-origin'), page)
    assert.match(headers.get('access-control-allow-headers') ?? '', /x-stainless-lang/)
    assert.match(headers.get('access-control-allow-methods') ?? '', /POST/)
    assert.equal(headers.get('access-control-allow-credentials'), null)
  })

  it('can read that it used the wrong method', async () => {
    const refused = await fetch(`${gateway.url}/v1/chat/completions`, { headers: { origin: page } })
    assert.equal(refused.status, 405)
    assert.equal(refused.headers.get('access-control-allow-origin'), page)
  })

  it('can read the answer, refusals too', async () => {
    const refused = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { origin: page, 'content-type': 'application/json' },
      body: '{}',
    })
    assert.equal(refused.status, 401)
    assert.equal(refused.headers.get('access-control-allow-origin'), page)
    assert.match(refused.headers.get('vary') ?? '', /origin/i)
    const exposed = (refused.headers.get('access-control-expose-headers') ?? '').split(', ')
    const own = [...readme.matchAll(/^\| `((?:x-|openai-|retry-)[a-z-]+)` \|/gm)].map(
      ([, name]) => name,
    )
    const limits = ['limit', 'remaining', 'reset'].flatMap((what) => [
      `x-ratelimit-${what}-requests`,
      `x-ratelimit-${what}-tokens`,
    ])
    assert.ok(own.length > 6)
    const wanted = [...own, ...limits, 'retry-after', 'retry-after-ms', 'x-should-retry']
    assert.deepEqual(
      wanted.filter((name) => !exposed.includes(name ?? '')),
      [],
    )
  })

  it('of another origin gets no leave', async () => {
    const { headers } = await preflight(gateway.url, 'https://evil.example')
    assert.equal(headers.get('access-control-allow-origin'), null)
  })

  it('gets no leave where none is configured', async () => {
    const { status, headers } = await preflight(closed.url, page)
    assert.equal(status, 404)
    assert.equal(headers.get('access-control-allow-origin'), null)
  })
})

describe('POLLUX_CORS_ORIGINS', () => {
  it('takes no star', async () => {
    await assert.rejects(startGateway({ POLLUX_CORS_ORIGINS: '*' }), /Expected origins such as/)
  })
})
