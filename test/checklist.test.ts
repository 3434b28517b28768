import assert from 'node:assert/strict'
import { after, beforeEach, describe, it } from 'node:test'
import OpenAI, { APIError, BadRequestError, RateLimitError } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { z } from 'zod'
import { startEmulator } from '../src/emulator/server.ts'
import { startMetadataServer } from '../src/emulator/metadata.ts'
import { servedBy, startChild } from './support/child.ts'
import { startByHand } from '../src/emulator/by-hand.ts'
import { googleError, said } from './support/gemini.ts'
import { within } from './support/within.ts'
import { countsOf, playLoop } from './support/forgetful-client.ts'
import { startGateway } from './support/gateway.ts'
import { connectRaw, toHttp } from './support/raw-client.ts'
import { isRecord } from './support/shared.ts'
import { startTgi } from './support/tgi.ts'
import { brokenTurnRules } from './support/turn-rules.ts'
import { startVllm } from './support/vllm.ts'

// The conformance checklist, a line each. What a line means in every case is tested elsewhere; here
// it is seen to hold from one end to the other.

const google = await startByHand()
const emulator = await startEmulator()
const vllm = await startVllm()
const tgi = await startTgi()
const passing = { POLLUX_AUTH: 'passthrough', GOOGLE_CLOUD_PROJECT: 'p' }

/** Before a Gemini whose every answer the test knows. */
const gateway = await startGateway({
  ...passing,
  GOOGLE_GEMINI_BASE_URL: google.url,
  GOOGLE_VERTEX_BASE_URL: google.url,
  POLLUX_ENDPOINTS: JSON.stringify({
    gemma: { url: `${vllm.url}/v1`, model: 'gemma-2-9b-it' },
    big: { url: `${tgi.url}/v1`, model: 'tgi' },
  }),
})
/** Before one that answers as ever. */
const usual = await startGateway({
  ...passing,
  GOOGLE_GEMINI_BASE_URL: emulator.url,
  GOOGLE_VERTEX_BASE_URL: emulator.url,
})
const authorization = { authorization: 'Bearer ya29.token' }
const sdk = new OpenAI({ baseURL: `${usual.url}/v1`, apiKey: 'ya29.token', maxRetries: 0 })
after(async () => {
  await gateway.close()
  await usual.close()
  await Promise.all([google.close(), emulator.close(), vllm.close(), tgi.close()])
})

/** What Gemini answers from now on: a response, or the events of a stream. */
function play(...events: object[]): void {
  google.play([{ answer: { events } }])
}

interface Message {
  role?: string
  content?: string | null
  refusal?: string | null
  reasoning_content?: string
  tool_calls?: { index?: number; id?: string; function?: { name?: string; arguments?: string } }[]
  annotations?: {
    url_citation: { start_index: number; end_index: number; url: string; title: string }
  }[]
}

interface Choice {
  index: number
  finish_reason: string | null
  message?: Message
  delta?: Message
  extra_content?: { google: Record<string, unknown> }
}

interface Answer {
  id?: string
  model?: string
  choices?: Choice[]
  usage?: Record<string, unknown> | null
  error?: { message: string; type: string; code: string | null; param: string | null }
}

const question = [{ role: 'user', content: 'Hi' }]

/** Asks one of the gateways, and sees what Google got. */
async function ask(body: object, { url }: { url: string } = gateway) {
  const before = google.log.count
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body: JSON.stringify({ model: 'gemini/gemini-2.5-flash', messages: question, ...body }),
    signal: AbortSignal.timeout(10_000),
  })
  const { status, headers } = response
  const text = await response.text()
  const sent = google.log.since(before).map(({ body }) => (isRecord(body) ? body : {}))
  const events = dataIn(text)
  const chunks = events
    .filter((event) => event !== '[DONE]')
    .map((event): Answer => JSON.parse(event))
  const streamed = headers.get('content-type')?.startsWith('text/event-stream') === true
  const answer: Answer = streamed ? {} : JSON.parse(text)
  const deltas = chunks.flatMap(({ choices = [] }) => choices)
  const choice = streamed
    ? deltas.findLast(({ finish_reason }) => finish_reason !== null)
    : answer.choices?.[0]
  const content = streamed
    ? deltas.map(({ delta }) => delta?.content ?? '').join('')
    : choice?.message?.content
  return { status, headers, text, events, chunks, deltas, answer, choice, content, sent }
}

