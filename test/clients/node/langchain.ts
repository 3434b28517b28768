import assert from 'node:assert/strict'
import { AIMessage, AIMessageChunk, HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI } from '@langchain/openai'
import { createAgent, providerStrategy, tool, toolStrategy } from 'langchain'
import { NotFoundError } from 'openai'
import {
  asksForBothTides,
  bookBerth,
  breakingOff,
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

function chat(name: string, more: object = {}): ChatOpenAI {
  return new ChatOpenAI({
    model: name,
    maxRetries: 0,
    configuration: { baseURL: process.env.OPENAI_BASE_URL },
    ...more,
  })
}

const plain = chat(model)
const tools = [
  tool(async (asked) => getTide.run(asked), { ...getTide, schema: getTide.parameters }),
  tool(async (asked) => getWeather.run(asked), { ...getWeather, schema: getWeather.parameters }),
  tool(async (asked) => bookBerth.run(asked), { ...bookBerth, schema: bookBerth.parameters }),
]

await tell('text', async () => {
  const answer = await plain.invoke('Say ahoy')
  assert.equal(answer.text, 'ahoy')
  assert.equal(answer.response_metadata.finish_reason, 'stop')
  assert.ok(answer.usage_metadata?.input_tokens)
})

await tell('stream', async () => {
  const prompt = 'Explain the tides of the Baltic Sea'
  const chunks = await Array.fromAsync(await plain.stream(prompt))
  const whole = chunks.reduce((all, chunk) => all.concat(chunk))
  assert.ok(chunks.length > 3)
  assert.equal(whole.text, (await plain.invoke(prompt)).text)
  assert.ok(whole.usage_metadata?.output_tokens)
})

await tell('tools', async () => {
  const agent = createAgent({ model: chat(signingModel), tools })
  const question = { messages: [new HumanMessage(task)] }
  const { messages } = await agent.invoke(question)
  tellsTheStory(messages.at(-1)?.text ?? '')
  assert.equal(messages.filter((message) => AIMessage.isInstance(message)).length, 4)

  const streamed = await agent.stream(question, { streamMode: 'messages' })
  const chunks = (await Array.fromAsync(streamed)).map(([chunk]) => chunk)
  const said = chunks.filter((chunk) => AIMessageChunk.isInstance(chunk))
  assert.ok(said.length > 8)
  tellsTheStory(said.map(({ text }) => text).join(''))
})

await tell('parallel tools', async () => {
  const armed = chat(signingModel).bindTools(tools)
  asksForBothTides((await armed.invoke(task)).tool_calls?.map(asCall) ?? [])

  const chunks = await Array.fromAsync(await armed.stream(task))
  const whole = chunks.reduce((all, chunk) => all.concat(chunk))
  asksForBothTides(whole.tool_calls?.map(asCall) ?? [])
})

await tell('structured output', async () => {
  const expected = { ship: 'Seagull', from: 'Kiel', to: 'Rostock' }
  for (const method of ['jsonSchema', 'functionCalling'] as const) {
    const planner = plain.withStructuredOutput(voyage, { name: 'voyage', method })
    assert.deepEqual(await planner.invoke(voyagePrompt), expected)
  }
  const agent = { model: chat(signingModel), tools }
  const question = { messages: [new HumanMessage(`Extract it: ${voyagePrompt}`)] }
  const byTool = createAgent({ ...agent, responseFormat: toolStrategy(voyage) })
  assert.deepEqual((await byTool.invoke(question)).structuredResponse, expected)
  const byFormat = createAgent({ ...agent, responseFormat: providerStrategy(voyage) })
  assert.deepEqual((await byFormat.invoke(question)).structuredResponse, expected)
})

await tell('reasoning', async () => {
  const thinking = chat(model, {
    modelKwargs: { extra_body: { google: { thinking_config: { include_thoughts: true } } } },
  })
  const answer = await thinking.invoke('Say ahoy')
  const thoughts = answer.additional_kwargs.reasoning_content
  assert.ok(typeof thoughts === 'string')
  assert.match(thoughts, /Reading the request/)
  assert.equal(answer.text, 'ahoy')

  const chunks = await Array.fromAsync(await thinking.stream('Say ahoy'))
  const whole = chunks.reduce((all, chunk) => all.concat(chunk))
  assert.equal(whole.additional_kwargs.reasoning_content, thoughts)
  assert.equal(whole.text, 'ahoy')
})

await tell('vision', async () => {
  const url = `data:image/png;base64,${picture}`
  assert.match(await shown({ type: 'image_url', image_url: { url } }), /an image \(image\/png\)/)
  assert.match(
    await shown({ type: 'image', source_type: 'base64', mime_type: 'image/png', data: picture }),
    /an image \(image\/png\)/,
  )
})

await tell('audio', async () => {
  assert.match(
    await shown({ type: 'audio', source_type: 'base64', mime_type: 'audio/wav', data: recording }),
    /a recording \(audio\/wav\)/,
  )
})

async function shown(block: Record<string, unknown> & { type: string }): Promise<string> {
  const question = { type: 'text', text: 'What is this?' }
  return (await plain.invoke([new HumanMessage({ content: [question, block] })])).text
}

await tell('errors', async () => {
  await assert.rejects(
    chat('no-such-model').invoke('Ahoy'),
    (error) =>
      error instanceof NotFoundError &&
      'lc_error_code' in error &&
      error.lc_error_code === 'MODEL_NOT_FOUND' &&
      /'no-such-model' does not exist/.test(error.message),
  )
  await assert.rejects(plain.invoke('Ahoy [[error:429]]'), { lc_error_code: 'MODEL_RATE_LIMIT' })
  await assert.rejects(async () => Array.fromAsync(await plain.stream(breakingOff)), /overloaded/)
})

await tell('cancel', async () => {
  const leaving = new AbortController()
  let chunks = 0
  await assert.rejects(async () => {
    for await (const _ of await plain.stream(slowly, { signal: leaving.signal })) {
      chunks += 1
      leaving.abort()
    }
  }, /Abort/)
  assert.equal(chunks, 1)
})

function asCall({ id = '', name, args }: { id?: string; name: string; args: unknown }) {
  return { id, name, input: args }
}
