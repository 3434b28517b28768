import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import OpenAI, { AuthenticationError } from 'openai'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { isRecord } from '../support/shared.ts'

const google = await startByHand()
google.answer((asked) => asked.usual())
const gemini = { GEMINI_API_KEY: 'our-own-key', GOOGLE_GEMINI_BASE_URL: google.url }
const body = JSON.stringify({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Hi' }],
})

type Headers = Record<string, string>

const open: Gateway[] = []
after(async () => {
  await Promise.all(open.map((gateway) => gateway.close()))
  await google.close()
})

/** A gateway that lives as long as this file's tests. */
async function start(env: Record<string, string>): Promise<Gateway> {
  const gateway = await startGateway(env)
  open.push(gateway)
  return gateway
}

async function ask(
  { url }: Gateway,
  headers: Headers,
  path = '/v1/chat/completions',
): Promise<{ status: number; text: string }> {
  const response = await fetch(url + path, {
    method: path.includes('completions') ? 'POST' : 'GET',
    headers: { 'content-type': 'application/json', ...headers },
    ...(path.includes('completions') && { body }),
    signal: AbortSignal.timeout(5_000),
  })
  return { status: response.status, text: await response.text() }
}

describe('without a wish for keys', () => {
  it('anybody on loopback may ask, with any key or none', async () => {
    const gateway = await start(gemini)
    const clients: Headers[] = [
      {},
      { authorization: 'Bearer whatever' },
      { authorization: 'nonsense' },
    ]
    for (const headers of clients) {
      assert.equal((await ask(gateway, headers)).status, 200)
    }
  })

  it('sends the gateway’s own key upstream in a header, and nothing of the client’s', async () => {
    const gateway = await start(gemini)
    await ask(gateway, { authorization: 'Bearer client-secret', cookie: 'a=b', 'x-custom': 'c' })
    const asked = google.requests.at(-1)
    assert.equal(asked?.headers['x-goog-api-key'], 'our-own-key')
    assert.doesNotMatch(asked.url, /key/)
    assert.doesNotMatch(JSON.stringify([asked.headers, asked.url]), /client-secret|a=b|x-custom/)
  })
})

describe('with keys', () => {
  let gateway: Gateway
  before(async () => {
    gateway = await start({ ...gemini, POLLUX_API_KEYS: 'sk-one, sk-two' })
  })

  const welcome: Headers[] = [
    { authorization: 'Bearer sk-one' },
    { authorization: 'bearer sk-two' },
    { 'x-api-key': 'sk-one' },
    { 'api-key': 'sk-two' },
    { 'x-goog-api-key': 'sk-one' },
    // Cloud Run's own token may stand where ours would.
    { authorization: 'Bearer some-id-token', 'x-api-key': 'sk-one' },
    { authorization: 'Bearer sk-one', 'x-api-key': 'of a proxy' },
    { authorization: 'Bearer other', 'api-key': 'another', 'x-goog-api-key': 'sk-two' },
  ]
  for (const headers of welcome) {
    it(`lets in ${JSON.stringify(headers)}`, async () => {
      assert.equal((await ask(gateway, headers)).status, 200)
    })
  }

  const unwelcome: Headers[] = [
    {},
    { authorization: '' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: 'Bearer sk-three' },
    { authorization: 'Bearer sk-on' },
    { authorization: 'Bearer sk-onee' },
    { authorization: 'Bearer SK-ONE' },
    { authorization: 'Bearer sk-one, sk-two' },
    { authorization: 'Basic sk-one' },
    { authorization: 'sk-one' },
    { 'x-api-key': '' },
    { 'x-api-key': 'sk-three' },
    { authorization: `Bearer ${'x'.repeat(10_000)}` },
    { authorization: "Bearer ' OR 1=1 --" },
  ]
  for (const headers of unwelcome) {
    it(`keeps out ${JSON.stringify(headers).slice(0, 60)}, and nothing goes upstream`, async () => {
      const before = google.log.count
      const { status, text } = await ask(gateway, headers)
      assert.equal(status, 401)
      assert.match(text, /"code":"invalid_api_key"/)
      assert.equal(google.log.count, before)
    })
  }

  it('says the same to a wrong key as to none, and repeats neither', async () => {
    const none = await ask(gateway, {})
    const wrong = await ask(gateway, { authorization: 'Bearer sk-my-secret' })
    assert.equal(none.text, wrong.text)
  })

  it('is refused before the body is read', async () => {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{not json',
    })
    assert.equal(response.status, 401)
  })

  it('guards the models too, but not health', async () => {
    const key = { authorization: 'Bearer sk-one' }
    assert.equal((await ask(gateway, {}, '/v1/models')).status, 401)
    assert.equal((await ask(gateway, {}, '/v1/models/gemini-2.5-flash')).status, 401)
    assert.equal((await ask(gateway, {}, '/v1beta/openai/models')).status, 401)
    assert.equal((await ask(gateway, key, '/v1/models')).status, 200)
    assert.equal((await ask(gateway, {}, '/health')).status, 200)
  })

  it('tells nobody without a key which project it serves', async () => {
    const vertex = await start({
      GOOGLE_CLOUD_PROJECT: 'proj-a',
      GOOGLE_VERTEX_BASE_URL: google.url,
      POLLUX_API_KEYS: 'sk-one',
    })
    for (const rest of ['chat/completions', 'models', 'models/gemini-2.5-flash']) {
      const at = (project: string) =>
        `/v1/projects/${project}/locations/global/endpoints/openapi/${rest}`
      const right = await ask(vertex, {}, at('proj-a'))
      const wrong = await ask(vertex, {}, at('proj-b'))
      assert.equal(right.status, 401)
      assert.deepEqual(wrong, right)
      const known = await ask(vertex, { authorization: 'Bearer sk-one' }, at('proj-b'))
      assert.equal(known.status, 404)
    }
  })

  it('makes the SDK throw AuthenticationError', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'wrong', maxRetries: 0 })
    await assert.rejects(
      client.models.list(),
      (error) => error instanceof AuthenticationError && /Bearer/.test(error.message),
    )
  })

  it('keeps the client’s key from Google', async () => {
    await ask(gateway, { authorization: 'Bearer sk-one', 'x-api-key': 'sk-one' })
    const asked = google.requests.at(-1)
    assert.doesNotMatch(JSON.stringify([asked?.headers, asked?.url, asked?.body]), /sk-one/)
  })
})

