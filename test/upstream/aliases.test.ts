import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import OpenAI, { NotFoundError } from 'openai'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { resolver } from '../../src/upstream/aliases.ts'
import { startGateway } from '../support/gateway.ts'
import { eventsIn } from '../support/raw-client.ts'
import { isRecord } from '../support/shared.ts'
import { startVllm } from '../support/vllm.ts'

const alias = (name: string, targets: string[], defaults = {}) => ({ name, targets, defaults })

describe('a name', () => {
  const resolve = resolver([
    alias('*', ['gemini-2.5-flash-lite']),
    alias('gpt-*', ['gemini-2.5-flash']),
    alias('gpt-*-mini', ['gemini-2.5-flash-lite']),
    alias('gpt-4o', ['gemini-2.5-pro']),
    alias('mine/*', ['gemini-*', 'vertex/gemini-*']),
    alias('gemini-2.5-pro', ['gemini-2.5-pro', 'fast'], { seed: 1 }),
    alias('careful', ['gemini-2.5-pro', 'fast'], { temperature: 0, reasoning_effort: 'high' }),
    alias('fast', ['gemini-2.5-flash'], { temperature: 1, google: { labels: { a: 'b' } } }),
  ])
  const namesOf = (name: string) => resolve(name)?.ends.map((end) => end.name)

  it('is looked for as it is, then by the pattern with the most letters', () => {
    assert.deepEqual(namesOf('gpt-4o')?.[0], 'gemini-2.5-pro')
    assert.deepEqual(namesOf('gpt-4o-mini'), ['gemini-2.5-flash-lite'])
    assert.deepEqual(namesOf('gpt-5'), ['gemini-2.5-flash'])
    assert.deepEqual(namesOf('claude'), ['gemini-2.5-flash-lite'])
  })

  it('takes what * stood for into its targets', () => {
    assert.deepEqual(namesOf('mine/2.5-flash'), ['gemini-2.5-flash', 'vertex/gemini-2.5-flash'])
    assert.deepEqual(namesOf('mine/$&'), ['gemini-$&', 'vertex/gemini-$&'])
  })

  it('means the real model where it is its own target', () => {
    assert.deepEqual(namesOf('gemini-2.5-pro'), ['gemini-2.5-pro', 'gemini-2.5-flash'])
  })

  it('leads through others, whose defaults are filled in behind its own', () => {
    assert.deepEqual(resolve('careful')?.ends.at(-1), {
      name: 'gemini-2.5-flash',
      defaults: {
        temperature: 0,
        reasoning_effort: 'high',
        seed: 1,
        google: { labels: { a: 'b' } },
      },
    })
  })

  it('asks once whom several of its targets lead to', () => {
    const ends = resolver([
      alias('dup', ['da', 'db']),
      alias('da', ['m'], { n: 1 }),
      alias('db', ['m']),
    ])
    assert.deepEqual(ends('dup')?.ends, [{ name: 'm', defaults: { n: 1 } }])
  })

  it('is found at once through any number of layers', () => {
    const layers = Array.from({ length: 60 }, (_, n) => [
      alias(`a${n}`, [`a${n + 1}`, `b${n + 1}`]),
      alias(`b${n}`, [`b${n + 1}`, `a${n + 1}`]),
    ]).flat()
    assert.deepEqual(
      resolver(layers)('a0')?.ends.map(({ name }) => name),
      ['a60', 'b60'],
    )
  })

  it('is nobody’s where no alias means it', () => {
    assert.equal(resolver([alias('a', ['b'])])('b'), undefined)
  })
})

const folder = mkdtempSync(join(tmpdir(), 'pollux-aliases-'))
const path = join(folder, 'pollux.yaml')
const google = await startByHand()
const vllm = await startVllm()
writeFileSync(
  path,
  `
models:
  gpt-4o: gemini-2.5-flash
  fast:
    targets: [gemini-2.5-flash, vertex/gemini-2.5-flash-lite, own]
    defaults: { temperature: 0.5, max_completion_tokens: 64, top_k: 3 }
  mine/*: gemini-*
  broken: [own-that-is-not-there]
endpoints:
  own: { url: ${vllm.url}/v1, model: gemma-2-9b-it }
  own-that-is-not-there: { url: ${vllm.url}/nowhere }
  gemma: { endpoint: '7', location: us }
keys:
  - { name: all, key: sk-all }
  - { name: some, key: sk-some, models: [fast, 'mine/*', gemini-2.5-pro] }
  - { name: past, key: sk-past, expires: 2020-01-01 }
`,
)
const gateway = await startGateway({
  GEMINI_API_KEY: 'k',
  GOOGLE_GEMINI_BASE_URL: google.url,
  GOOGLE_CLOUD_PROJECT: 'p',
  GOOGLE_VERTEX_BASE_URL: google.url,
  GOOGLE_GENAI_USE_VERTEXAI: 'false',
  GCE_METADATA_HOST: '127.0.0.1:1',
  POLLUX_CONFIG: path,
})
after(async () => {
  await Promise.all([gateway.close(), google.close(), vllm.close()])
  rmSync(folder, { recursive: true })
})
google.answer((asked) => asked.usual())

interface Options {
  key?: string
  stream?: boolean
}

async function ask(model: string, more: object = {}, { key = 'sk-all' }: Options = {}) {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }], ...more }),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text }
}

