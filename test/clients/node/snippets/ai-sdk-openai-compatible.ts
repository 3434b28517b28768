import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText } from 'ai'

const pollux = createOpenAICompatible({
  name: 'pollux',
  baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:8080/v1',
  apiKey: process.env.OPENAI_API_KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
})

const { text, reasoningText } = await generateText({
  model: pollux('gemini-2.5-flash'),
  prompt: 'Say ahoy',
  // Under the name that you gave; leave it out where you want no thoughts.
  providerOptions: { pollux: { google: { thinking_config: { include_thoughts: true } } } },
})
console.log(reasoningText, text)
