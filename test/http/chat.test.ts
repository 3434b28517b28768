import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import OpenAI, { NotFoundError } from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import { z } from 'zod'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'
import { isRecord } from '../support/shared.ts'

const gateway = await startGateway({})
after(() => gateway.close())

const client = clientAt('/v1')
const model = 'gemini-2.5-flash'

function clientAt(path: string, url = gateway.url): OpenAI {
  return new OpenAI({ baseURL: url + path, apiKey: 'any', maxRetries: 0, timeout: 10_000 })
}

function asking(content: string): { messages: ChatCompletionMessageParam[] } {
  return { messages: [{ role: 'user', content }] }
}

/** Google's additions, where the SDKs put them. A function, because the types do not know them. */
function extra(google: object): object {
  return { extra_body: { google } }
}

/** A field that the SDK passes on but does not know. */
function unknownField(of: unknown, name: string): unknown {
  return isRecord(of) ? of[name] : undefined
}

async function drain<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('a whole answer', () => {
  it('is a chat completion in every field that the SDK types', async () => {
    const answer = await client.chat.completions.create({ model, ...asking('Say hello.') })
    const [choice] = answer.choices
    assert.equal(answer.object, 'chat.completion')
    assert.equal(answer.model, model)
    assert.match(answer.id, /^[\w-]{8,}$/)
    assert.ok(Math.abs(answer.created - Date.now() / 1000) < 60)
    assert.equal(answer.choices.length, 1)
    assert.equal(choice?.index, 0)
    assert.equal(choice?.finish_reason, 'stop')
    assert.equal(choice?.message.role, 'assistant')
    assert.equal(choice?.message.content, 'hello')
    assert.equal(choice?.message.refusal, null)
    assert.equal(choice?.logprobs, null)
  })

  it('counts its tokens so that prompt and completion make the total', async () => {
    const { usage } = await client.chat.completions.create({ model, ...asking('Why is it so?') })
    assert.ok(usage)
    assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0)
    assert.equal(usage.prompt_tokens + usage.completion_tokens, usage.total_tokens)
    assert.ok((usage.completion_tokens_details?.reasoning_tokens ?? 0) > 0)
  })

  it('ends with length when the limit is reached', async () => {
    const { choices } = await client.chat.completions.create({
      model: 'gemini-2.0-flash',
      max_completion_tokens: 3,
      ...asking('Explain the tides of the Baltic Sea'),
    })
    assert.equal(choices[0]?.finish_reason, 'length')
    assert.ok((choices[0]?.message.content ?? '').length > 0)
  })

  it('stops at a stop sequence', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      stop: ['three'],
      ...asking('Say: one two three four'),
    })
    assert.equal(choices[0]?.message.content, 'one two ')
    assert.equal(choices[0]?.finish_reason, 'stop')
  })

  it('says content_filter and why where the prompt was blocked', async () => {
    const { choices } = await client.chat.completions.create({ model, ...asking('[[blocked]] x') })
    assert.equal(choices[0]?.finish_reason, 'content_filter')
    assert.match(choices[0]?.message.refusal ?? '', /\w/)
  })

  it('keeps what was said before the safety filter struck', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      ...asking('Say: one two three four [[safety]]'),
    })
    assert.equal(choices[0]?.finish_reason, 'content_filter')
    assert.equal(choices[0]?.message.content, 'one two t')
  })

  it('gives as many choices as asked of a model that can', async () => {
    const answer = await client.chat.completions.create({
      model: 'gemini-2.0-flash',
      n: 2,
      ...asking('What is a quasar?'),
    })
    assert.deepEqual(
      answer.choices.map(({ index, finish_reason }) => [index, finish_reason]),
      [
        [0, 'stop'],
        [1, 'stop'],
      ],
    )
    const [first, second] = answer.choices.map(({ message }) => message.content)
    assert.notEqual(first, second)
  })
})

