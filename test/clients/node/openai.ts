import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod'
import {
  asksForBothTides,
  bookBerth,
  breakingOff,
  type Call,
  getTide,
  getWeather,
  model,
  picture,
  recording,
  signingModel,
  slowly,
  task,
  tell,
  tellsTheStory,
  voyage,
  voyagePrompt,
} from './story.ts'

const client = new OpenAI()
const { completions } = client.chat
const thoughts = { google: { thinking_config: { include_thoughts: true } } }
const tools = [tool(getTide), tool(getWeather), tool(bookBerth)]

await tell('text', async () => {
  const { choices, usage } = await completions.create({ model, messages: user('Say ahoy') })
  assert.equal(choices[0]?.message.content, 'ahoy')
  assert.equal(choices[0].finish_reason, 'stop')
  assert.equal(usage?.total_tokens, usage!.prompt_tokens + usage!.completion_tokens)
})

await tell('stream', async () => {
  const messages = user('Explain the tides of the Baltic Sea')
  const stream_options = { include_usage: true }
  const stream = await completions.create({ model, messages, stream: true, stream_options })
  const chunks = await Array.fromAsync(stream)
  const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  const whole = await completions.create({ model, messages })
  assert.ok(chunks.length > 3)
  assert.equal(text, whole.choices[0]?.message.content)
  assert.ok(chunks.at(-1)?.usage?.completion_tokens)
})

await tell('stream helper', async () => {
  const said: string[] = []
  const stream = completions.stream({ model, messages: user('Say ahoy') })
  stream.on('content', (delta) => void said.push(delta))
  const { choices } = await stream.finalChatCompletion()
  assert.equal(said.join(''), 'ahoy')
  assert.equal(choices[0]?.message.content, 'ahoy')

  const calling = completions.stream({ model: signingModel, messages: user(task), tools })
  const message = await calling.finalMessage()
  asksForBothTides(callsOf(message))
})

await tell('tools', async () => {
  const runner = completions.runTools({ model: signingModel, messages: user(task), tools })
  tellsTheStory((await runner.finalContent()) ?? '')
  assert.equal(runner.allChatCompletions().length, 4)

  const streamed = completions.runTools({
    model: signingModel,
    messages: user(task),
    tools,
    stream: true,
  })
  tellsTheStory((await streamed.finalContent()) ?? '')
  assert.equal(streamed.allChatCompletions().length, 4)
})

await tell('parallel tools', async () => {
  const runner = completions.runTools({ model: signingModel, messages: user(task), tools })
  const results: unknown[] = []
  runner.on('functionToolCallResult', (result) => void results.push(result))
  await runner.done()
  asksForBothTides(callsOf(runner.allChatCompletions()[0]?.choices[0]?.message))
  assert.ok(results.length >= 4)
})

await tell('structured output', async () => {
  const { choices } = await completions.parse({
    model,
    messages: user(voyagePrompt),
    response_format: zodResponseFormat(voyage, 'voyage'),
  })
  assert.deepEqual(choices[0]?.message.parsed, { ship: 'Seagull', from: 'Kiel', to: 'Rostock' })
})

await tell('reasoning', async () => {
  const messages = user('How many ports has the Baltic Sea?')
  // The types know nothing of Google's field; the body is sent as it is.
  const asking = { model, messages, extra_body: thoughts }
  const { choices } = await completions.create(asking)
  const message = choices[0]?.message as { content: string; reasoning_content?: string }
  assert.ok(message.reasoning_content)
  assert.ok(!message.content.includes(message.reasoning_content))

  const stream = completions.stream(asking)
  const deltas: string[] = []
  for await (const chunk of stream) {
    const delta = chunk.choices[0]?.delta as { reasoning_content?: string } | undefined
    deltas.push(delta?.reasoning_content ?? '')
  }
  assert.ok(deltas.join(''))
})

await tell('vision', async () => {
  const url = `data:image/png;base64,${picture}`
  const said = await shown({ type: 'image_url', image_url: { url } })
  assert.match(said, /I see an image \(image\/png\)/)
})

