import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import OpenAI, {
  APIError,
  BadRequestError,
  ConflictError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { chatRequest } from '../../src/translate/chat/request.ts'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { googleError, said } from '../support/gemini.ts'
import { startGateway } from '../support/gateway.ts'
import { aThirdOf } from '../support/laws.ts'
import { connectRaw, eventsIn, postAll, readReply, sendRaw, toHttp } from '../support/raw-client.ts'
import { isRecord } from '../support/shared.ts'

const limit = 256 * 1024
const gateway = await startGateway({ POLLUX_BODY_LIMIT: String(limit) })
const google = await startByHand()
const behind = await startGateway({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
after(async () => {
  await Promise.all([gateway.close(), behind.close()])
  await google.close()
})

const path = '/v1/chat/completions'
const model = 'gemini-2.5-flash'
const messages = [{ role: 'user', content: 'Say hello.' }]

interface Refusal {
  status: number
  headers: Headers
  error: { message: string; type: string; param: string | null; code: string | null }
}

async function post(body: unknown, to = path): Promise<Refusal> {
  return refusalOf(
    await fetch(gateway.url + to, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }),
  )
}

async function refusalOf(response: Response): Promise<Refusal> {
  return checked(response.status, response.headers, await response.text())
}

/** The refusal, once it is sure that it has OpenAI's shape and is nobody's crash. */
function checked(status: number, headers: Headers, body: string): Refusal {
  assert.ok(status >= 400 && status < 500, `${status}: ${body.slice(0, 300)}`)
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  const parsed: unknown = JSON.parse(body)
  assert.ok(isRecord(parsed) && isRecord(parsed.error), body)
  assert.deepEqual(Object.keys(parsed), ['error'])
  const { message, type, param, code } = parsed.error
  assert.ok(typeof message === 'string' && message.length > 10, body)
  assert.ok(typeof type === 'string', body)
  assert.ok(param === null || typeof param === 'string', body)
  assert.ok(code === null || typeof code === 'string', body)
  return { status, headers, error: { message, type, param, code } }
}

function hasRequestId({ headers }: Refusal): void {
  assert.match(headers.get('x-request-id') ?? '', /^[\w-]{8,}$/)
}

describe('a field of the wrong type', () => {
  const tool = { type: 'function', function: { name: 'f' } }
  const wrong: [param: string, body: object][] = [
    ['model', { model: undefined }],
    ['model', { model: 5 }],
    ['model', { model: '' }],
    ['model', { model: null }],
    ['stream', { stream: 'yes' }],
    ['stream_options', { stream: true, stream_options: 5 }],
    ['stream_options.include_usage', { stream: true, stream_options: { include_usage: 'yes' } }],
    ['messages', { messages: undefined }],
    ['messages', { messages: null }],
    ['messages', { messages: 5 }],
    ['messages', { messages: {} }],
    ['messages', { messages: 'hello' }],
    ['messages', { messages: [] }],
    ['messages', { messages: [{ role: 'user', content: '' }] }],
    ['messages[0]', { messages: [5] }],
    ['messages[0]', { messages: [null] }],
    ['messages[0].role', { messages: [{ content: 'x' }] }],
    ['messages[0].role', { messages: [{ role: 'wizard', content: 'x' }] }],
    ['messages[0].content', { messages: [{ role: 'user' }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: 5 }] }],
    ['messages[0].content', { messages: [{ role: 'user', content: null }] }],
    ['messages[0].content[0]', { messages: [{ role: 'user', content: [5] }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{}] }] }],
    ['messages[0].content[0].type', { messages: [{ role: 'user', content: [{ type: 'poem' }] }] }],
    ['messages[0].content[0].text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }],
    [
      'messages[1].content[1].image_url',
      {
        messages: [
          ...messages,
          { role: 'user', content: [{ type: 'text', text: 'x' }, { type: 'image_url' }] },
        ],
      },
    ],
    [
      'messages[0].content[0].image_url.url',
      { messages: [image({ url: 'http://example.org/a.png' })] },
    ],
    ['messages[0].content[0].image_url.url', { messages: [image({ url: 'file:///etc/passwd' })] }],
    [
      'messages[0].content[0].image_url.url',
      { messages: [image({ url: 'data:image/png;base64,%' })] },
    ],
    ['messages[0].content[0].image_url.url', { messages: [image({ url: 'gs://bucket/a.png' })] }],
    ['messages[0].tool_calls', { messages: [{ role: 'assistant', tool_calls: 5 }] }],
    ['messages[0].tool_calls[0]', { messages: [{ role: 'assistant', tool_calls: [5] }] }],
    [
      'messages[0].tool_calls[0].function.name',
      { messages: [{ role: 'assistant', tool_calls: [{ type: 'function', function: {} }] }] },
    ],
    ['temperature', { temperature: 'hot' }],
    ['temperature', { temperature: 3 }],
    ['temperature', { temperature: -1 }],
    ['top_p', { top_p: 2 }],
    ['top_p', { top_p: [] }],
    ['n', { n: 0 }],
    ['n', { n: 9 }],
    ['n', { n: 1.5 }],
    ['max_tokens', { max_tokens: 0 }],
    ['max_tokens', { max_tokens: '100' }],
    ['max_completion_tokens', { max_completion_tokens: -5 }],
    ['stop', { stop: 5 }],
    ['stop[1]', { stop: ['a', 5] }],
    ['stop', { stop: ['a', 'b', 'c', 'd', 'e', 'f'] }],
    ['seed', { seed: 'x' }],
    ['seed', { seed: 1e300 }],
    ['presence_penalty', { presence_penalty: 3 }],
    ['frequency_penalty', { frequency_penalty: 'much' }],
    ['logprobs', { logprobs: 5 }],
    ['top_logprobs', { logprobs: true, top_logprobs: 21 }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['reasoning_effort', { reasoning_effort: 'huge' }],
    ['reasoning_effort', { reasoning_effort: 5 }],
    [
      'reasoning_effort',
      {
        reasoning_effort: 'low',
        extra_body: { google: { thinking_config: { thinking_budget: 5 } } },
      },
    ],
    ['response_format', { response_format: 'json' }],
    ['response_format.type', { response_format: {} }],
    ['response_format.type', { response_format: { type: 'yaml' } }],
    ['response_format.json_schema', { response_format: { type: 'json_schema', json_schema: 5 } }],
    [
      'response_format.json_schema.schema',
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: 5 } } },
    ],
    ['tools', { tools: 5 }],
    ['tools[0]', { tools: ['f'] }],
    ['tools[0].type', { tools: [{ type: 'hammer' }] }],
    ['tools[0].function', { tools: [{ type: 'function' }] }],
    ['tools[0].function.name', { tools: [{ type: 'function', function: { name: '' } }] }],
    [
      'tools[0].function.parameters',
      { tools: [{ type: 'function', function: { name: 'f', parameters: 5 } }] },
    ],
    ['tools', { tools: [tool, tool] }],
    ['tool_choice', { tools: [tool], tool_choice: 'maybe' }],
    ['tool_choice', { tools: [tool], tool_choice: { type: 'function', function: { name: 'g' } } }],
    ['functions', { tools: [tool], functions: [{ name: 'f' }] }],
    ['function_call', { functions: [{ name: 'f' }], function_call: 5 }],
    ['parallel_tool_calls', { tools: [tool], parallel_tool_calls: 'yes' }],
    ['web_search_options', { web_search_options: 5 }],
    ['modalities', { modalities: 'text' }],
    ['modalities[0]', { modalities: [5] }],
    ['audio', { audio: 5 }],
    ['service_tier', { service_tier: 5 }],
    [
      'extra_body.google.thinking_config.thinking_budget',
      { extra_body: { google: { thinking_config: { thinking_budget: 'much' } } } },
    ],
    ['extra_body.google.safety_settings', { extra_body: { google: { safety_settings: 'off' } } }],
    [
      'extra_body.google.thought_tag_marker',
      { extra_body: { google: { thought_tag_marker: 'no tag!' } } },
    ],
  ]

  for (const [param, body] of wrong) {
    it(`is named: ${param} in ${JSON.stringify(body).slice(0, 90)}`, async () => {
      const refusal = await post({ model, messages, ...body })
      assert.equal(refusal.status, 400)
      assert.equal(refusal.error.type, 'invalid_request_error')
      assert.equal(refusal.error.param, param, refusal.error.message)
      hasRequestId(refusal)
    })
  }

  it('never makes the gateway fail, whatever parameter it is in', async () => {
    const values = [5, -1, 0.5, 1e300, '', 'x', '\u0000', true, {}, { a: { b: 1 } }, [], [5], ['x']]
    const nested = [[[]], [{}], [null], { type: 'function' }, { google: { x: 1 } }]
    const bodies = Object.keys(chatRequest.shape).flatMap((key, place) =>
      aThirdOf([...values, ...nested], place).map((value) => ({ model, messages, [key]: value })),
    )
    const replies = await postAll(gateway.url + path, bodies)
    for (const { status, headers, body } of replies) {
      if (status !== 200) checked(status, headers, body)
    }
    const statuses = replies.map(({ status }) => status)
    assert.deepEqual(
      statuses.filter((status) => status !== 200 && status !== 400 && status !== 404),
      [],
    )
  })
})

