import assert from 'node:assert/strict'
import { OpenAI } from '@llamaindex/openai'
import { agent, agentToolCallEvent } from '@llamaindex/workflow'
import { extractText, type MessageContentDetail, tool } from 'llamaindex'
import {
  asksForBothTides,
  bookBerth,
  breakingOff,
  type Call,
  cannot,
  getTide,
  getWeather,
  model,
  picture,
  recording,
  signingModel,
  task,
  tell,
  tellsTheStory,
  voyage,
  voyagePrompt,
} from './story.ts'

function chat(name: string, more: object = {}): OpenAI {
  return new OpenAI({ model: name, maxRetries: 0, ...more })
}

const plain = chat(model)
const tools = [
  tool({ ...getTide, execute: getTide.run }),
  tool({ ...getWeather, execute: getWeather.run }),
  tool({ ...bookBerth, execute: bookBerth.run }),
]

await tell('text', async () => {
  const { message } = await plain.chat({ messages: [{ role: 'user', content: 'Say ahoy' }] })
  assert.equal(message.content, 'ahoy')
})

await tell('stream', async () => {
  const messages = [{ role: 'user' as const, content: 'Explain the tides of the Baltic Sea' }]
  const stream = await plain.chat({ messages, stream: true })
  const pieces = (await Array.fromAsync(stream)).map(({ delta }) => delta)
  assert.ok(pieces.length > 3)
  assert.equal(pieces.join(''), (await plain.chat({ messages })).message.content)
})

await tell('tools', async () => {
  const pilot = agent({ llm: chat(signingModel), tools })
  const { data } = await pilot.run(task)
  tellsTheStory(extractText(data.message.content))
})

await tell('parallel tools', async () => {
  const pilot = agent({ llm: chat(signingModel), tools })
  const calls: Call[] = []
  for await (const event of pilot.runStream(task)) {
    if (agentToolCallEvent.include(event)) {
      const { toolId, toolName, toolKwargs } = event.data
      calls.push({ id: toolId, name: toolName, input: toolKwargs })
    }
  }
  asksForBothTides(calls.slice(0, 2))
})

await tell('structured output', async () => {
  const expected = { ship: 'Seagull', from: 'Kiel', to: 'Rostock' }
  const { message } = await plain.chat({
    messages: [{ role: 'user', content: voyagePrompt }],
    responseFormat: voyage,
  })
  assert.deepEqual(JSON.parse(extractText(message.content)), expected)

  const { object } = await plain.exec({
    messages: [{ role: 'user', content: `Format the output: ${voyagePrompt}` }],
    responseFormat: voyage,
  })
  assert.deepEqual(object, expected)
})

await tell('reasoning', async () => {
  const thinking = chat(model, {
    additionalChatOptions: {
      extra_body: { google: { thinking_config: { include_thoughts: true } } },
    },
  })
  const messages = [{ role: 'user' as const, content: 'Say ahoy' }]
  // It makes nothing of them, but hands over what came.
  const { message, raw } = await thinking.chat({ messages })
  assert.match(JSON.stringify(raw), /"reasoning_content":"[^"]*Reading the request/)
  assert.equal(message.content, 'ahoy')

  const chunks = await Array.fromAsync(await thinking.chat({ messages, stream: true }))
  assert.equal(chunks.map(({ delta }) => delta).join(''), 'ahoy')
})

await tell('vision', async () => {
  const url = `data:image/png;base64,${picture}`
  assert.match(await shown({ type: 'image_url', image_url: { url } }), /an image \(image\/png\)/)
  assert.match(
    await shown({ type: 'image', data: picture, mimeType: 'image/png' }),
    /an image \(image\/png\)/,
  )
})

async function shown(part: MessageContentDetail): Promise<string> {
  const content: MessageContentDetail[] = [{ type: 'text', text: 'What is this?' }, part]
  const { message } = await plain.chat({ messages: [{ role: 'user', content }] })
  return extractText(message.content)
}

const sound: MessageContentDetail = { type: 'audio', data: recording, mimeType: 'audio/wav' }
await assert.rejects(shown(sound), /Audio and video are not supported/)
cannot('audio', 'it says "Audio and video are not supported"')

await tell('errors', async () => {
  await assert.rejects(
    chat('no-such-model').chat({ messages: [{ role: 'user', content: 'Ahoy' }] }),
    { status: 404, code: 'model_not_found', message: /'no-such-model' does not exist/ },
  )
  await assert.rejects(
    plain.chat({ messages: [{ role: 'user', content: 'Ahoy [[error:503]]' }] }),
    { status: 503, message: /overloaded/ },
  )
  const stream = await plain.chat({
    messages: [{ role: 'user', content: breakingOff }],
    stream: true,
  })
  await assert.rejects(Array.fromAsync(stream), /overloaded/)
})

cannot('cancel', 'it takes no signal, and reads on when nobody listens any more')