await tell('audio', async () => {
  const said = await shown({
    type: 'input_audio',
    input_audio: { data: recording, format: 'wav' },
  })
  assert.match(said, /I hear a recording \(audio\/wav\)/)
})

await tell('logprobs', async () => {
  const { choices } = await completions.create({
    // Later models have them on Vertex AI only.
    model: 'gemini-2.0-flash',
    messages: user('Say ahoy'),
    logprobs: true,
    top_logprobs: 2,
  })
  const tokens = choices[0]?.logprobs?.content ?? []
  assert.equal(tokens.map(({ token }) => token).join(''), 'ahoy')
  assert.ok(tokens.every(({ logprob, top_logprobs }) => logprob <= 0 && top_logprobs.length === 2))
})

await tell('choices', async () => {
  const { choices } = await completions.create({ model, messages: user('Name a port'), n: 2 })
  assert.deepEqual(
    choices.map(({ index }) => index),
    [0, 1],
  )
  assert.ok(choices.every(({ message }) => message.content))
})

await tell('errors', async () => {
  const impatient = client.withOptions({ maxRetries: 0 }).chat.completions
  const raises = (asking: object, kind: Function, words: RegExp) =>
    assert.rejects(
      impatient.create({ model, messages: user('Ahoy'), ...asking }),
      (error: InstanceType<typeof OpenAI.APIError>) =>
        error instanceof kind && words.test(error.message) && Boolean(error.requestID),
    )
  await raises({ temperature: 7 }, OpenAI.BadRequestError, /temperature/)
  await raises({ model: 'no-such-model' }, OpenAI.NotFoundError, /'no-such-model' does not exist/)
  await raises({ messages: user('[[error:403]]') }, OpenAI.PermissionDeniedError, /403/)
  await raises({ messages: user('[[error:429]]') }, OpenAI.RateLimitError, /429/)
  await raises({ messages: user('[[error:503]]') }, OpenAI.InternalServerError, /overloaded/)

  const broken = await completions.create({ model, messages: user(breakingOff), stream: true })
  await assert.rejects(
    Array.fromAsync(broken),
    (error) => error instanceof OpenAI.APIError && /overloaded/.test(error.message),
  )
})

await tell('retries', async () => {
  const messages = user('Say ahoy [[fault:status=503;retry-info=1;times=2]]')
  const started = performance.now()
  const { choices } = await completions.create({ model, messages })
  assert.equal(choices[0]?.message.content, 'ahoy')
  // Its own idea would be half a second, then one.
  assert.ok(performance.now() - started > 2000)
})

await tell('timeout', async () => {
  const messages = user('Ahoy [[fault:delay=5000]]')
  await assert.rejects(
    completions.create({ model, messages }, { timeout: 500, maxRetries: 0 }),
    OpenAI.APIConnectionTimeoutError,
  )
})

await tell('cancel', async () => {
  const stream = await completions.create({ model, messages: user(slowly), stream: true })
  let chunks = 0
  for await (const _ of stream) {
    chunks += 1
    if (chunks === 2) stream.controller.abort()
  }
  assert.equal(chunks, 2)

  const leaving = new AbortController()
  const whole = completions.create(
    { model, messages: user('Ahoy [[fault:delay=5000]]') },
    { signal: leaving.signal },
  )
  setTimeout(() => leaving.abort(), 300)
  await assert.rejects(whole, OpenAI.APIUserAbortError)
})

function user(content: string) {
  return [{ role: 'user' as const, content }]
}

function tool({
  name,
  description,
  parameters,
  run,
}: typeof getTide | typeof getWeather | typeof bookBerth) {
  return zodFunction({ name, description, parameters, function: run as (args: unknown) => object })
}

function callsOf(message: OpenAI.ChatCompletionMessage | undefined): Call[] {
  return (message?.tool_calls ?? []).flatMap((call) =>
    call.type === 'function'
      ? [{ id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) }]
      : [],
  )
}

async function shown(part: OpenAI.ChatCompletionContentPart): Promise<string> {
  const question = { type: 'text' as const, text: 'What is this?' }
  const messages = [{ role: 'user' as const, content: [part, question] }]
  const { choices } = await completions.create({ model, messages })
  return choices[0]?.message.content ?? ''
}