function image(image_url: object): object {
  return { role: 'user', content: [{ type: 'image_url', image_url }] }
}

describe('a body that is not a request', () => {
  for (const body of ['{a', '', '   ', '{"model":', '\u0000', 'hello', '{"a":1}}']) {
    it(`is refused as bad JSON: ${JSON.stringify(body)}`, async () => {
      const refusal = await post(body)
      assert.equal(refusal.status, 400)
      assert.match(refusal.error.message, /JSON body/)
      hasRequestId(refusal)
    })
  }

  for (const body of ['null', '5', '"x"', '[]', '[{}]', 'true', '{}']) {
    it(`is refused although it is JSON: ${body}`, async () => {
      const refusal = await post(body)
      assert.equal(refusal.status, 400)
      hasRequestId(refusal)
    })
  }

  it('is refused when it is nested 5,000 deep', async () => {
    for (const deep of [
      '['.repeat(5_000) + ']'.repeat(5_000),
      `{"model":"${model}","messages":${'[{"a":'.repeat(2_500)}1${'}]'.repeat(2_500)}}`,
      `{"model":"${model}","messages":[],"tools":${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}}`,
    ]) {
      const refusal = await post(deep)
      assert.equal(refusal.status, 400)
      assert.equal(refusal.error.code, 'json_too_complex')
    }
  })

  it('is refused when arguments or a schema inside are nested too deep', async () => {
    const schema = (depth: number): object =>
      depth === 0 ? { type: 'string' } : { type: 'array', items: schema(depth - 1) }
    const refusal = await post({
      model,
      messages,
      tools: [{ type: 'function', function: { name: 'f', parameters: schema(200) } }],
    })
    assert.equal(refusal.status, 400)
  })

  it('survives arguments that are a JSON bomb of their own', async () => {
    const call = { name: 'f', arguments: '['.repeat(50_000) }
    const history = [
      { role: 'user', content: 'x' },
      { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: call }] },
      { role: 'tool', tool_call_id: 'call_1', content: `${'['.repeat(9_000)}${']'.repeat(9_000)}` },
    ]
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: history }),
    })
    assert.ok(response.status < 500, await response.text())
  })

  it('is refused with 413 over the limit, with and without a content-length', async () => {
    const large = JSON.stringify({ model, messages, user: 'x'.repeat(limit) })
    const whole = await post(large)
    assert.equal(whole.status, 413)
    assert.equal(whole.error.code, 'request_too_large')
    hasRequestId(whole)
    const piece = `${(32 * 1024).toString(16)}\r\n${'y'.repeat(32 * 1024)}\r\n`
    const client = await connectRaw(gateway.url)
    client.send(
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
    )
    for (let n = 0; n < 12; n += 1) client.send(piece)
    const { status, headers, body } = readReply(await client.closed())
    assert.equal(checked(status, headers, body).status, 413)
  })

  for (const type of ['text/plain', 'application/xml', 'multipart/form-data; boundary=x', 'json']) {
    it(`is refused with 415 as ${type}`, async () => {
      const refusal = await refusalOf(
        await fetch(gateway.url + path, {
          method: 'POST',
          headers: { 'content-type': type },
          body: JSON.stringify({ model, messages }),
        }),
      )
      assert.equal(refusal.status, 415)
      assert.match(refusal.error.message, /Content-Type: application\/json/i)
      hasRequestId(refusal)
    })
  }

  it('is refused without any content type', async () => {
    const text = JSON.stringify({ model, messages })
    const { status, headers, body } = await sendRaw(
      gateway.url,
      `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
    assert.equal(checked(status, headers, body).status, 415)
  })

  it('is not taken for plain JSON when it is compressed', async () => {
    const text = JSON.stringify({ model, messages })
    const { status, headers, body } = await sendRaw(
      gateway.url,
      toHttp(`POST ${path}`, text, { 'content-encoding': 'gzip' }),
    )
    assert.equal(checked(status, headers, body).status, 415)
  })

  it('is read with a charset in its type', async () => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: JSON.stringify({ model, messages }),
    })
    assert.equal(response.status, 200)
  })

  it('cannot touch a prototype', async () => {
    const response = await fetch(gateway.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"model":"${model}","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"messages":[{"role":"user","content":"x","__proto__":{"polluted":1}}],"extra_body":{"google":{"__proto__":{"polluted":1}}}}`,
    })
    assert.ok(response.status < 500)
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })
})

