import assert from 'node:assert/strict'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, streamText } from 'ai'
import { tellOfAiSdk } from './ai-sdk.ts'
import { model, tell } from './story.ts'

const pollux = createOpenAICompatible({
  name: 'pollux',
  baseURL: process.env.OPENAI_BASE_URL ?? '',
  apiKey: process.env.OPENAI_API_KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
})

await tellOfAiSdk((id) => pollux(id))

await tell('reasoning', async () => {
  const question = {
    model: pollux(model),
    prompt: 'Say ahoy',
    providerOptions: { pollux: { google: { thinking_config: { include_thoughts: true } } } },
  }
  const whole = await generateText(question)
  assert.match(whole.reasoningText ?? '', /Reading the request/)
  assert.equal(whole.text, 'ahoy')

  const streamed = streamText(question)
  assert.equal(await streamed.text, 'ahoy')
  assert.equal((await streamed.reasoningText)?.trim(), whole.reasoningText?.trim())
})