describe('with a file of keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-keys-'))
  after(() => rmSync(folder, { recursive: true }))

  it('lets in those keys, whatever the line ends, and not the comments', async () => {
    const path = join(folder, 'keys')
    writeFileSync(path, '# of the team\nsk-alice\r\n\n  sk-bob  \n#sk-gone\n')
    const gateway = await start({
      ...gemini,
      POLLUX_API_KEYS_FILE: path,
      POLLUX_API_KEYS: 'sk-env',
    })
    const status = async (key: string) =>
      (await ask(gateway, { authorization: `Bearer ${key}` })).status
    assert.equal(await status('sk-alice'), 200)
    assert.equal(await status('sk-bob'), 200)
    assert.equal(await status('sk-env'), 200)
    assert.equal(await status('sk-gone'), 401)
    assert.equal(await status('#sk-gone'), 401)
    assert.equal(await status('#'), 401)
  })
})

describe('with credentials that pass through', () => {
  let gateway: Gateway
  before(async () => {
    gateway = await start({ ...gemini, POLLUX_AUTH: 'passthrough' })
  })

  async function upstream(headers: Headers) {
    const { status } = await ask(gateway, headers)
    assert.equal(status, 200)
    const asked = google.requests.at(-1)
    assert.ok(asked)
    return asked
  }

  it('sends an access token as Authorization', async () => {
    const { headers, url } = await upstream({ authorization: 'Bearer ya29.client-token' })
    assert.equal(headers.authorization, 'Bearer ya29.client-token')
    assert.equal(headers['x-goog-api-key'], undefined)
    assert.doesNotMatch(url, /ya29/)
  })

  for (const key of ['AIzaSyClientKey-123', 'AQ.Ab8ClientKey']) {
    it(`sends an API key as x-goog-api-key, never in the URL: ${key}`, async () => {
      const { headers, url } = await upstream({ authorization: `Bearer ${key}` })
      assert.equal(headers['x-goog-api-key'], key)
      assert.equal(headers.authorization, undefined)
      assert.doesNotMatch(url, /key|AIza|AQ/)
    })
  }

  it('takes the key where Google’s SDK puts it', async () => {
    const { headers } = await upstream({ 'x-goog-api-key': 'AIzaSyClientKey-123' })
    assert.equal(headers['x-goog-api-key'], 'AIzaSyClientKey-123')
  })

  it('takes the first that may be a credential where several are shown', async () => {
    const { headers } = await upstream({ 'x-api-key': '-', authorization: 'Bearer ya29.client' })
    assert.equal(headers.authorization, 'Bearer ya29.client')
  })

  it('sends nothing else of the client’s headers', async () => {
    const { headers } = await upstream({
      authorization: 'Bearer ya29.client-token',
      cookie: 'session=canary',
      'user-agent': 'canary/1',
      'x-forwarded-for': '10.0.0.1, canary',
      'x-stainless-lang': 'canary',
      'openai-organization': 'canary',
      'x-goog-user-project': 'canary',
      'accept-encoding': 'gzip, canary',
      'x-vertex-ai-llm-request-type': 'canary',
    })
    assert.doesNotMatch(JSON.stringify(headers), /canary/)
    assert.deepEqual(
      Object.keys(headers).toSorted(),
      [
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
      ].filter((name) => name in headers),
    )
  })

  it('never falls back to the gateway’s own key', async () => {
    const before = google.log.count
    const clients: Headers[] = [{}, { authorization: 'Bearer ' }, { authorization: 'Bearer x' }]
    for (const headers of clients) {
      assert.equal((await ask(gateway, headers)).status, 401)
    }
    assert.equal(google.log.count, before)
  })

  it('says 401 where Google refuses what the client sent', async () => {
    for (const [status, message] of [
      [401, 'Request had invalid authentication credentials.'],
      [400, 'API key not valid. Please pass a valid API key.'],
    ] as const) {
      google.answer((asked) => asked.refuse(status, message))
      const answer = await ask(gateway, { authorization: 'Bearer ya29.client-token' })
      assert.equal(answer.status, 401)
      assert.match(answer.text, /"code":"invalid_api_key"/)
    }
    google.answer((asked) => asked.usual())
  })

  it('says 502, not 401, where Google refuses the gateway’s own key', async () => {
    const own = await start(gemini)
    google.answer((asked) => asked.refuse(400, 'API key not valid.'))
    const { status, text } = await ask(own, {})
    google.answer((asked) => asked.usual())
    assert.equal(status, 502)
    assert.match(text, /"code":"upstream_authentication_error"/)
    assert.doesNotMatch(text, /our-own-key/)
  })
})