describe('a stream', () => {
  it('brings one role, the text in pieces, one finish reason, under one head', async () => {
    const chunks = await drain(
      await client.chat.completions.create({
        model,
        stream: true,
        ...asking('Explain the tides of the Baltic Sea'),
      }),
    )
    const choices = chunks.flatMap((chunk) => chunk.choices)
    assert.ok(chunks.length > 4)
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1)
    assert.equal(new Set(chunks.map(({ created }) => created)).size, 1)
    assert.deepEqual([...new Set(chunks.map((chunk) => chunk.model))], [model])
    assert.deepEqual([...new Set(chunks.map(({ object }) => object))], ['chat.completion.chunk'])
    assert.deepEqual(
      choices.flatMap(({ delta }) => delta.role ?? []),
      ['assistant'],
    )
    assert.deepEqual(
      choices.flatMap(({ finish_reason }) => finish_reason ?? []),
      ['stop'],
    )
    assert.ok(chunks.every((chunk) => !chunk.usage))
  })

  it('ends with the usage in a chunk of its own where it was asked for', async () => {
    const chunks = await drain(
      await client.chat.completions.create({
        model,
        stream: true,
        stream_options: { include_usage: true },
        ...asking('Say hello.'),
      }),
    )
    const last = chunks.at(-1)
    assert.deepEqual(last?.choices, [])
    assert.ok((last?.usage?.total_tokens ?? 0) > 0)
    assert.deepEqual([...new Set(chunks.slice(0, -1).map(({ usage }) => usage))], [null])
  })

  it('accumulates to the whole answer', async () => {
    const body = { model, seed: 7, ...asking('Tell a story in detail about two lighthouses') }
    const whole = await client.chat.completions.create(body)
    const streamed = await client.chat.completions
      .stream({ ...body, stream_options: { include_usage: true } })
      .finalChatCompletion()
    assert.deepEqual(comparable(streamed), comparable(whole))
  })

  it('accumulates to the whole answer with calls too', async () => {
    for (const id of [
      'gemini-2.0-flash',
      model,
      'gemini-3-flash-preview',
      'vertex/gemini-2.5-pro',
    ]) {
      const body = { model: id, tools: [weatherTool], ...asking('The weather in Paris and Rome?') }
      const whole = await client.chat.completions.create(body)
      const streamed = await client.chat.completions
        .stream({ ...body, stream_options: { include_usage: true } })
        .finalChatCompletion()
      assert.deepEqual(comparable(streamed), comparable(whole), id)
      assert.equal(whole.choices[0]?.finish_reason, 'tool_calls')
      assert.equal(whole.choices[0].message.tool_calls?.length, 2)
    }
  })

  it('interleaves the choices and finishes each', async () => {
    const answer = await client.chat.completions
      .stream({ model: 'gemini-2.0-flash', n: 2, ...asking('What is a quasar?') })
      .finalChatCompletion()
    assert.deepEqual(
      answer.choices.map(({ index, finish_reason }) => [index, finish_reason]),
      [
        [0, 'stop'],
        [1, 'stop'],
      ],
    )
    assert.ok(answer.choices.every(({ message }) => message.content?.includes('quasar')))
  })
})

/** An answer without what differs from call to call: ids, times, signatures. */
function comparable({ choices, usage, model }: OpenAI.ChatCompletion) {
  return {
    model,
    usage,
    choices: choices.map(({ index, finish_reason, message }) => ({
      index,
      finish_reason,
      role: message.role,
      content: message.content,
      refusal: message.refusal,
      calls: (message.tool_calls ?? []).map((call) =>
        call.type === 'function' ? [call.function.name, call.function.arguments] : [],
      ),
    })),
  }
}

const weatherTool = {
  type: 'function' as const,
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
}

