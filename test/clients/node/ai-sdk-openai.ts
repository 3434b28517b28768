import { createOpenAI } from '@ai-sdk/openai'
import { tellOfAiSdk } from './ai-sdk.ts'
import { cannot } from './story.ts'

const openai = createOpenAI({
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
})

// `openai('…')` alone would speak the Responses API.
await tellOfAiSdk((id) => openai.chat(id))

cannot('reasoning', 'it reads no thoughts from Chat Completions')