/** The data of events. Only line feeds end a line here: text may have other separators in it. */
function dataIn(text: string): string[] {
  return text.split('\n\n').flatMap((event) => /^data: ([^]*)$/.exec(event)?.[1] ?? [])
}

/** The parts of a request's turn. */
function partsOf(sent: Record<string, unknown>[], turn = 0): unknown[] {
  const contents: unknown[] = Array.isArray(sent[0]?.contents) ? sent[0].contents : []
  const content = contents.at(turn)
  return isRecord(content) && Array.isArray(content.parts) ? content.parts : []
}

function configOf(sent: Record<string, unknown>[]): Record<string, unknown> {
  const config = sent[0]?.generationConfig
  return isRecord(config) ? config : {}
}

/** For each test of a suite. Not for the file: files share one process, and its hooks would be everybody's. */
function eachAnew(): void {
  beforeEach(() => {
    google.answer((asked) => asked.usual())
    play(said('Well.', 'STOP'))
    vllm.behave()
    tgi.ail(undefined)
  })
}

describe('1. A body in which every parameter of OpenAI’s is null', () => {
  eachAnew()

  const names =
    'audio frequency_penalty function_call functions logit_bias logprobs max_completion_tokens max_tokens metadata modalities moderation n parallel_tool_calls prediction presence_penalty prompt_cache_key prompt_cache_options prompt_cache_retention reasoning_effort response_format safety_identifier seed service_tier stop store stream stream_options temperature tool_choice tools top_logprobs top_p user verbosity web_search_options'
  const nulls = Object.fromEntries(names.split(' ').map((name) => [name, null]))

  it('is answered, and nothing of it goes on', async () => {
    for (const model of ['gemini/gemini-2.5-flash', 'vertex/gemini-3.8-flash']) {
      const { status, sent } = await ask({ ...nulls, model })
      assert.equal(status, 200)
      assert.deepEqual(sent, [{ contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] }])
    }
  })

  it('may have nulls in its messages too', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.', name: null },
      { role: 'user', content: 'Hi', name: null },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        audio: null,
        tool_calls: null,
        function_call: null,
      },
      { role: 'assistant', content: 'Hello.', tool_calls: [] },
      { role: 'user', content: [{ type: 'text', text: 'And?' }] },
    ]
    assert.equal((await ask({ ...nulls, messages })).status, 200)
  })
})

async function partOf(content: object, model: string) {
  const { status, sent } = await ask({ model, messages: [{ role: 'user', content: [content] }] })
  return status === 200 ? partsOf(sent)[0] : status
}

function picture(url: unknown) {
  return { type: 'image_url', image_url: url }
}

describe('2. Media in every form', () => {
  eachAnew()

  const vertex = 'vertex/gemini-2.5-flash'
  const developer = 'gemini/gemini-2.5-flash'
  const gs = { fileData: { fileUri: 'gs://b/a.png', mimeType: 'image/png' } }
  const files = 'https://generativelanguage.googleapis.com/v1beta/files/abc'

  it('goes on by its address', async () => {
    assert.deepEqual(await partOf(picture('gs://b/a.png'), vertex), gs)
    assert.deepEqual(await partOf(picture({ url: 'gs://b/a.png' }), vertex), gs)
    assert.deepEqual(await partOf(picture('https://youtu.be/abc'), vertex), {
      fileData: { fileUri: 'https://youtu.be/abc', mimeType: 'video/mp4' },
    })
    const audio = { format: 'audio/mp3', data: 'gs://b/x.mp3' }
    assert.deepEqual(await partOf({ type: 'input_audio', input_audio: audio }, vertex), {
      fileData: { fileUri: 'gs://b/x.mp3', mimeType: 'audio/mp3' },
    })
    assert.partialDeepStrictEqual(await partOf(picture({ url: files }), developer), {
      fileData: { fileUri: files },
    })
  })

  it('goes on inline', async () => {
    for (const model of [vertex, developer]) {
      assert.deepEqual(
        await partOf(picture({ url: 'data:image/png;base64,iVBORw0KGgo=' }), model),
        {
          inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' },
        },
      )
    }
  })

  it('is refused where Google cannot reach it', async () => {
    assert.equal(await partOf(picture('http://example.com/a.png'), vertex), 400)
    assert.equal(await partOf(picture('ftp://example.com/a.png'), vertex), 400)
    assert.equal(await partOf(picture('gs://b/a.png'), developer), 400)
    assert.equal(await partOf(picture(files), vertex), 400)
  })
})