describe('structured output', () => {
  const Event = z.object({
    title: z.string(),
    day: z.enum(['monday', 'friday']),
    guests: z.array(z.object({ name: z.string(), age: z.number().int().nullable() })),
  })

  for (const id of ['gemini-2.0-flash', model, 'gemini-3-flash-preview']) {
    it(`parses with zod on ${id}`, async () => {
      const answer = await client.chat.completions.parse({
        model: id,
        response_format: zodResponseFormat(Event, 'event'),
        ...asking('Alice and Bob meet on Friday.'),
      })
      const parsed = answer.choices[0]?.message.parsed
      assert.deepEqual(Event.parse(parsed), parsed)
    })
  }

  it('parses a stream with zod', async () => {
    const answer = await client.chat.completions
      .stream({
        model,
        response_format: zodResponseFormat(Event, 'event'),
        ...asking('Alice and Bob meet on Friday.'),
      })
      .finalChatCompletion()
    assert.ok(Event.parse(answer.choices[0]?.message.parsed))
  })

  it('parses the arguments of a strict tool', async () => {
    const { choices } = await client.chat.completions.parse({
      model,
      tools: [{ ...weatherTool, function: { ...weatherTool.function, strict: true } }],
      ...asking('The weather in Paris?'),
    })
    const [call] = choices[0]?.message.tool_calls ?? []
    assert.ok(call?.type === 'function')
    assert.deepEqual(call.function.parsed_arguments, { city: 'Paris' })
  })
})

function runner(id: string, asked: string[]) {
  return client.chat.completions.runTools({
    model: id,
    ...asking('Compare the weather in Paris and Rome, please.'),
    tools: [
      {
        type: 'function',
        function: {
          ...weatherTool.function,
          parse: (text: string) => z.object({ city: z.string() }).parse(JSON.parse(text)),
          function({ city }: { city: string }) {
            asked.push(city)
            return { city, sky: 'clear', celsius: 21 }
          },
        },
      },
    ],
  })
}

describe('tools', () => {
  for (const id of ['gemini-3-flash-preview', 'vertex/gemini-3.8-flash', 'gemini-2.5-flash']) {
    it(`runs a loop with parallel calls on ${id}`, async () => {
      const asked: string[] = []
      const content = await runner(id, asked).finalContent()
      assert.deepEqual(asked, ['Paris', 'Rome'])
      assert.match(content ?? '', /sky is clear/)
    })
  }

  it('runs a streamed loop whose signatures the SDK carries', async () => {
    const asked: string[] = []
    const runner = client.chat.completions.runTools({
      stream: true,
      model: 'gemini-3-flash-preview',
      ...asking('Compare the weather in Paris and Rome, please.'),
      tools: [
        {
          type: 'function',
          function: {
            ...weatherTool.function,
            parse: (text: string) => z.object({ city: z.string() }).parse(JSON.parse(text)),
            function({ city }: { city: string }) {
              asked.push(city)
              return 'clear'
            },
          },
        },
      ],
    })
    const content = await runner.finalContent()
    assert.deepEqual(asked, ['Paris', 'Rome'])
    assert.match(content ?? '', /clear/)
  })

  it('carries the signature of the first parallel call, and goes on without it', async () => {
    const question = asking('The weather in Paris and Rome?').messages
    const first = await client.chat.completions.create({
      model: 'gemini-3-flash-preview',
      messages: question,
      tools: [weatherTool],
    })
    const message = first.choices[0]?.message
    assert.ok(message?.tool_calls)
    const [signed, plain] = message.tool_calls.map((call) => unknownField(call, 'extra_content'))
    assert.ok(unknownField(unknownField(signed, 'google'), 'thought_signature'))
    assert.equal(unknownField(unknownField(plain, 'google'), 'thought_signature'), undefined)
    const forgetful = {
      role: 'assistant' as const,
      content: null,
      tool_calls: message.tool_calls.flatMap((call) =>
        call.type === 'function' ? [{ id: call.id, type: call.type, function: call.function }] : [],
      ),
    }
    for (const said of [message, forgetful]) {
      const second: OpenAI.ChatCompletion = await client.chat.completions.create({
        model: 'gemini-3-flash-preview',
        messages: [
          ...question,
          said,
          ...message.tool_calls.map(({ id }) => ({
            role: 'tool' as const,
            tool_call_id: id,
            content: '{"sky":"clear"}',
          })),
        ],
        tools: [weatherTool],
      })
      assert.equal(second.choices[0]?.finish_reason, 'stop')
    }
  })

  it('obeys tool_choice: none, required and a name', async () => {
    const other = { ...weatherTool, function: { ...weatherTool.function, name: 'book_taxi' } }
    const calls = async (tool_choice: OpenAI.ChatCompletionToolChoiceOption) => {
      const { choices } = await client.chat.completions.create({
        model,
        tools: [weatherTool, other],
        tool_choice,
        ...asking('How is the weather in Oslo?'),
      })
      return (choices[0]?.message.tool_calls ?? []).map((call) =>
        call.type === 'function' ? call.function.name : call.type,
      )
    }
    assert.deepEqual(await calls('none'), [])
    assert.deepEqual(await calls('required'), ['get_weather'])
    assert.deepEqual(await calls({ type: 'function', function: { name: 'book_taxi' } }), [
      'book_taxi',
    ])
  })

  it('answers the older functions with a function_call', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      functions: [weatherTool.function],
      ...asking('The weather in Paris?'),
    })
    assert.equal(choices[0]?.finish_reason, 'function_call')
    assert.equal(choices[0].message.function_call?.name, 'get_weather')
  })
})

