import assert from 'node:assert/strict'
import {
  Agent,
  type AgentInputItem,
  run,
  RunToolCallItem,
  setOpenAIAPI,
  setTracingDisabled,
  tool,
} from '@openai/agents'
import { NotFoundError, RateLimitError } from 'openai'
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

setOpenAIAPI('chat_completions')
setTracingDisabled(true)

const plain = new Agent({ name: 'Harbour master', model })
const armed = new Agent({
  name: 'Pilot',
  model: signingModel,
  tools: [
    tool({ ...getTide, execute: getTide.run }),
    tool({ ...getWeather, execute: getWeather.run }),
    tool({ ...bookBerth, execute: bookBerth.run }),
  ],
})

await tell('text', async () => {
  const { finalOutput, rawResponses } = await run(plain, 'Say ahoy')
  assert.equal(finalOutput, 'ahoy')
  assert.ok(rawResponses[0]?.usage.inputTokens)
})

await tell('stream', async () => {
  const prompt = 'Explain the tides of the Baltic Sea'
  const streamed = await run(plain, prompt, { stream: true })
  const pieces = await Array.fromAsync(streamed.toTextStream())
  assert.ok(pieces.length > 3)
  assert.equal(pieces.join(''), (await run(plain, prompt)).finalOutput)
  assert.ok(streamed.rawResponses[0]?.usage.outputTokens)
})

await tell('tools', async () => {
  const whole = await run(armed, task)
  tellsTheStory(whole.finalOutput ?? '')
  assert.equal(whole.rawResponses.length, 4)

  const streamed = await run(armed, task, { stream: true })
  await streamed.completed
  tellsTheStory(streamed.finalOutput ?? '')
  assert.equal(streamed.rawResponses.length, 4)
})

await tell('parallel tools', async () => {
  const whole = await run(armed, task)
  asksForBothTides(callsOf(whole.newItems).slice(0, 2))

  const streamed = await run(armed, task, { stream: true })
  await streamed.completed
  asksForBothTides(callsOf(streamed.newItems).slice(0, 2))
})

function callsOf(items: unknown[]) {
  return items
    .filter((item) => item instanceof RunToolCallItem)
    .map(({ rawItem }) => {
      assert.equal(rawItem.type, 'function_call')
      return { id: rawItem.callId, name: rawItem.name, input: JSON.parse(rawItem.arguments) }
    })
}

await tell('structured output', async () => {
  const planner = new Agent({ name: 'Planner', model, outputType: voyage })
  const expected = { ship: 'Seagull', from: 'Kiel', to: 'Rostock' }
  assert.deepEqual((await run(planner, voyagePrompt)).finalOutput, expected)

  const streamed = await run(planner, voyagePrompt, { stream: true })
  await streamed.completed
  assert.deepEqual(streamed.finalOutput, expected)
})

await tell('reasoning', async () => {
  const thinker = new Agent({
    name: 'Thinker',
    model,
    modelSettings: {
      providerData: { extra_body: { google: { thinking_config: { include_thoughts: true } } } },
    },
  })
  // It makes nothing of them, but hands over what came.
  const streamed = await run(thinker, 'Say ahoy', { stream: true })
  let thoughts = ''
  for await (const event of streamed) {
    if (event.type === 'raw_model_stream_event' && event.data.type === 'model') {
      thoughts += event.data.event.choices[0]?.delta.reasoning_content ?? ''
    }
  }
  assert.match(thoughts, /Reading the request/)
  assert.equal(streamed.finalOutput, 'ahoy')
})

await tell('vision', async () => {
  const image = `data:image/png;base64,${picture}`
  assert.match(await shown({ type: 'input_image', image }), /I see an image \(image\/png\)/)
})

await tell('audio', async () => {
  assert.match(
    await shown({ type: 'audio', audio: recording, format: 'wav' }),
    /I hear a recording \(audio\/wav\)/,
  )
})

type Shown =
  | { type: 'input_image'; image: string }
  | { type: 'audio'; audio: string; format: string }

async function shown(part: Shown): Promise<string> {
  const question: AgentInputItem = {
    role: 'user',
    content: [{ type: 'input_text', text: 'What is this?' }, part],
  }
  return (await run(plain, [question])).finalOutput ?? ''
}

await tell('errors', async () => {
  const lost = new Agent({ name: 'Castaway', model: 'no-such-model' })
  await assert.rejects(
    run(lost, 'Ahoy'),
    (error) => error instanceof NotFoundError && /'no-such-model' does not/.test(error.message),
  )
  await assert.rejects(run(plain, 'Ahoy [[error:429]]'), RateLimitError)
  const broken = await run(plain, breakingOff, { stream: true })
  await assert.rejects(broken.completed, /overloaded/)
})

await tell('cancel', async () => {
  const leaving = new AbortController()
  const streamed = await run(plain, slowly, { stream: true, signal: leaving.signal })
  let pieces = 0
  for await (const _ of streamed.toTextStream()) {
    pieces += 1
    leaving.abort()
  }
  assert.equal(pieces, 1)
  assert.ok(streamed.cancelled)
})