describe('3. Google’s extras in four nestings and two spellings', () => {
  eachAnew()

  it('make one request', async () => {
    const spellings = [
      { thinking_config: { include_thoughts: true, thinking_budget: 100 }, cached_content: 'c' },
      { thinkingConfig: { includeThoughts: true, thinkingBudget: 100 }, cachedContent: 'c' },
    ]
    const bodies = spellings.flatMap((google) => [
      { google },
      { extra_body: { google } },
      { extra_body: { extra_body: { google } } },
      { google: {}, extra_body: { google, extra_body: null } },
    ])
    const all = await Promise.all(bodies.map(async (body) => (await ask(body)).status))
    assert.deepEqual([...new Set(all)], [200])
    const requests = google.requests.slice(-bodies.length).map(({ body }) => JSON.stringify(body))
    assert.equal(new Set(requests).size, 1)
    assert.match(requests[0] ?? '', /"includeThoughts":true/)
    assert.match(requests[0] ?? '', /"cachedContent":"cachedContents\/c"/)
  })
})

function thinking(thinking_config: object) {
  return { extra_body: { google: { thinking_config } } }
}

describe('4. reasoning_effort', () => {
  eachAnew()

  const table: [string, string, unknown][] = [
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-flash-lite', 'medium', { thinkingBudget: 8192 }],
    ['gemini-2.5-pro', 'max', { thinkingBudget: 32_768 }],
    ['gemini-3-pro-preview', 'medium', { thinkingLevel: 'HIGH' }],
    ['gemini-3.1-pro-preview', 'medium', { thinkingLevel: 'MEDIUM' }],
    ['gemini-3-flash-preview', 'none', { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.8-flash', 'minimal', { thinkingLevel: 'LOW' }],
    ['gemini-3.8-flash', 'xhigh', { thinkingLevel: 'HIGH' }],
    ['gemini-2.0-flash', 'high', undefined],
  ]
  it('is what the model understands by it, and never refused', async () => {
    for (const [model, reasoning_effort, expected] of table) {
      const { sent, status } = await ask({ model: `gemini/${model}`, reasoning_effort })
      assert.equal(status, 200)
      const config = configOf(sent).thinkingConfig
      const { includeThoughts: _, ...amount } = isRecord(config) ? config : {}
      assert.deepEqual(
        config === undefined ? undefined : amount,
        expected,
        `${model} ${reasoning_effort}`,
      )
    }
  })

  it('beside a thinking_config is refused in Google’s words', async () => {
    const { status, answer, sent } = await ask({
      reasoning_effort: 'low',
      ...thinking({ thinking_budget: 5 }),
    })
    assert.equal(status, 400)
    assert.equal(
      answer.error?.message,
      'Expected one of either `reasoning_effort` or custom `thinking_config`; found both.',
    )
    assert.equal(sent.length, 0)
    const shown = await ask({ reasoning_effort: 'low', ...thinking({ include_thoughts: true }) })
    assert.deepEqual(configOf(shown.sent).thinkingConfig, {
      includeThoughts: true,
      thinkingBudget: 1024,
    })
  })
})

function callTo(id: string, city: string) {
  return {
    id,
    type: 'function',
    function: { name: 'w', arguments: JSON.stringify({ city }) },
  }
}

function resultOf(tool_call_id: string, content: string) {
  return {
    role: 'tool',
    tool_call_id,
    content,
  }
}

function historyOf(calls: object[], results: object[]) {
  return [...question, { role: 'assistant', content: null, tool_calls: calls }, ...results]
}

describe('5. Parallel tool calls, there and back', () => {
  eachAnew()

  const model = 'gemini/gemini-3-flash-preview'
  const loop = async (options: object) => {
    const before = await countsOf(usual.url)
    const steps = await playLoop(() => usual.url, { model, headers: authorization, ...options })
    const now = await countsOf(usual.url)
    assert.deepEqual(
      steps.map(({ status, calls }) => [status, calls.length]),
      [
        [200, 2],
        [200, 2],
        [200, 2],
        [200, 0],
      ],
    )
    return {
      client: now.client - before.client,
      store: now.store - before.store,
      dummy: now.dummy - before.dummy,
    }
  }

  it('work with the client’s signatures, with the remembered and with none', async () => {
    assert.deepEqual(await loop({ faithful: true }), { client: 6, store: 0, dummy: 0 })
    assert.deepEqual(await loop({}), { client: 0, store: 6, dummy: 0 })
    const lost = await loop({ rewrite: (id: string) => `x${id.toUpperCase()}` })
    assert.deepEqual(lost, { client: 0, store: 0, dummy: 6 })
  })

  it('have their results in order, each its own, whatever the client made of them', async () => {
    const [paris, rome] = [callTo('a', 'Paris'), callTo('b', 'Rome')]
    const histories: [object[], string[], string?][] = [
      [
        historyOf([paris, rome], [resultOf('b', 'R'), resultOf('a', 'P')]),
        ['P', 'R'],
        'tool_results_reordered',
      ],
      [
        historyOf([paris, rome], [resultOf('b', 'R')]),
        ['no result provided', 'R'],
        'tool_result_missing',
      ],
      [
        historyOf(
          [callTo('', 'Paris'), callTo('', 'Rome')],
          [resultOf('', 'P'), resultOf('', 'R')],
        ),
        ['P', 'R'],
      ],
    ]
    for (const [messages, expected, repair] of histories) {
      const { status, sent, headers } = await ask({ model, messages })
      assert.equal(status, 200)
      assert.deepEqual(brokenTurnRules(sent[0]?.contents, { signed: true, prefill: true }), [])
      const got = partsOf(sent, 2).map((part) => JSON.stringify(part))
      for (const [at, text] of expected.entries())
        assert.ok(got[at]?.includes(`"${text}"`), `${text} is not in ${got[at]}`)
      if (repair !== undefined)
        assert.ok(headers.get('x-pollux-repaired')?.split(', ').includes(repair))
    }
  })
})

function calling(city: string) {
  return {
    candidates: [
      {
        content: { role: 'model', parts: [{ functionCall: { name: 'w', args: { city } } }] },
        index: 0,
      },
    ],
  }
}

describe('6. A stream with a call and a STOP after it', () => {
  eachAnew()

  it('is what OpenAI’s clients expect of one', async () => {
    const usageMetadata = { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 8 }
    const stop = {
      candidates: [{ content: { role: 'model', parts: [{ text: '' }] }, finishReason: 'STOP' }],
      usageMetadata,
    }
    play(calling('Paris'), calling('Rome'), stop)
    const plain = await ask({ stream: true })
    const counted = await ask({ stream: true, stream_options: { include_usage: true } })
    for (const { deltas, choice, events, chunks } of [plain, counted]) {
      const calls = deltas.flatMap(({ delta }) => delta?.tool_calls ?? [])
      assert.deepEqual(
        calls.map(({ index }) => index),
        [0, 1],
      )
      assert.equal(new Set(calls.map(({ id }) => id)).size, 2)
      for (const { id } of calls) assert.match(id ?? '', /^call_[A-Za-z0-9]{1,32}$/)
      assert.equal(deltas.filter(({ delta }) => delta?.role !== undefined).length, 1)
      assert.equal(choice?.finish_reason, 'tool_calls')
      assert.equal(new Set(chunks.map(({ id }) => id)).size, 1)
      assert.equal(events.at(-1), '[DONE]')
    }
    assert.ok(plain.chunks.every((chunk) => !('usage' in chunk)))
    assert.ok(counted.chunks.slice(0, -1).every(({ usage }) => usage === null))
    assert.deepEqual(counted.chunks.at(-1)?.choices, [])
    assert.partialDeepStrictEqual(counted.chunks.at(-1)?.usage, { total_tokens: 8 })
  })
})

function event(part: object, finishReason?: string) {
  return {
    candidates: [
      { content: { role: 'model', parts: [part] }, ...(finishReason && { finishReason }) },
    ],
  }
}

function shownThoughts(marker?: string) {
  return {
    extra_body: {
      google: { thinking_config: { include_thoughts: true }, thought_tag_marker: marker },
    },
  }
}

describe('7. Thoughts', () => {
  eachAnew()

  const thought = { text: 'Hm.', thought: true }
  const whole = {
    candidates: [
      { content: { role: 'model', parts: [thought, { text: 'Yes.' }] }, finishReason: 'STOP' },
    ],
  }

  it('stand in tags with a marker, beside the answer without, and nowhere unasked', async () => {
    for (const stream of [false, true]) {
      if (stream) play(event(thought), event({ text: 'Yes.' }, 'STOP'))
      else play(whole)
      assert.equal(
        (await ask({ stream, ...shownThoughts('think') })).content,
        '<think>Hm.</think>\n\nYes.',
      )
      const beside = await ask({ stream, ...shownThoughts() })
      assert.equal(beside.content, 'Yes.')
      assert.match(beside.text, /"reasoning_content":"Hm\."/)
      const hidden = await ask({ stream })
      assert.equal(hidden.content, 'Yes.')
      assert.doesNotMatch(hidden.text, /Hm\./)
    }
  })

  it('are closed where the answer ends in them or goes over to a call', async () => {
    play(event(thought), event({ text: '' }, 'STOP'))
    assert.equal((await ask({ stream: true, ...shownThoughts('t') })).content, '<t>Hm.</t>')
    play(event(thought), event({ functionCall: { name: 'w', args: {} } }, 'STOP'))
    const { content, deltas } = await ask({ stream: true, ...shownThoughts('t') })
    assert.equal(content, '<t>Hm.</t>')
    const closing = deltas.findIndex(({ delta }) => delta?.content?.includes('</t>'))
    assert.ok(closing < deltas.findIndex(({ delta }) => delta?.tool_calls !== undefined))
  })

  it('are thoughts again when they come back', async () => {
    const messages = [
      ...question,
      { role: 'assistant', content: '<think>Hm.</think>\n\nYes.' },
      { role: 'user', content: 'Sure?' },
    ]
    const { sent } = await ask({ messages, ...shownThoughts('think') })
    assert.deepEqual(partsOf(sent, 1), [thought, { text: 'Yes.' }])
  })
})

function ending(finishReason: string, parts?: object[]) {
  return {
    candidates: [{ ...(parts && { content: { role: 'model', parts } }), finishReason }],
    usageMetadata: { promptTokenCount: 3, totalTokenCount: 3 },
  }
}

describe('8. An answer that is none', () => {
  eachAnew()

  it('is a refusal where the prompt was blocked', async () => {
    play({ promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } })
    for (const stream of [false, true]) {
      const { status, choice, text } = await ask({ stream })
      assert.equal(status, 200)
      assert.equal(choice?.finish_reason, 'content_filter')
      assert.match(text, /"refusal":"[^"]*PROHIBITED_CONTENT/)
    }
  })

  it('keeps what was said before the filter struck', async () => {
    play(said('Half of '), ending('SAFETY'))
    const { content, choice, events } = await ask({ stream: true })
    assert.equal(content, 'Half of ')
    assert.equal(choice?.finish_reason, 'content_filter')
    assert.equal(choice.extra_content?.google.finish_reason, 'SAFETY')
    assert.equal(events.at(-1), '[DONE]')
  })

  it('is an empty text where thinking ate the budget', async () => {
    play(ending('MAX_TOKENS'))
    const { choice } = await ask({ max_tokens: 5 })
    assert.equal(choice?.message?.content, '')
    assert.equal(choice.finish_reason, 'length')
  })

  for (const accident of [ending('MALFORMED_FUNCTION_CALL'), ending('STOP', [])]) {
    const name = accident.candidates[0]?.finishReason
    it(`is asked for again after an empty ${name}`, async () => {
      for (const stream of [false, true]) {
        google.play([
          { times: 1, answer: { events: [accident] } },
          { answer: { events: [said('Now.', 'STOP')] } },
        ])
        const { content, headers } = await ask({ stream })
        assert.equal(content, 'Now.')
        assert.equal(headers.get('x-pollux-attempts'), '2')
      }
    })
  }
})