describe('the models', () => {
  let gateway: Gateway
  let client: OpenAI
  before(async () => {
    gateway = await start({})
    client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  })

  it('are listed in OpenAI’s shape', async () => {
    const { data } = await client.models.list()
    assert.ok(data.some(({ id }) => id === 'gemini-2.5-flash'))
    for (const model of data) {
      assert.deepEqual(Object.keys(model).toSorted(), ['created', 'id', 'object', 'owned_by'])
      assert.equal(model.object, 'model')
      assert.equal(typeof model.created, 'number')
    }
  })

  it('answer every one that is listed', async () => {
    const { data } = await client.models.list()
    for (const { id } of data) {
      const answer = await client.chat.completions.create({
        model: id,
        messages: [{ role: 'user', content: 'Say hello.' }],
      })
      assert.equal(answer.choices[0]?.message.content, 'hello', id)
    }
  })

  for (const path of [
    'gemini-2.5-flash',
    'google/gemini-2.5-flash',
    'google%2Fgemini-2.5-flash',
    'google%2fgemini-2.5-flash',
    'models/gemini-2.5-flash',
    'models%2Fgemini-2.5-flash',
    'gemini-9-not-listed-yet',
  ]) {
    it(`are found one by one: ${path}`, async () => {
      const { status, text } = await ask(gateway, {}, `/v1/models/${path}`)
      const model: unknown = JSON.parse(text)
      assert.equal(status, 200)
      assert.ok(isRecord(model))
      assert.equal(model.id, decodeURIComponent(path))
    })
  }

  it('are found by the SDK, which encodes the slash', async () => {
    const model = await client.models.retrieve('google/gemini-2.5-flash')
    assert.equal(model.id, 'google/gemini-2.5-flash')
  })

  for (const path of ['gpt-4o', 'google%2F..%2F..%2Fsecret', '..%2f..%2fx', 'x'.repeat(400)]) {
    it(`are 404 where they are unknown: ${path.slice(0, 40)}`, async () => {
      const { status, text } = await ask(gateway, {}, `/v1/models/${path}`)
      assert.equal(status, 404)
      const body: unknown = JSON.parse(text)
      assert.ok(isRecord(body) && isRecord(body.error))
      assert.equal(body.error.code, 'model_not_found')
    })
  }

  it('are listed at Google’s own doors too', async () => {
    for (const path of [
      '/models',
      '/v1beta/openai/models',
      '/v1/projects/emulator/locations/global/endpoints/openapi/models',
    ]) {
      assert.equal((await ask(gateway, {}, path)).status, 200)
    }
  })
})

describe('health', () => {
  it('is good while the gateway takes requests, and asks nothing upstream', async () => {
    const gateway = await start(gemini)
    const before = google.log.count
    for (const path of ['/health', '/health/live', '/health/ready']) {
      const { status, text } = await ask(gateway, {}, path)
      const health: unknown = JSON.parse(text)
      assert.equal(status, 200)
      assert.ok(isRecord(health))
      assert.equal(health.status, 'ok')
    }
    assert.equal(google.log.count, before)
  })
})
