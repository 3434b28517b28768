import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { type Asked, type ByHand, startByHand } from '../../src/emulator/by-hand.ts'
import { googleError } from '../support/gemini.ts'
import { within } from '../support/within.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { connectRaw, eventsIn, toHttp } from '../support/raw-client.ts'

const model = 'gemini-3-flash-preview'
let google: ByHand
let gateway: Gateway

interface Counts {
  promptTokenCount?: number
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
  cachedContentTokenCount?: number
}

/** A response of the model with one part and whatever it counted. */
function says(part: object, finishReason?: string, counts: Counts = {}, id = 'answer'): object {
  const { promptTokenCount = 0, candidatesTokenCount = 0, thoughtsTokenCount = 0 } = counts
  const total = promptTokenCount + candidatesTokenCount + thoughtsTokenCount
  return {
    candidates: [
      { content: { role: 'model', parts: [part] }, ...(finishReason && { finishReason }) },
    ],
    usageMetadata: { ...counts, totalTokenCount: total },
    modelVersion: model,
    responseId: id,
  }
}

interface Usage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number }
  completion_tokens_details?: { reasoning_tokens?: number }
}

interface Choice {
  index: number
  finish_reason: string | null
  message?: { content: string | null; tool_calls?: { id: string }[] }
  delta?: { role?: string; content?: string; tool_calls?: { id: string }[] }
}

interface Completion {
  id: string
  created: number
  choices: Choice[]
  usage?: Usage | null
}

function post(body: object, signal?: AbortSignal): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...body }),
    signal: signal ?? AbortSignal.timeout(10_000),
  })
}

async function calls(count: number): Promise<Asked[]> {
  const asked: Asked[] = []
  while (asked.length < count) {
    asked.push(await within(2_000, google.next(), `only ${asked.length} calls came`))
  }
  return asked
}

/** Asserts that the gateway hangs up on all of these, soon. */
async function allLeft(asked: Asked[], ms = 1_000): Promise<void> {
  await within(ms, Promise.all(asked.map(({ left }) => left)), 'not all calls were cancelled')
}