function tool(name: string, parameters?: object) {
  return {
    type: 'function',
    function: { name, ...(parameters && { parameters }) },
  }
}

describe('9. Schemas that Google would stumble over', () => {
  eachAnew()

  const schema = {
    type: 'object',
    $defs: {
      node: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
        },
        required: ['name'],
        additionalProperties: false,
      },
      size: { type: 'integer', enum: [1, 2, 3] },
    },
    properties: {
      tree: { $ref: '#/$defs/node', description: 'Beside a reference' },
      kind: { const: 'x' },
      maybe: { type: ['string', 'null'] },
      either: { oneOf: [{ type: 'string' }, { type: 'number', exclusiveMinimum: 0 }] },
      all: { allOf: [{ type: 'object', properties: { a: { type: 'string' } } }] },
      size: { $ref: '#/$defs/size' },
      list: { type: 'array' },
      map: { type: 'object', additionalProperties: { type: 'string' } },
    },
    required: ['tree', 'kind'],
    additionalProperties: false,
  }

  for (const model of ['gemini-2.0-flash', 'gemini-2.5-flash', 'gemini-3-flash-preview']) {
    it(`are taken by ${model}, of a tool and of an answer`, async () => {
      for (const provider of ['gemini', 'vertex']) {
        const name = { model: `${provider}/${model}` }
        const tools = [
          tool('deep', schema),
          tool('empty', {}),
          tool('none'),
          tool('typed', { type: 'object' }),
        ]
        const called = await ask({ ...name, tools }, usual)
        assert.equal(called.status, 200, called.text)
        const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } }
        const formed = await ask({ ...name, response_format }, usual)
        assert.equal(formed.status, 200, formed.text)
        assert.equal(typeof JSON.parse(String(formed.content)), 'object')
      }
    })
  }

  it('speak the dialect of the model', async () => {
    const tools = [tool('deep', schema)]
    const modern = JSON.stringify((await ask({ tools })).sent[0]?.tools)
    assert.match(modern, /"parametersJsonSchema":\{.*"\$ref"/)
    const old = JSON.stringify(
      (await ask({ tools, model: 'gemini/gemini-2.0-flash' })).sent[0]?.tools,
    )
    assert.match(old, /"parameters":\{"type":"OBJECT"/)
    assert.doesNotMatch(
      old,
      /"(\$ref|\$defs|const|oneOf|allOf|exclusiveMinimum|additionalProperties)":/,
    )
  })
})

