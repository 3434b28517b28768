import assert from 'node:assert/strict'
import { after, beforeEach, describe, it } from 'node:test'
import OpenAI, {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
  UnprocessableEntityError,
} from 'openai'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { ApiError } from '../../src/errors.ts'
import { createLog } from '../../src/log.ts'
import { toBackends } from '../../src/reach.ts'
import { CallRecord } from '../../src/upstream/record.ts'
import { endpointUrl } from '../../src/upstream/google.ts'
import { memorySignatures } from '../../src/upstream/signatures.ts'
import { retryBudget } from '../../src/upstream/budget.ts'
import { fixedToken, type TokenSource } from '../../src/upstream/token.ts'
import { createTransport } from '../../src/upstream/transport.ts'
import { googleError } from '../support/gemini.ts'
import { type PeerAsked, startHttpPeer } from '../support/http-peer.ts'
import { within } from '../support/within.ts'
import { startGateway } from '../support/gateway.ts'
import { eventsIn } from '../support/raw-client.ts'
import { isRecord } from '../support/shared.ts'
import { startTgi } from '../support/tgi.ts'
import { startVllm } from '../support/vllm.ts'

const vllm = await startVllm()
const tgi = await startTgi()
// Vertex AI's front end, which hands requests for an endpoint on: a vLLM of ours is behind it, or the test.
const front = await startHttpPeer()
const endpoints = {
  gemma: { url: `${vllm.url}/v1`, model: 'gemma-2-9b-it' },
  'gemma-2-9b-it': { url: `${vllm.url}/v1/` },
  nameless: { url: `${vllm.url}/v1`, model: '' },
  big: { url: `${tgi.url}/v1`, model: 'tgi' },
  'on-vertex': { endpoint: '1234567890', location: 'europe-west4', model: 'gemma-2-9b-it' },
  unnamed: { endpoint: '42', project: 'other' },
}
const env = {
  POLLUX_AUTH: 'passthrough',
  GOOGLE_CLOUD_PROJECT: 'p',
  GOOGLE_CLOUD_LOCATION: 'us-central1',
  GOOGLE_VERTEX_BASE_URL: front.url,
  POLLUX_ENDPOINTS: JSON.stringify(endpoints),
}
const gateway = await startGateway(env)
const token = 'ya29.client-token'
const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: token, maxRetries: 0 })
after(async () => {
  await gateway.close()
  await Promise.all([vllm.close(), tgi.close(), front.close()])
})

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** Vertex AI hands a request for an endpoint on to its container. */
function forwardToVllm({ url, body, ...asked }: PeerAsked): void {
  void fetch(`${vllm.url}${url}`, { method: 'POST', body: JSON.stringify(body) }).then(
    async (answer) => {
      const type = answer.headers.get('content-type') ?? ''
      asked.json(answer.status, await answer.text(), { 'content-type': type })
      return undefined
    },
  )
}

async function ask(body: object, path = '/v1/chat/completions') {
  const response = await fetch(gateway.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, events: eventsIn(text) }
}

interface WireError {
  message: string
  type: string
  param: string | null
  code: string | null
}

function errorIn(text: string): WireError {
  const { error }: { error: WireError } = JSON.parse(text)
  return error
}

function modelsIn(events: string[]): string[] {
  const chunks = events.filter((event) => event !== '[DONE]')
  return [...new Set(chunks.map((event) => String(JSON.parse(event).model)))]
}

/** For each test of a suite. Not for the file: files share one process, and its hooks would be everybody's. */
function eachAnew(): void {
  beforeEach(() => {
    vllm.behave()
    tgi.ail(undefined)
    front.answer(forwardToVllm)
    vllm.asked.length = 0
    tgi.asked.length = 0
  })
}