/** Lets the gateway read what was written, so that the order of writing is that of reading. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

const prompt = { promptTokenCount: 10, cachedContentTokenCount: 4 }

/** For each test of a suite. Not for the file: files share one process, and its hooks would be everybody's. */
function eachAnew(): void {
  beforeEach(async () => {
    google = await startByHand()
    gateway = await startGateway({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
  })
  afterEach(async () => {
    await google.close()
    await gateway.close()
  })
}

describe('several choices of a model that gives one', () => {
  eachAnew()

  it('come from as many calls, each of which asks for one', async () => {
    const answer = post({ n: 3 })
    const asked = await calls(3)
    for (const [at, one] of asked.entries()) {
      assert.equal(one.url, `/v1beta/models/${model}:generateContent`)
      assert.deepEqual(one.body, asked[0]?.body)
      assert.ok(!JSON.stringify(one.body).includes('candidateCount'))
      const counts = { ...prompt, candidatesTokenCount: at + 1, thoughtsTokenCount: 100 }
      one.reply(says({ text: `choice ${at}` }, at === 1 ? 'MAX_TOKENS' : 'STOP', counts, `id${at}`))
    }
    const { id, choices, usage }: Completion = JSON.parse(await (await answer).text())
    assert.match(id, /^id[012]$/)
    assert.deepEqual(
      choices.map(({ index, message, finish_reason }) => [index, message?.content, finish_reason]),
      [
        [0, 'choice 0', 'stop'],
        [1, 'choice 1', 'length'],
        [2, 'choice 2', 'stop'],
      ],
    )
    assert.partialDeepStrictEqual(usage, {
      prompt_tokens: 10,
      completion_tokens: 306,
      total_tokens: 316,
      prompt_tokens_details: { cached_tokens: 4 },
      completion_tokens_details: { reasoning_tokens: 300 },
    })
  })

  it('keep their places, in whatever order they come', async () => {
    const answer = post({ n: 3 })
    const asked = await calls(3)
    for (const at of [2, 0, 1]) {
      asked[at]?.reply(says({ text: `choice ${at}` }, 'STOP', prompt))
      await settle()
    }
    const { choices }: Completion = JSON.parse(await (await answer).text())
    assert.deepEqual(
      choices.map(({ index }) => index),
      [0, 1, 2],
    )
  })

  it('come interleaved in a stream, under one id, each with its role and its end', async () => {
    const client = await connectRaw(gateway.url)
    const wish = { n: 2, stream: true, stream_options: { include_usage: true } }
    const body = { model, messages: [{ role: 'user', content: 'Hi' }], ...wish }
    client.send(toHttp('POST /v1/chat/completions', JSON.stringify(body)))
    const [first, second] = await calls(2)
    assert.ok(first && second)
    assert.match(first.url, /:streamGenerateContent\?alt=sse$/)
    for (const one of [first, second]) one.begin()
    second.events(says({ text: 'b1' }, undefined, { ...prompt, candidatesTokenCount: 1 }, 'B'))
    await client.until('"b1"')
    first.events(says({ text: 'a1' }, undefined, { ...prompt, candidatesTokenCount: 1 }, 'A'))
    await client.until('"a1"')
    second.events(says({ text: 'b2' }, 'STOP', { ...prompt, candidatesTokenCount: 2 }, 'B'))
    second.end()
    await client.until('"b2"')
    first.events(says({ text: 'a2' }, 'MAX_TOKENS', { ...prompt, candidatesTokenCount: 3 }, 'A'))
    first.end()
    const events = eventsIn(await client.closed())
    assert.equal(events.at(-1), '[DONE]')
    const chunks = events.slice(0, -1).map((event): Completion => JSON.parse(event))
    const said = chunks.flatMap(({ choices }) =>
      choices.flatMap(({ index, delta }) => (delta?.content ? [[index, delta.content]] : [])),
    )
    // Which call is which choice is the gateway's affair; that they alternate is not.
    const [[b]] = said as [[number, string]]
    assert.deepEqual(said, [
      [b, 'b1'],
      [1 - b, 'a1'],
      [b, 'b2'],
      [1 - b, 'a2'],
    ])
    assert.equal(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size, 1)
    const each = (index: number) =>
      chunks.flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
    for (const [index, reason] of [
      [b, 'stop'],
      [1 - b, 'length'],
    ] as const) {
      assert.equal(each(index).filter(({ delta }) => delta?.role).length, 1)
      assert.deepEqual(
        each(index).flatMap(({ finish_reason }) => finish_reason ?? []),
        [reason],
      )
      assert.equal(each(index).at(-1)?.finish_reason, reason)
    }
    const counted = chunks.filter(({ usage }) => usage)
    assert.deepEqual(counted, [chunks.at(-1)])
    assert.deepEqual(counted[0]?.choices, [])
    assert.partialDeepStrictEqual(counted[0].usage, {
      prompt_tokens: 10,
      completion_tokens: 5,
      total_tokens: 15,
    })
  })

  for (const stream of [false, true]) {
    it(`never have one id for two calls, ${stream ? 'streamed' : 'whole'}`, async () => {
      const answer = post({ n: 2, stream })
      const call = { functionCall: { name: 'f', args: {}, id: 'same' } }
      for (const one of await calls(2)) one.reply(says(call, 'STOP', prompt, 'same'))
      const text = await (await answer).text()
      const ids = [...text.matchAll(/"id":"(call_\w+)"/g)].map(([, id]) => id)
      assert.equal(ids.length, 2)
      assert.equal(new Set(ids).size, 2)
    })
  }

  it('that break off in one place are no answer', async () => {
    const answer = post({ n: 2, stream: true })
    const [first, second] = await calls(2)
    assert.ok(first && second)
    first.reply(says({ text: 'whole' }, 'STOP', prompt))
    second.reply(says({ text: 'half' }, undefined, prompt))
    const events = eventsIn(await (await answer).text())
    assert.match(events.at(-1) ?? '', /"code":"stream_interrupted"/)
  })

  for (const stream of [false, true]) {
    it(`are all asked for again where none of them says anything, ${stream ? 'streamed' : 'whole'}`, async () => {
      const answer = post({ n: 2, stream, stream_options: { include_usage: true } })
      const counts = { ...prompt, candidatesTokenCount: 1 }
      for (const text of ['', 'now'])
        for (const one of await calls(2)) one.reply(says({ text }, 'STOP', counts))
      const response = await answer
      const all = await response.text()
      assert.equal(response.status, 200)
      assert.equal(all.match(/"content":"now"/g)?.length, 2)
      assert.equal(all.match(/"finish_reason":"stop"/g)?.length, 2)
      assert.match(all, /"prompt_tokens":10,"completion_tokens":2,"total_tokens":12/)
      assert.equal(response.headers.get('x-pollux-attempts'), '2')
    })
  }
})

describe('several choices of a model that gives them', () => {
  eachAnew()

  it('are asked for at once', async () => {
    for (const stream of [false, true]) {
      const answer = post({ n: 3, stream, model: 'gemini-2.5-flash' })
      const one = await google.next()
      assert.deepEqual(one.body, {
        contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
        generationConfig: { candidateCount: 3 },
      })
      const candidates = [2, 0, 1].map((index) => ({
        index,
        content: { role: 'model', parts: [{ text: `choice ${index}` }] },
        finishReason: 'STOP',
      }))
      if (stream) one.reply(...candidates.map((candidate) => ({ candidates: [candidate] })))
      else one.reply({ candidates })
      const text = await (await answer).text()
      for (const index of [0, 1, 2]) assert.ok(text.includes(`choice ${index}`))
      assert.equal(text.match(/"finish_reason":"stop"/g)?.length, 3)
    }
  })

  it('are asked for one by one where Google has changed its mind', async () => {
    const refusals = [
      'Multiple candidates is not enabled for this model',
      'Only one candidate can be specified in the current model',
      'Unable to submit request because candidateCount must be 1 but the entered value was 3. Update the candidateCount value and try again.',
    ]
    for (const message of refusals) {
      for (const stream of [false, true]) {
        const answer = post({ n: 3, stream, model: 'gemini-2.5-flash' })
        const refused = await google.next()
        refused.refuse(400, message)
        for (let at = 0; at < 3; at += 1) {
          const one = await google.next()
          assert.deepEqual(one.body, {
            contents: [{ role: 'user', parts: [{ text: 'Hi' }] }],
            generationConfig: {},
          })
          const event = says({ text: `choice ${at}` }, 'STOP', {
            ...prompt,
            candidatesTokenCount: 1,
          })
          one.reply(event)
        }
        const response = await answer
        const text = await response.text()
        assert.equal(response.status, 200)
        assert.equal(text.match(/"finish_reason":"stop"/g)?.length, 3)
        assert.match(
          response.headers.get('x-pollux-repaired') ?? '',
          /^choices_asked_for_one_by_one/,
        )
      }
    }
  })
})

// Of the kind that another try would not mend.
function deny(asked: Asked | undefined): void {
  asked?.refuse(403, 'You may not do that.')
}

describe('one failure among several calls', () => {
  eachAnew()

  const overloaded = googleError(503, 'UNAVAILABLE', 'The model is overloaded.')

  for (const stream of [false, true]) {
    it(`fails the request at once and cancels the others, ${stream ? 'streamed' : 'whole'}`, async () => {
      for (const failing of [0, 2]) {
        const controller = new AbortController()
        const answer = post({ n: 3, stream }, controller.signal)
        const asked = await calls(3)
        deny(asked[failing])
        try {
          const response = await within(1_000, answer, 'the failure did not reach the client')
          assert.equal(response.status, 403)
          assert.match(await response.text(), /You may not do that/)
          await allLeft(asked.filter((_, at) => at !== failing))
        } finally {
          controller.abort()
        }
      }
    })
  }

  it('cancels those that have begun to answer', async () => {
    const controller = new AbortController()
    const answer = post({ n: 2, stream: true }, controller.signal)
    const [first, second] = await calls(2)
    assert.ok(first && second)
    first.begin()
    first.events(says({ text: 'a' }, undefined, prompt))
    await settle()
    deny(second)
    try {
      const response = await within(1_000, answer, 'the failure did not reach the client')
      assert.equal(response.status, 403)
      await allLeft([first])
    } finally {
      controller.abort()
    }
  })

  it('ends the stream at once and cancels the others, although they are silent', async () => {
    const controller = new AbortController()
    const answer = post({ n: 2, stream: true }, controller.signal)
    const [first, second] = await calls(2)
    assert.ok(first && second)
    for (const one of [first, second]) {
      one.begin()
      one.events(says({ text: 'a' }, undefined, prompt))
    }
    const response = await answer
    await settle()
    second.events(overloaded)
    second.end()
    try {
      const text = await within(1_000, response.text(), 'the failure did not reach the client')
      assert.match(eventsIn(text).at(-1) ?? '', /The model is overloaded/)
      await allLeft([first])
    } finally {
      controller.abort()
    }
  })
})

describe('a client that leaves several calls', () => {
  eachAnew()

  for (const stream of [false, true]) {
    it(`leaves all of them, ${stream ? 'streamed' : 'whole'}`, async () => {
      const client = await connectRaw(gateway.url)
      const body = { model, messages: [{ role: 'user', content: 'Hi' }], n: 3, stream }
      client.send(toHttp('POST /v1/chat/completions', JSON.stringify(body)))
      const asked = await calls(3)
      if (stream) {
        for (const one of asked) {
          one.begin()
          one.events(says({ text: 'a' }, undefined, prompt))
        }
        await client.until('data: ')
      }
      client.leave()
      await allLeft(asked)
    })
  }
})