function quotaError(...list: object[]) {
  return {
    error: {
      code: 429,
      status: 'RESOURCE_EXHAUSTED',
      message: 'You exceeded your current quota.',
      details: list,
    },
  }
}

describe('10. Errors, however they come', () => {
  eachAnew()

  const overloaded = googleError(503, 'UNAVAILABLE', 'The model is overloaded.')
  const wait = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '38.9s' }
  const daily = {
    '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
    violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }],
  }

  it('are OpenAI’s, with a sentence in them', async () => {
    const table: [number, unknown, number, string | null][] = [
      [503, overloaded, 503, 'server_is_overloaded'],
      [503, [overloaded], 503, 'server_is_overloaded'],
      [502, '<html>502</html>', 502, 'bad_gateway'],
      [404, '', 404, 'model_not_found'],
      [429, quotaError(wait), 429, 'rate_limit_exceeded'],
      [429, quotaError(wait, daily), 429, 'insufficient_quota'],
      [
        400,
        googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
        401,
        'invalid_api_key',
      ],
      [
        400,
        googleError(400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'),
        400,
        null,
      ],
    ]
    for (const [status, body, expected, code] of table) {
      google.answer((asked) => asked.json(status, body))
      for (const stream of [false, true]) {
        const { status: got, answer } = await ask({ stream })
        assert.deepEqual([got, answer.error?.code], [expected, code])
        assert.ok((answer.error?.message ?? '').length > 5)
      }
    }
  })

  it('say when to come back, or that it is no use', async () => {
    google.play([{ answer: quotaError(wait) }])
    const { headers } = await ask({})
    assert.equal(headers.get('retry-after'), '39')
    assert.equal(headers.get('retry-after-ms'), '38900')
    google.play([{ answer: quotaError(wait, daily) }])
    const spent = await ask({})
    assert.equal(spent.headers.get('x-should-retry'), 'false')
    assert.equal(spent.headers.get('retry-after'), null)
  })

  it('end a stream that had begun, also as bare JSON', async () => {
    google.answer((asked) => {
      asked.begin()
      asked.events(said('Half.'))
      asked.write(`${JSON.stringify(overloaded, null, 2)}\n`)
      asked.end()
    })
    const { content, chunks, events, status } = await ask({ stream: true })
    assert.deepEqual([status, content], [200, 'Half.'])
    assert.equal(chunks.at(-1)?.error?.message, 'The model is overloaded.')
    assert.ok(!events.includes('[DONE]'))
  })

  it('make the gateway renew its own token once', async () => {
    const metadata = await startMetadataServer()
    google.answer((asked) => (metadata.tokens.length < 2 ? asked.refuse(401) : asked.usual()))
    const before = google.requests.length
    const child = startChild({
      GOOGLE_CLOUD_PROJECT: 'p',
      GOOGLE_VERTEX_BASE_URL: google.url,
      GCE_METADATA_HOST: metadata.host,
    })
    try {
      const { status, content } = await ask(
        { model: 'gemini-2.5-flash' },
        {
          url: await servedBy(child),
        },
      )
      assert.deepEqual([status, content], [200, 'Well.'])
      const shown = google.requests.slice(before).map(({ headers }) => headers.authorization)
      assert.deepEqual(
        shown,
        metadata.tokens.slice(0, 2).map((token) => `Bearer ${token}`),
      )
    } finally {
      child.kill()
      await metadata.close()
    }
  })
})