/** How many tokens the model thought. */
async function spent(reasoning_effort: 'none' | 'low' | 'high'): Promise<number> {
  const { usage } = await client.chat.completions.create({
    model,
    reasoning_effort,
    ...asking('Why is the sky blue?'),
  })
  return usage?.completion_tokens_details?.reasoning_tokens ?? 0
}

describe('thoughts', () => {
  const shown = { thinking_config: { include_thoughts: true } }

  it('come in reasoning_content, whole and streamed', async () => {
    const body = { model, ...asking('Why is the sky blue?'), ...extra(shown) }
    const whole = await client.chat.completions.create({ ...body })
    const stream = await client.chat.completions.create({ ...body, stream: true })
    const deltas = (await drain(stream)).flatMap(({ choices }) => choices.map(({ delta }) => delta))
    const joined = (name: string) => deltas.map((delta) => unknownField(delta, name)).join('')
    const message = whole.choices[0]?.message
    const thoughts = unknownField(message, 'reasoning_content')
    assert.match(String(thoughts), /Reading the request/)
    assert.doesNotMatch(message?.content ?? '', /Reading the request/)
    assert.equal(joined('reasoning_content'), thoughts)
    assert.equal(joined('content'), message?.content)
  })

  it('stay away where nobody asked for them', async () => {
    const { choices } = await client.chat.completions.create({ model, ...asking('Why?') })
    assert.equal(unknownField(choices[0]?.message, 'reasoning_content'), undefined)
  })

  it('go into content where the operator says so', async () => {
    const untagged = await startGateway({ POLLUX_THOUGHTS: 'content' })
    try {
      const { choices } = await clientAt('/v1', untagged.url).chat.completions.create({
        model,
        ...asking('Why is the sky blue?'),
        ...extra(shown),
      })
      assert.match(choices[0]?.message.content ?? '', /Reading the request/)
    } finally {
      await untagged.close()
    }
  })

  it('are tagged on the way out and read back as thoughts on the way in', async () => {
    const google = await startEmulator()
    const behind = await startGateway({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
    try {
      const parts = [
        { text: 'First I look. ', thought: true },
        { text: 'Then I leap.\n', thought: true },
        { text: 'It is <b>blue</b>.' },
      ]
      const candidates = [{ content: { parts, role: 'model' }, finishReason: 'STOP' }]
      google.play([{ answer: { events: [{ candidates }] } }])
      const body = { model, ...extra({ ...shown, thought_tag_marker: 'think' }) }
      const { chat } = clientAt('/v1', behind.url)
      const question = asking('Why is the sky blue?').messages
      const first = await chat.completions.create({ ...body, messages: question })
      const message = first.choices[0]?.message
      assert.equal(
        message?.content,
        '<think>First I look. Then I leap.\n</think>\n\nIt is <b>blue</b>.',
      )
      await chat.completions.create({
        ...body,
        messages: [...question, message, { role: 'user', content: 'Sure?' }],
      })
      const sent = google.log.entries[1]?.body
      const [, answered] = z
        .object({ contents: z.array(z.object({ parts: z.array(z.unknown()) })) })
        .parse(sent).contents
      assert.deepEqual(answered?.parts, [
        { text: 'First I look. Then I leap.\n', thought: true },
        { text: 'It is <b>blue</b>.' },
      ])
    } finally {
      await behind.close()
      await google.close()
    }
  })

  it('think as long as reasoning_effort says', async () => {
    assert.equal(await spent('none'), 0)
    assert.ok((await spent('high')) > 0)
  })
})

describe('media', () => {
  const png =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

  it('sees an image in a data URL', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            {
              type: 'image_url',
              image_url: { url: `data:image/png;base64,${png}`, detail: 'low' },
            },
          ],
        },
      ],
    })
    assert.match(choices[0]?.message.content ?? '', /I see an image \(image\/png\)/)
  })

  it('hears input_audio', async () => {
    const data = Buffer.from('RIFF....WAVEfmt ').toString('base64')
    const { choices } = await client.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'input_audio', input_audio: { data, format: 'wav' } },
            { type: 'text', text: 'What do you hear?' },
          ],
        },
      ],
    })
    assert.match(choices[0]?.message.content ?? '', /I hear a recording \(audio\/wav\)/)
  })

  it('reads a PDF', async () => {
    const { choices } = await client.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            {
              type: 'file',
              file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0xLjQ=' },
            },
            { type: 'text', text: 'Sum it up.' },
          ],
        },
      ],
    })
    assert.match(choices[0]?.message.content ?? '', /I read a document \(application\/pdf\)/)
  })
})