describe('a body for an endpoint of one’s own', () => {
  eachAnew()

  // Nothing of it is Gemini's, and some of it would be refused there.
  const odd = {
    messages: [
      { role: 'system', content: 'Be brief.', cache_control: { type: 'ephemeral' } },
      { role: 'user', content: [{ type: 'text', text: 'Hi' }], name: 'me' },
      { role: 'narrator', content: null },
    ],
    temperature: 7,
    n: 12,
    stop: ['a', 'b', 'c', 'd', 'e', 'f'],
    top_k: -1,
    min_p: 0.05,
    repetition_penalty: 1.1,
    guided_json: { type: 'object', properties: {} },
    chat_template_kwargs: { enable_thinking: false },
    extra_body: { google: { thought_tag_marker: 'think' } },
    ignore_eos: true,
    logit_bias: { 42: -100 },
    seed: null,
    user: 'me',
  }

  it('goes on as it is, but for the model', async () => {
    const { status } = await ask({ model: 'gemma', ...odd })
    assert.equal(status, 200)
    assert.deepEqual(vllm.asked.at(-1)?.body, { ...odd, model: 'gemma-2-9b-it' })
    assert.equal(vllm.asked.at(-1)?.path, '/v1/chat/completions')
  })

  it('goes on as it is when a stream is wanted', async () => {
    const body = { ...odd, stream: true, stream_options: { include_usage: true, weird: 1 } }
    await ask({ model: 'gemma', ...body })
    assert.deepEqual(vllm.asked.at(-1)?.body, { ...body, model: 'gemma-2-9b-it' })
  })

  it('names the model by its alias where no other name is configured', async () => {
    await ask({ model: 'gemma-2-9b-it', messages })
    assert.equal(vllm.asked.at(-1)?.body.model, 'gemma-2-9b-it')
  })

  it('names it by nothing where that is configured', async () => {
    const { text } = await ask({ model: 'nameless', messages })
    assert.equal(vllm.asked.at(-1)?.body.model, '')
    assert.equal(JSON.parse(text).model, 'nameless')
  })

  it('says nothing of the model where Vertex AI’s address says it', async () => {
    await ask({ model: 'unnamed', messages })
    assert.deepEqual(front.requests.at(-1)?.body, { messages })
  })

  it('goes to its container with the container’s key, and with nothing of the client’s', async () => {
    // Where clients bring their own credentials, a key of ours would serve anybody.
    const { apiKey, ...gemma } = { ...endpoints.gemma, apiKey: 'container-key' }
    const POLLUX_ENDPOINTS = JSON.stringify({ gemma: { ...gemma, apiKey } })
    const keyed = await startGateway({ POLLUX_ENDPOINTS })
    await new OpenAI({ baseURL: `${keyed.url}/v1`, apiKey: token }).chat.completions.create({
      model: 'gemma',
      messages,
    })
    await keyed.close()
    assert.equal(vllm.asked.at(-1)?.headers.authorization, 'Bearer container-key')
    await ask({ model: 'gemma-2-9b-it', messages })
    assert.equal(vllm.asked.at(-1)?.headers.authorization, undefined)
    await ask({ model: 'big', messages, stream: true })
    for (const { headers } of [...vllm.asked, ...tgi.asked]) {
      assert.ok(!JSON.stringify(headers).includes(token))
    }
  })

  it('goes to Vertex AI with the client’s own token', async () => {
    await ask({ model: 'on-vertex', messages })
    const { url, headers, body } = front.requests.at(-1) ?? assert.fail()
    assert.equal(url, '/v1/projects/p/locations/europe-west4/endpoints/1234567890/chat/completions')
    assert.equal(headers.authorization, `Bearer ${token}`)
    assert.deepEqual(body, { model: 'gemma-2-9b-it', messages })
  })
})