function speaks({ message }: Error): boolean {
  return message.length > 10 && !message.includes('no body')
}

describe('11. OpenAI’s own client', () => {
  eachAnew()

  const messages = [{ role: 'user' as const, content: 'What is the weather in Paris?' }]
  const model = 'gemini/gemini-3-flash-preview'

  it('creates and streams', async () => {
    const asking = { model, messages: [{ role: 'user' as const, content: 'Why is the sky blue?' }] }
    const whole = await sdk.chat.completions.create(asking)
    const streamed = await sdk.chat.completions.stream(asking).finalChatCompletion()
    assert.ok(whole.choices[0]?.message.content)
    assert.equal(streamed.choices[0]?.message.content, whole.choices[0].message.content)
  })

  it('parses', async () => {
    const City = z.object({ name: z.string(), size: z.number() })
    const { choices } = await sdk.chat.completions.parse({
      model,
      messages,
      response_format: zodResponseFormat(City, 'city'),
    })
    assert.ok(City.safeParse(choices[0]?.message.parsed).success)
  })

  it('runs tools', async () => {
    const asked: unknown[] = []
    const runner = sdk.chat.completions.runTools({
      model,
      messages,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'The weather',
            parameters: { type: 'object', properties: { city: { type: 'string' } } },
            parse: (text: string): unknown => JSON.parse(text),
            function(args: unknown) {
              asked.push(args)
              return 'clear'
            },
          },
        },
      ],
    })
    assert.match((await runner.finalContent()) ?? '', /clear/)
    assert.deepEqual(asked, [{ city: 'Paris' }])
  })

  it('throws errors that say something', async () => {
    const create = (content: string, more: object = {}) =>
      sdk.chat.completions.create({ model, messages: [{ role: 'user', content }], ...more })
    await assert.rejects(
      create('[[error:429]]'),
      (error) => error instanceof RateLimitError && speaks(error),
    )
    await assert.rejects(
      create('x', { temperature: 9 }),
      (error) => error instanceof BadRequestError && speaks(error),
    )
    const stream = sdk.chat.completions.stream({
      model,
      messages: [{ role: 'user', content: 'Tell me. [[midstream-error]]' }],
    })
    await assert.rejects(
      stream.finalChatCompletion(),
      (error) => error instanceof APIError && speaks(error),
    )
  })
})