/** The id of a request, which may be the one that the client gave. */
async function requestId(given?: string): Promise<string> {
  const { request_id } = await client.chat.completions
    .create(
      { model, ...asking('Say hello.') },
      given === undefined ? {} : { headers: { 'x-request-id': given } },
    )
    .withResponse()
  return request_id ?? ''
}

describe('headers of an answer', () => {
  it('name what was ignored', async () => {
    const { response } = await client.chat.completions
      .create({ model, store: true, logit_bias: { 1: 2 }, user: 'u', ...asking('Say hello.') })
      .withResponse()
    const names = response.headers.get('x-pollux-ignored')?.split(', ').toSorted()
    assert.deepEqual(names, ['logit_bias', 'store', 'user'])
  })

  it('name what was repaired, on a stream as well', async () => {
    const messages: ChatCompletionMessageParam[] = [
      { role: 'user', content: 'Say hello.' },
      { role: 'system', content: 'Be brief.' },
      { role: 'tool', tool_call_id: 'call_lost', content: '{}' },
    ]
    const whole = await client.chat.completions.create({ model, messages }).withResponse()
    const streamed = await client.chat.completions
      .create({ model, messages, stream: true })
      .withResponse()
    await drain(streamed.data)
    for (const { response } of [whole, streamed]) {
      const names = response.headers.get('x-pollux-repaired')?.split(', ').toSorted()
      assert.deepEqual(names, ['instructions_moved', 'tool_result_without_call'])
    }
  })

  it('are absent where nothing was ignored or repaired', async () => {
    const { response } = await client.chat.completions
      .create({ model, ...asking('Say hello.') })
      .withResponse()
    assert.equal(response.headers.get('x-pollux-ignored'), null)
    assert.equal(response.headers.get('x-pollux-repaired'), null)
  })

  it('carry the request id, the client’s own where it is harmless', async () => {
    assert.match(await requestId(), /^[0-9a-f-]{36}$/)
    assert.equal(await requestId('my-own.1'), 'my-own.1')
    assert.match(await requestId('has a space'), /^[0-9a-f-]{36}$/)
    assert.match(await requestId('x'.repeat(200)), /^[0-9a-f-]{36}$/)
  })

  it('keep proxies from caching or buffering a stream', async () => {
    const { data, response } = await client.chat.completions
      .create({ model, stream: true, ...asking('Say hello.') })
      .withResponse()
    await drain(data)
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.equal(response.headers.get('cache-control'), 'no-cache')
    assert.equal(response.headers.get('x-accel-buffering'), 'no')
  })
})

