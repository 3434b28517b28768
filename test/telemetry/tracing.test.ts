import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import OpenAI from 'openai'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { createLog } from '../../src/log.ts'
import { startChild } from '../support/child.ts'
import { type ReceivedSpan, startOtlpReceiver } from '../support/otlp-receiver.ts'
import { isRecord } from '../support/shared.ts'

const google = await startEmulator()
after(() => google.close())

const model = 'gemini-2.5-flash'
const traceId = '0af7651916cd43dd8448eb211c80319c'
const caller = 'b7ad6b7169203331'

interface Traced {
  spans: ReceivedSpan[]
  /** All that was sent to whoever stores spans. */
  text: string
  lines: Record<string, unknown>[]
}

/** What a gateway tells of its requests, once it has ended. */
async function traced(
  scene: (client: OpenAI, url: string) => Promise<unknown>,
  env: Record<string, string> = {},
): Promise<Traced> {
  const receiver = await startOtlpReceiver()
  const lines: Record<string, unknown>[] = []
  const log = createLog('info', {
    write(line) {
      const entry: unknown = JSON.parse(line)
      if (isRecord(entry)) lines.push(entry)
    },
  })
  const gateway = await startApp(
    readConfig({
      PORT: '0',
      GEMINI_API_KEY: 'canary-upstream-key',
      GOOGLE_GEMINI_BASE_URL: google.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.peer.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=abc%3D',
      POLLUX_MAX_LAG_MS: '0',
      ...env,
    }),
    log,
  )
  const baseURL = `${gateway.url}/v1`
  const client = new OpenAI({ baseURL, apiKey: 'canary-client-key', maxRetries: 0 })
  try {
    await scene(client, gateway.url)
  } finally {
    await gateway.close()
    await receiver.peer.close()
  }
  return { spans: receiver.spans(), text: receiver.text(), lines }
}

function say(content: string, more: object = {}) {
  return { model, messages: [{ role: 'user' as const, content }], ...more }
}