describe('12. Bytes, however they come', () => {
  eachAnew()

  const text = 'Größe: 大小 👩‍👩‍👧 \u2028 naïve'

  it('may be cut anywhere, and end in any kind of line', async () => {
    for (const end of ['\r\n', '\n', '\r']) {
      const bytes = Buffer.from(`data: ${JSON.stringify(said(text, 'STOP'))}${end}${end}`)
      google.answer((asked) => {
        asked.begin()
        for (const byte of bytes) asked.write(Uint8Array.of(byte))
        asked.end()
      })
      const { content, events } = await ask({ stream: true })
      assert.equal(content, text)
      assert.equal(events.at(-1), '[DONE]')
    }
  })

  it('may be many', async () => {
    const large = 'ä'.repeat(2_500_000)
    play(said(large, 'STOP'))
    for (const stream of [false, true]) {
      const { content } = await ask({ stream })
      assert.ok(content === large)
    }
  })

  it('stop upstream when the client leaves', async () => {
    google.answer()
    const client = await connectRaw(gateway.url)
    const body = { model: 'gemini/gemini-2.5-flash', messages: question, stream: true }
    client.send(toHttp('POST /v1/chat/completions', JSON.stringify(body), authorization))
    const asked = await google.next()
    asked.begin()
    asked.events(said('Half.'))
    await client.until('Half.')
    client.leave()
    await within(1_000, asked.left, 'the gateway did not hang up')
  })
})