/** What Google was asked last. */
function lastAsked() {
  const { url = '', body } = google.requests.at(-1) ?? {}
  assert.ok(isRecord(body))
  return { model: /models\/([^:]+):/.exec(url)?.[1], config: body.generationConfig }
}

describe('a model of the operator’s own name', () => {
  it('is asked under its real name, and answers under the one it was asked by', async () => {
    const { headers, text } = await ask('gpt-4o')
    assert.equal(JSON.parse(text).model, 'gpt-4o')
    assert.equal(lastAsked().model, 'gemini-2.5-flash')
    assert.equal(headers.get('x-pollux-model'), 'gemini-2.5-flash')
  })

  it('may be one of a pattern', async () => {
    const { headers } = await ask('mine/2.5-pro')
    assert.equal(lastAsked().model, 'gemini-2.5-pro')
    assert.equal(headers.get('x-pollux-model'), 'gemini-2.5-pro')
    assert.equal((await ask('mine/../x')).status, 404)
  })

  it('has defaults where the client says nothing', async () => {
    await ask('fast', { temperature: 0, max_tokens: 32, top_k: null })
    assert.deepEqual(lastAsked().config, { temperature: 0, maxOutputTokens: 32, topK: 3 })
  })

  it('is the next one’s where the first fails, in a stream too', async () => {
    google.answer((asked) => asked.refuse(503))
    for (const stream of [false, true]) {
      const { status, headers, text } = await ask('fast', { stream })
      assert.equal(status, 200, text)
      assert.equal(headers.get('x-pollux-model'), 'own')
      const [first = text] = eventsIn(text)
      assert.equal(JSON.parse(stream ? first : text).model, 'fast')
    }
    google.answer((asked) => asked.usual())
  })

  it('is nobody else’s once a word has gone out', async () => {
    google.answer((asked) => {
      asked.events({ candidates: [{ content: { parts: [{ text: 'Hel' }] } }] })
      asked.reset()
    })
    const before = vllm.asked.length
    const { status, headers, text } = await ask('fast', { stream: true })
    google.answer((asked) => asked.usual())
    assert.equal(status, 200)
    assert.equal(headers.get('x-pollux-model'), 'gemini-2.5-flash')
    assert.match(text, /"code":"stream_interrupted"/)
    assert.doesNotMatch(text, /\[DONE\]/)
    assert.equal(vllm.asked.length, before)
  })

  it('is refused as the last one refuses it', async () => {
    const { status } = await ask('broken')
    assert.equal(status, 404)
  })
})

const listed = async (apiKey: string) => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 })
  const { data } = await client.models.list()
  return data.map(({ id }) => id)
}

describe('the list of models', () => {
  it('has the operator’s names first, and no patterns', async () => {
    const ids = await listed('sk-all')
    assert.deepEqual(ids.slice(0, 5), ['gpt-4o', 'fast', 'broken', 'own', 'own-that-is-not-there'])
    assert.ok(ids.includes('gemini-2.5-pro'))
    assert.equal(new Set(ids).size, ids.length)
    assert.ok(ids.every((id) => !id.includes('*')))
  })

  it('has for a key what it may ask for', async () => {
    assert.deepEqual(await listed('sk-some'), ['fast', 'gemini-2.5-pro'])
  })

  it('tells one by one as well', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-some', maxRetries: 0 })
    assert.equal((await client.models.retrieve('mine/2.5-flash')).id, 'mine/2.5-flash')
    for (const id of ['gpt-4o', 'gemini-2.5-flash', 'own']) {
      await assert.rejects(client.models.retrieve(id), NotFoundError, id)
    }
  })
})

describe('a key', () => {
  it('may ask for its models, by whatever prefix', async () => {
    for (const model of ['fast', 'mine/2.5-flash', 'gemini-2.5-pro', 'gemini/gemini-2.5-pro']) {
      const { status, text } = await ask(model, {}, { key: 'sk-some' })
      assert.equal(status, 200, `${model}: ${text}`)
    }
  })

  it('gets for others what OpenAI says of models without access, and nothing is asked', async () => {
    const before = google.log.count
    for (const model of ['gpt-4o', 'gemini-2.5-flash', 'models/gemini-2.5-flash', 'own']) {
      const { status, text } = await ask(model, {}, { key: 'sk-some' })
      assert.equal(status, 404)
      const { error } = JSON.parse(text)
      assert.equal(error.code, 'model_not_found')
      assert.match(error.message, /does not exist here or you do not have access to it/)
    }
    assert.equal(google.log.count, before)
  })

  it('gets the same by Google’s own paths, and by that of an endpoint', async () => {
    const before = google.log.count
    const openapi = '/v1/projects/p/locations/global/endpoints/openapi'
    for (const [path, model] of [
      [openapi, 'google/gemini-2.5-flash'],
      ['/v1beta/openai', 'gemini-2.5-flash'],
      ['/v1/projects/p/locations/us/endpoints/7', 'any'],
    ] as const) {
      const response = await fetch(`${gateway.url}${path}/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer sk-some' },
        body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Ahoy' }] }),
      })
      assert.equal(response.status, 404, path)
      assert.match(await response.text(), /does not exist here or you do not have access to it/)
    }
    assert.equal(google.log.count, before)
  })

  it('that has expired is told so', async () => {
    const { status, text } = await ask('fast', {}, { key: 'sk-past' })
    assert.equal(status, 401)
    assert.match(text, /has expired/)
    assert.match(text, /"code":"invalid_api_key"/)
  })
})