describe('a URL that is not there', () => {
  for (const [method, url] of [
    ['GET', '/'],
    ['GET', '/v1'],
    ['POST', '/'],
    ['POST', '/v1'],
    ['POST', '/v1/completions'],
    ['POST', '/v2/chat/completions'],
    ['POST', '/v1/v1/chat/completions'],
    ['POST', '/v1/chat/completions/chat/completions'],
    ['POST', '/v1beta/models/gemini-2.5-flash:generateContent'],
  ] as const) {
    it(`answers ${method} ${url} with a hint at the base URL`, async () => {
      const refusal = await refusalOf(
        await fetch(gateway.url + url, {
          method,
          ...(method === 'POST' && {
            headers: { 'content-type': 'application/json' },
            body: '{}',
          }),
        }),
      )
      assert.equal(refusal.status, 404)
      assert.equal(refusal.error.code, 'unknown_url')
      assert.match(refusal.error.message, /base URL/)
      assert.ok(refusal.error.message.includes(`${method} ${url}`))
      hasRequestId(refusal)
    })
  }

  for (const [method, url, allowed] of [
    ['GET', '/v1/chat/completions', 'POST'],
    ['PUT', '/v1/chat/completions', 'POST'],
    ['DELETE', '/v1/models/gemini-2.5-flash', 'GET'],
    ['POST', '/v1/models', 'GET'],
    ['PUT', '/v1/ch%61t/completions?a=b', 'POST'],
    ['PATCH', '/v1/projects/p/locations/l/endpoints/7/chat/completions/', 'POST'],
  ] as const) {
    it(`but takes other methods says which: ${method} ${url}`, async () => {
      const refusal = await refusalOf(await fetch(gateway.url + url, { method }))
      assert.equal(refusal.status, 405)
      assert.equal(refusal.error.code, 'method_not_allowed')
      assert.equal(refusal.headers.get('allow'), allowed)
      hasRequestId(refusal)
    })
  }

  for (const url of ['/v1/models/%', '/v1/models/%zz', '/%E0%A4%A', '/v1/chat/completions%']) {
    it(`answers bad percent-encoding: ${url}`, async () => {
      const { status, headers, body } = await sendRaw(gateway.url, toHttp(`GET ${url}`))
      hasRequestId(checked(status, headers, body))
    })
  }

  it('keeps keys in the query out of its message', async () => {
    const refusal = await post('{}', '/v1/nothing?key=AIzaSecret')
    assert.doesNotMatch(refusal.error.message, /AIzaSecret/)
  })
})