describe('an answer of an endpoint', () => {
  eachAnew()

  it('comes as it is, under the name that the client knows', async () => {
    const { status, text } = await ask({ model: 'gemma', messages })
    const answer: Record<string, unknown> = JSON.parse(text)
    assert.equal(status, 200)
    assert.equal(answer.model, 'gemma')
    assert.equal(answer.id, 'chatcmpl-7a1b')
    // What only vLLM knows stays.
    assert.ok('prompt_logprobs' in answer && 'kv_transfer_params' in answer)
    assert.match(text, /"stop_reason":null/)
  })

  it('comes event by event, under that name, with the usage after the end', async () => {
    const wish = { stream: true, stream_options: { include_usage: true } }
    for (const model of ['gemma', 'big', 'on-vertex']) {
      const { events, headers } = await ask({ model, messages, ...wish })
      assert.match(headers.get('content-type') ?? '', /^text\/event-stream/)
      assert.equal(events.at(-1), '[DONE]')
      assert.equal(events.filter((event) => event === '[DONE]').length, 1)
      assert.deepEqual(modelsIn(events), [model])
      const last: { choices: unknown[]; usage: object } = JSON.parse(events.at(-2) ?? '{}')
      assert.deepEqual(last.choices, [])
      assert.ok(last.usage)
    }
  })

  it('is counted for a client with a key, who sees no more than it asked for', async () => {
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const keyed = await startApp(
      readConfig({
        PORT: '0',
        POLLUX_API_KEYS: 'sk-of-ours',
        POLLUX_ENDPOINTS: JSON.stringify({ gemma: endpoints.gemma }),
      }),
      log,
    )
    const own = new OpenAI({ baseURL: `${keyed.url}/v1`, apiKey: 'sk-of-ours', maxRetries: 0 })
    const request = { model: 'gemma', messages, stream: true as const }
    const silent = []
    for await (const chunk of await own.chat.completions.create(request)) silent.push(chunk)
    const asking = { ...request, stream_options: { include_usage: true } }
    const telling = []
    for await (const chunk of await own.chat.completions.create(asking)) telling.push(chunk)
    await keyed.close()
    assert.ok(silent.length > 1)
    assert.ok(silent.every(({ choices, usage }) => choices.length === 1 && usage === undefined))
    assert.ok((telling.at(-1)?.usage?.total_tokens ?? 0) > 0)
    const counted = lines.map((line) => JSON.parse(line)).filter(({ path }) => path !== undefined)
    assert.equal(counted.length, 2)
    for (const { inputTokens, outputTokens } of counted) {
      assert.deepEqual(
        [inputTokens, outputTokens],
        [telling.at(-1)?.usage?.prompt_tokens, telling.at(-1)?.usage?.completion_tokens],
      )
    }
  })

  it('ends in [DONE] though the server forgot it', async () => {
    vllm.behave({ done: false })
    const wish = { stream: true, stream_options: { include_usage: true } }
    for (const body of [wish, { stream: true }]) {
      const { events } = await ask({ model: 'gemma', messages, ...body })
      assert.equal(events.at(-1), '[DONE]')
      assert.ok(events.every((event) => !event.includes('"error"')))
    }
  })

  for (const how of ['close', 'reset'] as const) {
    it(`that breaks off is an error and no end: ${how}`, async () => {
      for (const after of [1, 2, 3]) {
        vllm.behave({ breaks: { after, how } })
        const { events, status } = await ask({ model: 'gemma', messages, stream: true })
        assert.equal(status, 200)
        assert.equal(errorIn(events.at(-1) ?? '').code, 'stream_interrupted')
        assert.ok(!events.includes('[DONE]'))
      }
    })
  }

  it('that breaks off before its first event still has a status', async () => {
    for (const how of ['close', 'reset'] as const) {
      vllm.behave({ breaks: { after: 0, how } })
      const { status, text } = await ask({ model: 'gemma', messages, stream: true })
      assert.equal(status, 502)
      assert.equal(errorIn(text).type, 'server_error')
    }
  })

  it('that ends in an error of its own says so, after what was said before', async () => {
    for (const errors of ['older', 'newer'] as const) {
      vllm.behave({ errors, breaks: { after: 3, how: 'error' } })
      const { events } = await ask({ model: 'gemma', messages, stream: true })
      assert.equal(events.length, 4)
      const { message, type } = errorIn(events.at(-1) ?? '')
      assert.equal(message, 'EngineCore encountered an issue.')
      assert.equal(type, 'server_error')
    }
    tgi.ail('midstream')
    const { events } = await ask({ model: 'big', messages, stream: true })
    assert.match(errorIn(events.at(-1) ?? '').message, /Request failed during generation/)
    assert.equal(events.length, 3)
    assert.ok(!events.includes('[DONE]'))
  })

  it('that is an error under a 200 is an error', async () => {
    const bodies = [
      '{"object":"error","message":"Out of memory.","type":"InternalServerError","param":null,"code":500}',
      '{"error":{"message":"Out of memory.","type":"InternalServerError","param":null,"code":500}}',
      '{"error":"Out of memory.","error_type":"generation"}',
    ]
    for (const body of bodies) {
      vllm.behave({ refuses: { status: 200, body } })
      const { status, text } = await ask({ model: 'gemma', messages })
      assert.ok(status >= 500, `${status}: ${text}`)
      assert.equal(errorIn(text).message, 'Out of memory.')
    }
  })

  it('that is no JSON is a bad gateway', async () => {
    for (const body of ['<html>nginx</html>', '', '[]', 'null']) {
      vllm.behave({ refuses: { status: 200, body } })
      const { status, text } = await ask({ model: 'gemma', messages })
      assert.equal(status, 502, body)
      assert.equal(errorIn(text).code, 'bad_gateway')
    }
  })

  it('ends upstream when the client leaves', async () => {
    front.answer()
    const controller = new AbortController()
    const asking = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ model: 'on-vertex', messages, stream: true }),
      signal: controller.signal,
    })
    const asked = await front.next()
    asked.begin()
    asked.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n')
    const reader = (await asking).body?.getReader() ?? assert.fail()
    await reader.read()
    controller.abort()
    await within(1_000, asked.left, 'the gateway did not hang up')
  })
})

