import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import type { Backend, Call } from '../../src/upstream/backend.ts'
import { CallRecord } from '../../src/upstream/record.ts'
import { type Target, targetsBackend } from '../../src/upstream/targets.ts'

function failure(status: number, headers: Record<string, string> = {}): ApiError {
  return new ApiError(status, 'server_error', `failed with ${status}`, { headers })
}

/** A target that fails, or answers with the model that it was asked for and what it was told. */
function target(name: string, error?: Error, more: Partial<Target> = {}): Target {
  const answer = async (body: unknown, { model }: Call) => {
    if (error !== undefined) throw error
    return { model, body }
  }
  const backend: Backend = {
    complete: async (body, call) => ({ content: await answer(body, call), headers: {} }),
    async stream(body, call) {
      const said = [JSON.stringify(await answer(body, call))]
      return { content: { next: async () => said.splice(0), cancel: () => undefined }, headers: {} }
    },
  }
  return { name, backend, model: `bare-${name}`, names: [name], defaults: {}, ...more }
}

function call(more: Partial<Call> = {}): Call {
  return {
    head: { id: 'chatcmpl-1', created: 1, model: 'mine' },
    model: 'mine',
    signal: new AbortController().signal,
    credential: undefined,
    deadline: undefined,
    record: new CallRecord('mine', false),
    ...more,
  }
}

const complete = (targets: Target[], more?: Partial<Call>) =>
  targetsBackend(targets).complete({ a: 1 }, call(more))

describe('targets', () => {
  it('are asked in turn, each by its own model', async () => {
    const { content, headers } = await complete([target('a', failure(503)), target('b')])
    assert.deepEqual(content, { model: 'bare-b', body: { a: 1 } })
    assert.deepEqual(headers, { 'x-pollux-model': 'b', 'x-pollux-attempts': '2' })
  })

  it('tell which one answered, also where it is the first', async () => {
    const { headers } = await complete([target('a'), target('b')])
    assert.deepEqual(headers, { 'x-pollux-model': 'a' })
  })

  it('tell it in a header, whatever they are called', async () => {
    const { headers } = await complete([target('schnell 模型')])
    assert.deepEqual(headers, { 'x-pollux-model': 'schnell%20%E6%A8%A1%E5%9E%8B' })
  })

  it('are asked in turn for streams, too', async () => {
    const backend = targetsBackend([target('a', failure(429)), target('b')])
    const { content, headers } = await backend.stream({}, call())
    assert.deepEqual(await content.next(), ['{"model":"bare-b","body":{}}'])
    assert.equal(headers['x-pollux-model'], 'b')
  })

  for (const status of [403, 404, 408, 429, 500, 502, 503, 504]) {
    it(`go on after ${status}`, async () => {
      const { headers } = await complete([target('a', failure(status)), target('b')])
      assert.equal(headers['x-pollux-model'], 'b')
    })
  }

  for (const status of [400, 401, 409, 413, 422]) {
    it(`end with ${status}, which the next would say as well`, async () => {
      await assert.rejects(complete([target('a', failure(status)), target('b')]), { status })
    })
  }

  it('end with what is a bug', async () => {
    await assert.rejects(complete([target('a', new TypeError('bug')), target('b')]), TypeError)
  })

  it('end where nobody waits any more', async () => {
    const signal = AbortSignal.abort()
    await assert.rejects(complete([target('a', failure(503)), target('b')], { signal }), {
      status: 503,
    })
  })

  it('end where there is no time for the next', async () => {
    const deadline = performance.now() + 500
    await assert.rejects(complete([target('a', failure(503)), target('b')], { deadline }), {
      status: 503,
    })
  })

  it('count the tries of all', async () => {
    const { headers } = await complete([
      target('a', failure(503, { 'x-pollux-attempts': '3' })),
      target('b', failure(404)),
      target('c'),
    ])
    assert.equal(headers['x-pollux-attempts'], '5')
  })

  it('fail with what passes, rather than with a refusal of another', async () => {
    const wrong = complete([
      target('a', failure(404)),
      target('b', failure(429)),
      target('c', failure(400)),
    ])
    await assert.rejects(wrong, (error) => {
      assert.ok(error instanceof ApiError)
      assert.equal(error.status, 429)
      assert.equal(error.headers['x-pollux-attempts'], '3')
      return true
    })
  })

  it('get their own defaults, Google’s among them for Google’s models alone', async () => {
    const defaults = { temperature: 1, google: { labels: {} } }
    const own = await complete([target('a', undefined, { defaults })])
    assert.deepEqual(own.content, { model: 'bare-a', body: { a: 1, temperature: 1 } })
    const google = await complete([target('a', undefined, { defaults, provider: 'gemini' })])
    assert.deepEqual(google.content, { model: 'bare-a', body: { a: 1, ...defaults } })
  })
})