describe('a request’s trace', () => {
  it('has a span of the request, and one of what was asked upstream', async () => {
    const headers = { traceparent: `00-${traceId}-${caller}-01` }
    const { spans } = await traced((client) =>
      client.chat.completions.create(
        say('Say ahoy', { temperature: 0.5, max_tokens: 100, seed: 7 }),
        { headers },
      ),
    )
    const [server, call, ...more] = spans
    assert.ok(server && call && more.length === 0)
    assert.deepEqual(
      [server.traceId, server.parentSpanId, server.kind, server.name],
      [traceId, caller, 2, 'POST /v1/chat/completions'],
    )
    assert.deepEqual(
      [call.traceId, call.parentSpanId, call.kind, call.name],
      [traceId, server.spanId, 3, `chat ${model}`],
    )
    assert.ok(server.startMs <= call.startMs && call.endMs <= server.endMs)
    assert.ok(call.endMs > call.startMs)
    const { attributes } = call
    assert.deepEqual(
      Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.includes('usage'))),
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.request.model': model,
        'gen_ai.request.stream': false,
        'gen_ai.request.temperature': 0.5,
        'gen_ai.request.max_tokens': 100,
        'gen_ai.request.seed': 7,
        'gen_ai.response.model': model,
        'gen_ai.response.finish_reasons': ['stop'],
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(google.url).port),
      },
    )
    assert.ok(Number(attributes['gen_ai.usage.input_tokens']) > 0)
    assert.ok(Number(attributes['gen_ai.usage.output_tokens']) > 0)
    assert.equal(server.attributes['http.response.status_code'], 200)
    assert.equal(server.resource['service.name'], 'pollux')
  })

  it('reaches Gemini with the span of the try, and the log with that of the request', async () => {
    const before = google.log.entries.length
    const { spans, lines } = await traced(
      (client) => client.chat.completions.create(say('Say ahoy')),
      { GOOGLE_CLOUD_PROJECT: 'harbour', GOOGLE_GENAI_USE_VERTEXAI: 'false' },
    )
    const [server, call] = spans
    const sent = google.log.entries.slice(before).map(({ headers }) => headers.traceparent)
    assert.deepEqual(sent, [`00-${call?.traceId}-${call?.spanId}-01`])
    const line = lines.find(({ path }) => path !== undefined)
    assert.equal(line?.['logging.googleapis.com/spanId'], server?.spanId)
    assert.equal(
      line?.['logging.googleapis.com/trace'],
      `projects/harbour/traces/${server?.traceId}`,
    )
  })

  it('is named by the lines of the log, of a failure too, where no project is known', async () => {
    const { spans, lines } = await traced((client) =>
      assert.rejects(client.chat.completions.create(say('[[error:403]]'))),
    )
    const { traceId, spanId } = spans[0] ?? {}
    assert.ok(traceId !== undefined)
    assert.deepEqual(
      lines
        .filter(({ requestId }) => requestId !== undefined)
        .map((line) => [line.traceId, line.spanId]),
      [
        [traceId, spanId],
        [traceId, spanId],
      ],
    )
  })

  it('tells when the first chunk of a stream came, and what the whole has cost', async () => {
    const { spans } = await traced(async (client) => {
      const stream = await client.chat.completions.create({
        ...say('Explain the tides'),
        stream: true,
      })
      for await (const _ of stream);
    })
    const attributes = spans[1]?.attributes ?? {}
    const first = Number(attributes['gen_ai.response.time_to_first_chunk'])
    const seconds = ((spans[1]?.endMs ?? 0) - (spans[1]?.startMs ?? 0)) / 1000
    assert.ok(first > 0 && first <= seconds, `${first} of ${seconds} s`)
    assert.ok(Number(attributes['gen_ai.usage.output_tokens']) > 0)
    assert.deepEqual(attributes['gen_ai.response.finish_reasons'], ['stop'])
  })

  it('has a span for each try, failed ones with their reason', async () => {
    const fault = '[[fault:status=503;times=1;key=tracing]]'
    const { spans } = await traced((client) =>
      client.chat.completions.create(say(`Say ahoy ${fault}`)),
    )
    const [server, first, second] = spans
    assert.deepEqual(
      [server, first, second].map((span) => [span?.statusCode, span?.attributes['error.type']]),
      [
        [0, undefined],
        [2, 'server_is_overloaded'],
        [0, undefined],
      ],
    )
    assert.equal(second?.parentSpanId, server?.spanId)
    assert.equal(first?.attributes['gen_ai.usage.input_tokens'], undefined)
  })

  it('has what copies have cost together once, on the request', async () => {
    const { spans } = await traced((client) =>
      client.chat.completions.create({ ...say('Say ahoy', { n: 2 }), model: 'gemini-3.5-flash' }),
    )
    const [server, ...tries] = spans
    assert.ok(Number(server?.attributes['gen_ai.usage.output_tokens']) > 0)
    assert.deepEqual(server?.attributes['gen_ai.response.finish_reasons'], ['stop', 'stop'])
    const copies = tries.filter(({ statusCode }) => statusCode === 0)
    assert.equal(copies.length, 2)
    for (const { attributes } of copies) {
      assert.equal(attributes['gen_ai.usage.output_tokens'], undefined)
      assert.equal(attributes['gen_ai.response.finish_reasons'], undefined)
    }
  })

  for (const stream of [false, true]) {
    it(`has the error of a try whose answer broke off, ${stream ? 'streamed' : 'whole'}`, async () => {
      const fault = `[[fault:reset@0;times=1;key=broke-${stream}]]`
      const { spans } = await traced(async (client) => {
        const answer = await client.chat.completions.create({
          ...say(`Say ahoy ${fault}`),
          stream,
        })
        if (Symbol.asyncIterator in answer) for await (const _ of answer);
      })
      const [server, broken, whole] = spans
      assert.ok(server && broken && whole)
      assert.deepEqual(
        [server, broken, whole].map(({ statusCode }) => statusCode),
        [0, 2, 0],
      )
      assert.equal(broken.attributes['error.type'], 'stream_interrupted')
      assert.equal(broken.attributes['gen_ai.usage.output_tokens'], undefined)
      assert.ok(Number(whole.attributes['gen_ai.usage.output_tokens']) > 0)
      assert.ok(broken.endMs <= whole.startMs)
    })
  }

  it('tells of a stream that broke off, and of a client that left', async () => {
    const broken = await traced(async (client) => {
      const stream = await client.chat.completions.create({
        ...say('Explain [[midstream-error]]'),
        stream: true,
      })
      await assert.rejects(async () => {
        for await (const _ of stream);
      })
    })
    assert.deepEqual(
      broken.spans.map((span) => [span.statusCode, span.attributes['error.type']]),
      [
        [2, 'server_is_overloaded'],
        [2, 'server_is_overloaded'],
      ],
    )
    const left = await traced(async (client) => {
      const stream = await client.chat.completions.create({
        ...say('Explain [[slow:200]]'),
        stream: true,
      })
      for await (const _ of stream) break
    })
    assert.deepEqual(
      left.spans.map((span) => span.attributes['error.type']),
      ['cancelled', 'cancelled'],
    )
  })

  it('counts a client’s mistake as no failure of the server', async () => {
    const { spans } = await traced((client) =>
      assert.rejects(client.chat.completions.create(say('x', { temperature: 7 }))),
    )
    assert.deepEqual([spans.length, spans[0]?.statusCode], [1, 0])
    assert.equal(spans[0]?.attributes['http.response.status_code'], 400)
  })

  it('is kept or left as whoever sent the request has decided', async () => {
    const headers = { traceparent: `00-${traceId}-${caller}-00` }
    const { spans } = await traced((client) =>
      client.chat.completions.create(say('Say ahoy'), { headers }),
    )
    assert.deepEqual(spans, [])
    const none = await traced((client) => client.chat.completions.create(say('Say ahoy')), {
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    })
    assert.deepEqual(none.spans, [])
  })
})