describe('a model’s name', () => {
  for (const name of [
    'gemini-2.5-flash',
    'google/gemini-2.5-flash',
    'models/gemini-2.5-flash',
    'publishers/google/models/gemini-2.5-flash',
    'projects/emulator/locations/global/publishers/google/models/gemini-2.5-flash',
    'gemini/gemini-2.5-flash',
    'vertex/gemini-2.5-flash',
    'vertex_ai/gemini-2.5-flash',
  ]) {
    it(`is given back as it came: ${name}`, async () => {
      const body = { model: name, ...asking('Say hello.') }
      const whole = await client.chat.completions.create(body)
      const chunks = await drain(await client.chat.completions.create({ ...body, stream: true }))
      assert.equal(whole.model, name)
      assert.deepEqual([...new Set(chunks.map((chunk) => chunk.model))], [name])
    })
  }
})

describe('the doors', () => {
  for (const path of [
    '/v1',
    '',
    '/v1beta/openai',
    '/v1beta/openai/',
    '/v1/projects/emulator/locations/global/endpoints/openapi',
    '/v1beta1/projects/emulator/locations/global/endpoints/openapi',
  ]) {
    it(`open at '${path}'`, async () => {
      const there = clientAt(path)
      const body = { model: 'google/gemini-2.5-flash', ...asking('Say hello.') }
      const whole = await there.chat.completions.create(body)
      assert.equal(whole.choices[0]?.message.content, 'hello')
      const streamed = await there.chat.completions.stream(body).finalContent()
      assert.equal(streamed, 'hello')
      assert.ok((await there.models.list()).data.length > 5)
    })
  }

  for (const path of [
    '/v1/projects/other/locations/global/endpoints/openapi',
    '/v1/projects/emulator/locations/us-central1/endpoints/openapi',
    '/v1beta1/projects/emulator/locations/global/endpoints/4711',
  ]) {
    it(`stay shut at '${path}'`, async () => {
      const there = clientAt(path)
      await assert.rejects(
        there.chat.completions.create({ model, ...asking('Say hello.') }),
        (error) => error instanceof NotFoundError && error.code === 'unknown_url',
      )
    })
  }

  it('lead to the API whose own path it is', async () => {
    const google = await startEmulator()
    const vertex = await startEmulator()
    const both = await startGateway({
      POLLUX_AUTH: 'passthrough',
      GOOGLE_CLOUD_PROJECT: 'p',
      GEMINI_API_KEY: 'k',
      GOOGLE_GEMINI_BASE_URL: google.url,
      GOOGLE_VERTEX_BASE_URL: vertex.url,
    })
    try {
      const ask = async (path: string, name: string) => {
        const before = google.log.count + vertex.log.count
        const developer = google.log.count
        const there = new OpenAI({ baseURL: both.url + path, apiKey: 'ya29.token', maxRetries: 0 })
        await there.chat.completions.create({ model: name, ...asking('Hi') })
        assert.equal(google.log.count + vertex.log.count, before + 1)
        return google.log.count > developer ? 'gemini' : 'vertex'
      }
      const door = '/v1/projects/p/locations/global/endpoints/openapi'
      assert.equal(await ask(door, 'gemini-2.5-flash'), 'vertex')
      assert.equal(await ask(door, 'google/gemini-2.5-flash'), 'vertex')
      assert.equal(await ask('/v1beta/openai', 'gemini-2.5-flash'), 'gemini')
      assert.equal(await ask('/v1beta/openai', 'models/gemini-2.5-flash'), 'gemini')
    } finally {
      await both.close()
      await Promise.all([google.close(), vertex.close()])
    }
  })
})
