import { createOpenAI } from '@ai-sdk/openai'
import { generateText } from 'ai'

const openai = createOpenAI({
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
})

const { text } = await generateText({
  // `openai('…')` alone would speak the Responses API.
  model: openai.chat('gemini-2.5-flash'),
  prompt: 'Say ahoy',
})
console.log(text)