describe('a refusal of an endpoint', () => {
  eachAnew()

  const older = JSON.stringify({
    object: 'error',
    message: 'Too long.',
    type: 'BadRequestError',
    param: 'messages',
    code: 400,
  })
  const table: [string, number, string, Partial<WireError> & { status: number }][] = [
    [
      'older vLLM',
      400,
      older,
      { status: 400, type: 'invalid_request_error', message: 'Too long.', param: 'messages' },
    ],
    [
      'newer vLLM',
      404,
      '{"error":{"message":"The model `x` does not exist.","type":"NotFoundError","param":"model","code":404}}',
      { status: 404, type: 'invalid_request_error', message: 'The model `x` does not exist.' },
    ],
    [
      'TGI, invalid',
      422,
      '{"error":"Input validation error","error_type":"validation"}',
      {
        status: 422,
        type: 'invalid_request_error',
        message: 'Input validation error',
        code: 'validation',
      },
    ],
    [
      'TGI, failed',
      424,
      '{"error":"Request failed","error_type":"generation"}',
      { status: 502, type: 'server_error', message: 'Request failed' },
    ],
    [
      'TGI, overloaded',
      429,
      '{"error":"Model is overloaded","error_type":"overloaded"}',
      { status: 429, type: 'rate_limit_error', message: 'Model is overloaded' },
    ],
    [
      'FastAPI',
      422,
      '{"detail":[{"loc":["body","messages"],"msg":"field required","type":"value_error.missing"}]}',
      { status: 422, type: 'invalid_request_error', message: 'body.messages: field required' },
    ],
    ['FastAPI, in a word', 404, '{"detail":"Not Found"}', { status: 404, message: 'Not Found' }],
    ['nothing at all', 500, '', { status: 500, type: 'server_error' }],
    [
      'a page',
      503,
      '<html>no healthy upstream</html>',
      { status: 503, type: 'service_unavailable_error' },
    ],
    [
      'a bad key of ours',
      401,
      '{"error":"Unauthorized"}',
      { status: 502, code: 'upstream_authentication_error' },
    ],
    [
      'Google’s front end',
      429,
      JSON.stringify(googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.')),
      {
        status: 429,
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        message: 'Quota exceeded.',
      },
    ],
    [
      'Google’s front end, in an array',
      503,
      JSON.stringify([googleError(503, 'UNAVAILABLE', 'The endpoint is starting.')]),
      { status: 503, type: 'service_unavailable_error', message: 'The endpoint is starting.' },
    ],
  ]
  for (const [name, status, body, expected] of table) {
    it(`is an error of OpenAI’s: ${name}`, async () => {
      vllm.behave({ refuses: { status, body, headers: { 'retry-after': '7' } } })
      for (const stream of [false, true]) {
        const answer = await ask({ model: 'gemma', messages, stream })
        assert.match(answer.headers.get('content-type') ?? '', /^application\/json/)
        const error = errorIn(answer.text)
        assert.ok(error.message.length > 0)
        assert.deepEqual(Object.keys(error).slice(0, 4), ['message', 'type', 'param', 'code'])
        assert.equal(typeof error.code === 'string' || error.code === null, true)
        assert.partialDeepStrictEqual({ ...error, status: answer.status }, expected)
        if (status === 429) assert.equal(answer.headers.get('retry-after'), '7')
      }
    })
  }

  it('in plain text keeps what it says', async () => {
    tgi.ail('unreadable')
    const { status, text } = await ask({ model: 'big', messages })
    assert.equal(status, 422)
    assert.match(errorIn(text).message, /expected f32/)
  })

  it('of the client’s own token is the client’s to mend', async () => {
    front.answer((asked) =>
      asked.json(401, googleError(401, 'UNAUTHENTICATED', 'Request had invalid credentials.')),
    )
    const { status, text } = await ask({ model: 'on-vertex', messages })
    assert.equal(status, 401)
    assert.equal(errorIn(text).code, 'invalid_api_key')
  })

  it('where nobody listens is a bad gateway', async () => {
    const lost = await startGateway({
      POLLUX_ENDPOINTS: JSON.stringify({ lost: { url: 'http://127.0.0.1:1/v1' } }),
    })
    const response = await fetch(`${lost.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'lost', messages }),
    })
    await lost.close()
    assert.equal(response.status, 502)
    assert.equal(errorIn(await response.text()).type, 'server_error')
  })
})

describe('Google’s own path of an endpoint', () => {
  eachAnew()

  const path = '/v1/projects/p/locations/europe-west4/endpoints/1234567890/chat/completions'

  it('needs no model in the body, and gives the alias back', async () => {
    for (const version of [path, path.replace('/v1/', '/v1beta1/')]) {
      const { status, text } = await ask({ messages }, version)
      assert.equal(status, 200)
      assert.equal(JSON.parse(text).model, 'on-vertex')
      assert.deepEqual(front.requests.at(-1)?.body, { messages, model: 'gemma-2-9b-it' })
    }
  })

  it('gives back whatever model the body names, streamed too', async () => {
    const whole = await ask({ model: 'google/gemma', messages }, path)
    assert.equal(JSON.parse(whole.text).model, 'google/gemma')
    const { events } = await ask({ model: 'my-name', messages, stream: true }, path)
    assert.deepEqual(modelsIn(events), ['my-name'])
    assert.equal(events.at(-1), '[DONE]')
    assert.partialDeepStrictEqual(front.requests.at(-1)?.body, { model: 'gemma-2-9b-it' })
  })

  it('serves what has a project of its own', async () => {
    const own = '/v1/projects/other/locations/us-central1/endpoints/42/chat/completions'
    const { status, text } = await ask({ messages }, own)
    assert.equal(status, 200)
    assert.equal(JSON.parse(text).model, 'unnamed')
    assert.equal(front.requests.at(-1)?.url, own)
  })

  it('is unknown elsewhere, and nothing goes upstream', async () => {
    const before = front.requests.length
    const others = [
      path.replace('1234567890', '666'),
      path.replace('/p/', '/q/'),
      path.replace('europe-west4', 'us-central1'),
      path.replace('1234567890', '1234567890%2F..%2F42'),
      path.replace('1234567890', 'on-vertex'),
    ]
    for (const other of others) {
      const { status, text } = await ask({ messages }, other)
      assert.equal(status, 404, other)
      assert.equal(errorIn(text).type, 'invalid_request_error')
    }
    assert.equal(front.requests.length, before)
  })

  it('asks for a credential like every other', async () => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages }),
    })
    assert.equal(response.status, 401)
  })
})

describe('the address of an endpoint on Vertex AI', () => {
  eachAnew()

  const place = { project: 'p', location: 'europe-west4', endpoint: '123' }
  const path = '/v1/projects/p/locations/europe-west4/endpoints/123/chat/completions'

  it('is at the host of its region', () => {
    assert.equal(
      endpointUrl(place, undefined, undefined),
      `https://europe-west4-aiplatform.googleapis.com${path}`,
    )
  })

  it('is at its own host where it has one', () => {
    const host = '123.europe-west4-456.prediction.vertexai.goog'
    assert.equal(endpointUrl(place, host, undefined), `https://${host}${path}`)
    // It refuses calls at the shared host, whatever the operator calls that.
    assert.equal(endpointUrl(place, host, 'http://127.0.0.1:1'), `https://${host}${path}`)
  })

  it('is at the operator’s base URL where there is one', () => {
    assert.equal(endpointUrl(place, undefined, 'http://127.0.0.1:9'), `http://127.0.0.1:9${path}`)
  })

  it('cannot be left through the name of anything', () => {
    const url = endpointUrl({ ...place, endpoint: '../x?y#z' }, undefined, undefined)
    assert.ok(url.endsWith('/endpoints/..%2Fx%3Fy%23z/chat/completions'), url)
  })
})

describe('a partner’s model', () => {
  eachAnew()

  const names = [
    'meta/llama-3.3-70b-instruct-maas',
    'openai/gpt-oss-120b-maas',
    'deepseek-ai/deepseek-v3.1-maas',
    'qwen/qwen3-coder-480b-a35b-instruct-maas',
  ]
  const path = '/v1beta1/projects/p/locations/us-central1/endpoints/openapi/chat/completions'

  it('is asked at Vertex AI’s own OpenAI endpoint, in the client’s words', async () => {
    vllm.behave({ serves: names })
    for (const model of names) {
      const body = { model, messages, min_p: 0.1, n: 20, extra_body: { google: {} } }
      const { status, text } = await ask(body)
      assert.equal(status, 200, text)
      const { url, body: sent, headers } = front.requests.at(-1) ?? assert.fail()
      assert.equal(url, path)
      assert.deepEqual(sent, body)
      assert.equal(headers.authorization, `Bearer ${token}`)
      assert.equal(JSON.parse(text).model, model)
    }
  })

  it('is asked so by Google’s own path too, and streamed', async () => {
    vllm.behave({ serves: names })
    const [model = ''] = names
    const { events } = await ask({ model, messages, stream: true }, path)
    assert.equal(events.at(-1), '[DONE]')
    assert.deepEqual(modelsIn(events), [model])
  })

  it('is unknown where Vertex AI is not configured', async () => {
    const lone = await startGateway({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: front.url })
    const response = await fetch(`${lone.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: names[0], messages }),
    })
    await lone.close()
    assert.equal(response.status, 404)
    assert.equal(errorIn(await response.text()).code, 'model_not_found')
  })
})

/** Asks an endpoint with this credential of the client's; Google answers with these statuses. */
async function seen(credential: string | undefined, tokens: TokenSource, ...statuses: number[]) {
  const transport = createTransport({
    connectTimeout: 1_000,
    headersTimeout: 5_000,
    idleTimeout: 5_000,
  })
  const { backends } = readConfig(env)
  const { backend } = toBackends(backends, {
    transport,
    tokens,
    retry: { retries: 0, random: () => 0 },
    budget: retryBudget(),
    signatures: memorySignatures(),
    countSignature: () => undefined,
    thoughts: 'reasoning_content',
  }).serving('on-vertex')
  const before = front.requests.length
  const left = [...statuses]
  front.answer((asked) => {
    const status = left.shift() ?? 200
    asked.json(
      status,
      status === 200 ? { choices: [] } : googleError(status, 'UNAUTHENTICATED', 'No.'),
    )
  })
  const head = { id: 'x', created: 0, model: 'on-vertex' }
  const { signal } = new AbortController()
  const failure = await backend
    .complete(
      { messages },
      {
        head,
        model: 'on-vertex',
        signal,
        credential,
        deadline: undefined,
        record: new CallRecord('on-vertex', false),
      },
    )
    .then(
      () => undefined,
      (error: unknown) => error,
    )
  await transport.close()
  const headers = front.requests.slice(before).map((asked) => asked.headers)
  return {
    failure,
    sent: headers.map(({ authorization }) => authorization),
    billed: headers.map((all) => all['x-goog-user-project']),
  }
}

describe('the credentials for an endpoint on Vertex AI', () => {
  eachAnew()

  it('are the gateway’s own where clients bring none', async () => {
    const { sent, failure } = await seen(undefined, fixedToken('own'))
    assert.equal(failure, undefined)
    assert.deepEqual(sent, ['Bearer own'])
  })

  it('say whom to bill where they are a person’s', async () => {
    const tokens: TokenSource = {
      ...fixedToken('own'),
      get: async () => ({ token: 'own', quotaProject: 'billed' }),
    }
    const own = await seen(undefined, tokens)
    assert.deepEqual(own.billed, ['billed'])
    const theirs = await seen('ya29.theirs', tokens)
    assert.deepEqual(theirs.billed, [undefined])
  })

  it('are renewed once where Google refuses the gateway’s own', async () => {
    let count = 0
    let kept = 'own-0'
    const tokens: TokenSource = {
      ...fixedToken(kept),
      get: async () => ({ token: kept, quotaProject: undefined }),
      forget(refused) {
        if (refused !== kept) return
        count += 1
        kept = `own-${count}`
      },
    }
    const { sent, failure } = await seen(undefined, tokens, 401)
    assert.equal(failure, undefined)
    assert.deepEqual(sent, ['Bearer own-0', 'Bearer own-1'])
    const again = await seen(undefined, tokens, 401, 401, 401)
    assert.equal(again.sent.length, 2)
    assert.ok(again.failure instanceof ApiError && again.failure.status === 502)
  })

  it('are never the gateway’s own where clients bring theirs', async () => {
    for (const credential of [
      'ya29.theirs',
      'AIzaSyTheirsTheirsTheirsTheirsTheirs',
      'AQ.theirs12',
    ]) {
      const { sent } = await seen(credential, fixedToken('own'))
      assert.ok(!sent.includes('Bearer own'), `${credential} borrowed the gateway’s token`)
    }
  })
})

const create = (model: string, more: object = {}) =>
  client.chat.completions.create({ model, messages, ...more })

describe('OpenAI’s own client, asking an endpoint', () => {
  eachAnew()

  const tools: OpenAI.ChatCompletionTool[] = [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    },
  ]

  it('gets a whole answer', async () => {
    for (const model of ['gemma', 'on-vertex', 'big']) {
      const answer = await client.chat.completions.create({ model, messages })
      assert.match(answer.choices[0]?.message.content ?? '', /^H.llo from/)
      assert.equal(answer.model, model)
    }
  })

  it('gets a stream', async () => {
    for (const model of ['gemma', 'on-vertex', 'big']) {
      const final = await client.chat.completions
        .stream({ model, messages, stream_options: { include_usage: true } })
        .finalChatCompletion()
      assert.match(final.choices[0]?.message.content ?? '', /^H.llo from/)
      assert.equal(final.choices[0]?.finish_reason, 'stop')
      // TGI's chunks have an empty id, and of those the client reads the choices alone.
      if (model !== 'big') assert.equal(final.usage?.prompt_tokens, 9)
      assert.equal(final.model, model)
    }
  })

  it('calls tools, whole and in pieces', async () => {
    const whole = await client.chat.completions.create({ model: 'gemma', messages, tools })
    const pieces = await client.chat.completions
      .stream({ model: 'gemma', messages, tools })
      .finalChatCompletion()
    for (const { choices } of [whole, pieces]) {
      const [call] = choices[0]?.message.tool_calls ?? []
      assert.ok(call?.type === 'function')
      assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Paris' })
      assert.equal(choices[0]?.finish_reason, 'tool_calls')
    }
    const asked: unknown[] = []
    const runner = client.chat.completions.runTools({
      model: 'gemma',
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather',
            parameters: { type: 'object', properties: {} },
            parse: (text: string): unknown => JSON.parse(text),
            function(args: unknown) {
              asked.push(args)
              return 'clear'
            },
          },
        },
      ],
    })
    assert.match((await runner.finalContent()) ?? '', /container/)
    assert.deepEqual(asked, [{ city: 'Paris' }])
  })

  it('throws what fits', async () => {
    for (const errors of ['older', 'newer'] as const) {
      vllm.behave({ errors })
      await assert.rejects(create('gemma', { max_tokens: 100_000 }), BadRequestError)
      vllm.behave({ errors, serves: [] })
      await assert.rejects(create('gemma'), NotFoundError)
    }
    tgi.ail('validation')
    await assert.rejects(create('big'), UnprocessableEntityError)
    tgi.ail('overloaded')
    await assert.rejects(create('big'), RateLimitError)
    tgi.ail('generation')
    await assert.rejects(create('big'), InternalServerError)
  })

  it('throws on a stream that breaks off, after what came before', async () => {
    vllm.behave({ breaks: { after: 3, how: 'reset' } })
    const stream = await client.chat.completions.create({ model: 'gemma', messages, stream: true })
    const said: string[] = []
    await assert.rejects(async () => {
      for await (const { choices } of stream) said.push(choices[0]?.delta.content ?? '')
    }, APIError)
    assert.deepEqual(said, ['', 'Héllo ', 'from '])
  })

  it('finds the aliases among the models', async () => {
    const ids = (await client.models.list()).data.map(({ id }) => id)
    for (const name of Object.keys(endpoints)) assert.ok(ids.includes(name))
    assert.equal((await client.models.retrieve('gemma')).id, 'gemma')
  })
})

describe('a mistake in POLLUX_ENDPOINTS', () => {
  eachAnew()

  it('is told before anything is served', () => {
    const mistakes = [
      '{',
      '[]',
      '{"a":{}}',
      '{"a":{"url":"ftp://x"}}',
      '{"a":{"url":"http://x","endpoint":"1"}}',
      '{"a":{"endpoint":"../1"}}',
      '{"a":{"endpoint":"1","host":"not a host"}}',
      '{"":{"url":"http://x"}}',
    ]
    for (const POLLUX_ENDPOINTS of mistakes) {
      assert.throws(
        () => readConfig({ GOOGLE_CLOUD_PROJECT: 'p', POLLUX_ENDPOINTS }),
        (error) => isRecord(error) && /POLLUX_ENDPOINTS/.test(String(error.message)),
        POLLUX_ENDPOINTS,
      )
    }
    assert.throws(() => readConfig({ POLLUX_ENDPOINTS: '{"a":{"endpoint":"1"}}' }), /project/)
  })
})