describe('what is said', () => {
  const tools = [
    {
      type: 'function' as const,
      function: {
        name: 'canarytool',
        description: 'canary-about',
        parameters: { type: 'object' },
      },
    },
  ]
  const request = {
    ...say('Repeat: canary-prompt'),
    tools,
    stop: ['canary-stop'],
    user: 'canary-user',
    metadata: { canary: 'canary' },
  }
  request.messages.unshift({ role: 'user', content: 'canary-before' })

  it('is in no trace, nor is a key', async () => {
    for (const stream of [false, true]) {
      const { text, spans } = await traced(async (client) => {
        const answer = await client.chat.completions.create({ ...request, stream })
        if (Symbol.asyncIterator in answer) for await (const _ of answer);
      })
      assert.equal(spans.length, 2)
      assert.doesNotMatch(text, /canary/i)
    }
  })

  it('is in the trace of those who have opted in, whole and streamed alike', async () => {
    const said: unknown[] = []
    for (const stream of [false, true]) {
      const { text, spans } = await traced(
        async (client) => {
          const answer = await client.chat.completions.create({ ...request, stream })
          if (Symbol.asyncIterator in answer) for await (const _ of answer);
        },
        { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true' },
      )
      const { attributes } = spans[1] ?? assert.fail('no span of the try')
      assert.deepEqual(JSON.parse(String(attributes['gen_ai.input.messages'])), [
        { role: 'user', parts: [{ type: 'text', content: 'canary-before' }] },
        { role: 'user', parts: [{ type: 'text', content: 'Repeat: canary-prompt' }] },
      ])
      assert.match(String(attributes['gen_ai.tool.definitions']), /canary-about/)
      said.push(JSON.parse(String(attributes['gen_ai.output.messages'])))
      assert.doesNotMatch(text, /canary-(client|upstream)-key/)
    }
    assert.deepEqual(said[0], [
      {
        role: 'assistant',
        parts: [{ type: 'text', content: 'canary-prompt' }],
        finish_reason: 'stop',
      },
    ])
    assert.deepEqual(said[1], said[0])
  })
})

describe('whoever stores spans', () => {
  it('gets the headers that were configured', async () => {
    const receiver = await startOtlpReceiver()
    const child = startChild({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.peer.url}/own/path`,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%3Db, x-tenant = harbour',
      K_SERVICE: 'gateway',
      K_REVISION: 'gateway-00007',
      POLLUX_AUTH: 'none',
      GEMINI_API_KEY: 'key',
      GOOGLE_GEMINI_BASE_URL: google.url,
      HOST: '127.0.0.1',
    })
    const served = await child.until('/v1 from')
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(served)?.[0]
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    await client.chat.completions.create(say('Say ahoy'))
    child.process.kill('SIGTERM')
    // What is left goes out before the process ends.
    assert.equal(await child.exited(5_000), 0)
    const [asked] = receiver.peer.requests
    assert.equal(asked?.url, '/own/path')
    assert.deepEqual([asked.headers['api-key'], asked.headers['x-tenant']], ['a=b', 'harbour'])
    const [server] = receiver.spans()
    assert.deepEqual(
      [server?.resource['service.name'], server?.resource['service.version']],
      ['gateway', 'gateway-00007'],
    )
    await receiver.peer.close()
  })

  it('may be away: requests go on, and the log tells it without the headers', async () => {
    const { lines } = await traced((client) => client.chat.completions.create(say('Say ahoy')), {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    })
    assert.equal(lines.find(({ path }) => path !== undefined)?.status, 200)
    const told = lines.filter(({ message }) => message === 'traces could not be sent')
    assert.ok(told.length <= 1)
    assert.doesNotMatch(JSON.stringify(lines), /abc=/)
  })
})

describe('the configuration of traces', () => {
  for (const [name, value, expected] of [
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', /http\/json/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', /URL/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'canary', /name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'key=%E0%A4%A', /percent-encoded/],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /parentbased_always_on/],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5', /0 to 1/],
  ] as const) {
    it(`refuses ${name}=${value}`, () => {
      assert.throws(
        () => readConfig({ [name]: value }),
        (error: Error) => {
          assert.match(error.message, expected)
          assert.match(error.message, new RegExp(name))
          assert.doesNotMatch(error.message, /canary/)
          return true
        },
      )
    })
  }

  it('may be there and switched off', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' }
    assert.equal(readConfig(env).traces?.url, 'http://collector:4318/v1/traces')
    assert.equal(readConfig({ ...env, OTEL_SDK_DISABLED: 'true' }).traces, undefined)
  })
})