describe('bytes that are not HTTP', () => {
  const filler = 'x'.repeat(1_000)
  const many = Array.from({ length: 80 }, (_, n) => `x-${n}: ${filler}\r\n`).join('')
  for (const [name, bytes, status] of [
    ['garbage', 'garbage\r\n\r\n', 400],
    ['a TLS hello', Buffer.from('16030100050100000100', 'hex'), 400],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nhost: x\r\n\r\n', 400],
    ['a space before the colon', 'GET / HTTP/1.1\r\nhost : x\r\n\r\n', 400],
    ['two lengths', toHttp(`POST ${path}`, undefined, { 'content-length': '5, 6' }), 400],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['headers too large', `GET / HTTP/1.1\r\nhost: x\r\n${many}\r\n`, 431],
    ['a URL too large', `GET /${'x'.repeat(70_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
    [
      'a bad chunk',
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
      400,
    ],
  ] as const) {
    it(`are answered in OpenAI’s shape, and the connection ends: ${name}`, async () => {
      const reply = await sendRaw(gateway.url, bytes)
      const refusal = checked(reply.status, reply.headers, reply.body)
      assert.equal(refusal.status, status)
      hasRequestId(refusal)
    })
  }

  for (const [name, bytes] of [
    ['no Host', 'GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n'],
    ['an unknown expectation', toHttp(`POST ${path}`, '{}', { expect: 'miracles' })],
  ] as const) {
    it(`are answered with a body too: ${name}`, async () => {
      const { status, headers, body } = await sendRaw(gateway.url, bytes)
      if (status !== 200) checked(status, headers, body)
    })
  }

  it('do no harm to the next client', async () => {
    const reply = await sendRaw(gateway.url, toHttp('GET /health'))
    assert.equal(reply.status, 200)
  })
})

describe('a model that is not there', () => {
  for (const name of [
    'gpt-4o',
    'claude-5',
    'google/',
    'models/',
    'vertex/gpt-4o',
    '../gemini-x',
    'google/'.repeat(30_000),
    'x'.repeat(100_000),
  ]) {
    it(`is said to be unknown: ${name.slice(0, 40)}`, async () => {
      const refusal = await post({ model: name, messages })
      assert.equal(refusal.status, 404)
      assert.equal(refusal.error.code, 'model_not_found')
      assert.equal(refusal.error.param, 'model')
      assert.match(refusal.error.message, /gemini-2\.5-flash/)
      assert.ok(refusal.error.message.length < 1_000)
      hasRequestId(refusal)
    })
  }

  it('is Google’s to refuse where it is of Google’s families', async () => {
    const refusal = await post({ model: 'gemini-0.1-imaginary', messages })
    assert.equal(refusal.status, 404)
    assert.equal(refusal.error.code, 'model_not_found')
    assert.match(refusal.error.message, /is not found/)
  })
})

const thrown = async (asked: Promise<unknown>) => {
  const error = await asked.then(
    () => assert.fail('nothing was thrown'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof APIError)
  assert.ok(error.message.length > 10, error.message)
  assert.doesNotMatch(error.message, /no body|undefined|\[object/)
  assert.match(error.requestID ?? '', /^[\w-]{8,}$/)
  return error
}

describe('what the SDK throws', () => {
  const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'any', maxRetries: 0 })
  const create = (content: string, more: object = {}) =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content }], ...more })
  it('is a BadRequestError with the field’s name', async () => {
    const error = await thrown(create('x', { temperature: 5 }))
    assert.ok(error instanceof BadRequestError)
    assert.equal(error.param, 'temperature')
    assert.match(error.message, /temperature/)
  })

  it('is a NotFoundError for an unknown model', async () => {
    const error = await thrown(create('x', { model: 'gpt-4o' }))
    assert.ok(error instanceof NotFoundError)
    assert.equal(error.code, 'model_not_found')
  })

  it('is a NotFoundError for a wrong base URL', async () => {
    const lost = new OpenAI({ baseURL: `${gateway.url}/v1/v1`, apiKey: 'any', maxRetries: 0 })
    const error = await thrown(lost.models.list())
    assert.ok(error instanceof NotFoundError)
    assert.match(error.message, /base URL/)
  })

  const refusals: [
    number,
    abstract new (...args: never[]) => Error,
    number,
    string,
    string | null,
  ][] = [
    [400, BadRequestError, 400, 'invalid_request_error', null],
    [403, PermissionDeniedError, 403, 'invalid_request_error', 'permission_denied'],
    [404, NotFoundError, 404, 'invalid_request_error', 'model_not_found'],
    [409, ConflictError, 409, 'conflict_error', null],
    [429, RateLimitError, 429, 'rate_limit_error', 'rate_limit_exceeded'],
    [500, InternalServerError, 500, 'server_error', 'internal_error'],
    [499, InternalServerError, 500, 'server_error', 'cancelled'],
    [501, BadRequestError, 400, 'invalid_request_error', 'unsupported'],
    [503, InternalServerError, 503, 'service_unavailable_error', 'server_is_overloaded'],
    [504, InternalServerError, 504, 'server_error', 'timeout'],
    // The emulator refuses the gateway's own credential here, which no client can mend.
    [401, InternalServerError, 502, 'server_error', 'upstream_authentication_error'],
  ]
  for (const [given, kind, status, type, code] of refusals) {
    for (const stream of [false, true]) {
      it(`fits Google’s ${given} ${stream ? 'before a stream' : 'to a whole answer'}`, async () => {
        const error = await thrown(create(`x [[error:${given}]]`, { stream }))
        assert.ok(error instanceof kind, error.constructor.name)
        assert.equal(error.status, status)
        assert.equal(error.type, type)
        assert.equal(error.code ?? null, code)
      })
    }
  }

  it('says when to come back after a 429', async () => {
    const error = await thrown(create('x [[error:429]]'))
    assert.equal(error.headers?.get('retry-after'), '2')
    assert.equal(error.headers?.get('retry-after-ms'), '2000')
  })

  it('comes out of a stream that fails in the middle, after what was said before', async () => {
    const pieces: string[] = []
    const stream = await create('Explain the tides [[midstream-error]]', { stream: true })
    const error: unknown = await (async () => {
      // The type of `create` with spread options is the whole answer's; it is a stream here.
      for await (const chunk of stream as unknown as AsyncIterable<OpenAI.ChatCompletionChunk>) {
        pieces.push(chunk.choices[0]?.delta.content ?? '')
      }
    })().catch((error: unknown) => error)
    assert.ok(error instanceof APIError)
    assert.match(error.message, /overloaded/)
    assert.ok(pieces.join('').length > 0)
  })
})

describe('an error in mid-stream', () => {
  it('is the last event, without [DONE]', async () => {
    const client = await connectRaw(gateway.url)
    const body = JSON.stringify({
      model,
      stream: true,
      messages: [{ role: 'user', content: 'Explain the tides [[midstream-error]]' }],
    })
    client.send(toHttp(`POST ${path}`, body))
    const text = await client.closed()
    const events = eventsIn(text)
    const last: unknown = JSON.parse(events.at(-1) ?? '')
    assert.equal(readReply(text).status, 200)
    assert.ok(events.length > 1)
    assert.ok(!events.includes('[DONE]'))
    assert.ok(isRecord(last) && isRecord(last.error))
    assert.equal(last.error.type, 'service_unavailable_error')
    assert.equal(last.error.code, 'server_is_overloaded')
    assert.equal(
      events.filter((event) => /"finish_reason":"/.test(event)).length,
      0,
      'no finish_reason may make it look complete',
    )
  })
})

const ask = async (stream: boolean) => {
  const response = await fetch(behind.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, stream }),
  })
  const parsed: unknown = await response.json()
  assert.ok(isRecord(parsed) && isRecord(parsed.error))
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  return { status: response.status, headers: response.headers, error: parsed.error }
}

describe('what is wrong on Google’s side', () => {
  for (const [name, status, body] of [
    ['an HTML page', 502, '<html><h1>502 Bad Gateway</h1></html>'],
    ['an empty body', 500, ''],
    ['plain text', 503, 'upstream connect error'],
    ['half of a JSON', 503, '{"error":{"code":503,'],
    ['an array', 503, JSON.stringify([googleError(503, 'UNAVAILABLE', 'Overloaded, sorry.')])],
    ['a redirect', 302, ''],
    ['200 without JSON', 200, 'hello'],
    ['200 with an array', 200, '[]'],
    ['200 with null', 200, 'null'],
    ['200 with nothing', 200, ''],
    ['200 without candidates', 200, '{}'],
    ['200 with candidates of a wrong type', 200, '{"candidates":5}'],
    ['200 with a candidate of a wrong type', 200, '{"candidates":[null]}'],
    ['200 with parts of a wrong type', 200, '{"candidates":[{"content":{"parts":5}}]}'],
  ] as const) {
    it(`is a clean error of the gateway’s kind: ${name}`, async () => {
      google.answer((asked) => asked.json(status, body, { location: 'http://127.0.0.1:1/' }))
      for (const stream of [false, true]) {
        const answer = await ask(stream)
        assert.ok(answer.status === 502 || answer.status === status, String(answer.status))
        assert.ok(answer.status >= 500)
        assert.equal(typeof answer.error.message, 'string')
        assert.doesNotMatch(String(answer.error.message), /gateway made a mistake/)
        assert.match(answer.headers.get('x-request-id') ?? '', /./)
      }
    })
  }

  it('never shows the gateway’s key', async () => {
    google.answer((asked) => asked.refuse(400, 'Bad ?key=AIzaSyCanary and ya29.Canary'))
    const { error } = await ask(false)
    assert.doesNotMatch(JSON.stringify(error), /Canary/)
  })

  it('says that the day’s quota is spent, and not to try again', async () => {
    const violations = [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }]
    const details = [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations }]
    google.answer((asked) => asked.refuse(429, 'You exceeded your current quota.', { details }))
    const { status, headers, error } = await ask(false)
    assert.equal(status, 429)
    assert.equal(error.code, 'insufficient_quota')
    assert.equal(headers.get('x-should-retry'), 'false')
  })

  it('is said to be unreachable where nobody listens', async () => {
    const nowhere = await startGateway({
      GEMINI_API_KEY: 'k',
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1',
    })
    try {
      const response = await fetch(nowhere.url + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, messages }),
      })
      const text = await response.text()
      assert.equal(response.status, 502)
      assert.match(text, /"code":"bad_gateway"/)
      assert.doesNotMatch(text, /127\.0\.0\.1|ECONNREFUSED/)
    } finally {
      await nowhere.close()
    }
  })

  it('leaves the gateway working', async () => {
    google.answer((asked) => asked.reply(said('fine', 'STOP')))
    const client = new OpenAI({ baseURL: `${behind.url}/v1`, apiKey: 'any', maxRetries: 0 })
    const answer = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'x' }],
    })
    assert.equal(answer.choices[0]?.message.content, 'fine')
  })
})