describe('13. Citations', () => {
  eachAnew()

  it('count characters, where Gemini counts bytes, after whatever thoughts stand before', async () => {
    const parts = [
      { text: '考える 🤔', thought: true },
      { text: '👋 Größe 大小 is known. Rome is old.' },
    ]
    const spoken = parts[1]?.text ?? ''
    const cited = 'Größe 大小 is known.'
    const startIndex = Buffer.byteLength(spoken.slice(0, spoken.indexOf(cited)))
    const candidate = {
      content: { role: 'model', parts },
      finishReason: 'STOP',
      groundingMetadata: {
        groundingChunks: [{ web: { uri: 'https://a.example/', title: 'A' } }],
        groundingSupports: [
          {
            segment: {
              startIndex,
              endIndex: startIndex + Buffer.byteLength(cited),
              partIndex: 1,
              text: cited,
            },
            groundingChunkIndices: [0],
          },
        ],
      },
    }
    play({ candidates: [candidate] })
    for (const marker of [undefined, 'think']) {
      for (const stream of [false, true]) {
        const extras = { thinking_config: { include_thoughts: true }, thought_tag_marker: marker }
        const { content, choice, deltas } = await ask({ stream, extra_body: { google: extras } })
        const annotations =
          choice?.message?.annotations ?? deltas.flatMap(({ delta }) => delta?.annotations ?? [])
        const [{ url_citation: found } = assert.fail('no annotation')] = annotations
        assert.deepEqual([found.url, found.title], ['https://a.example/', 'A'])
        const points = Array.from(content ?? '').slice(found.start_index, found.end_index)
        assert.equal(points.join(''), cited)
      }
    }
  })
})

describe('14. A model of one’s own', () => {
  eachAnew()

  it('gets the body as it is, but for its name', async () => {
    const odd = { min_p: 0.1, guided_json: {}, extra_body: { google: {} }, n: 20, seed: null }
    const { status, answer } = await ask({ model: 'gemma', ...odd })
    assert.deepEqual([status, answer.model], [200, 'gemma'])
    assert.deepEqual(vllm.asked.at(-1)?.body, {
      model: 'gemma-2-9b-it',
      messages: question,
      ...odd,
    })
  })

  it('streams under that name to a [DONE]', async () => {
    vllm.behave({ done: false })
    for (const model of ['gemma', 'big']) {
      const { chunks, events } = await ask({ model, stream: true })
      assert.deepEqual([...new Set(chunks.map((chunk) => chunk.model))], [model])
      assert.equal(events.at(-1), '[DONE]')
    }
  })

  it('refuses in OpenAI’s words', async () => {
    for (const errors of ['older', 'newer'] as const) {
      vllm.behave({ errors })
      const { status, answer } = await ask({ model: 'gemma', max_tokens: 100_000 })
      assert.deepEqual([status, answer.error?.type], [400, 'invalid_request_error'])
      assert.match(answer.error?.message ?? '', /too large/)
    }
    tgi.ail('validation')
    const { status, answer } = await ask({ model: 'big' })
    assert.deepEqual([status, answer.error?.type], [422, 'invalid_request_error'])
    assert.match(answer.error?.message ?? '', /Input validation error/)
  })
})
