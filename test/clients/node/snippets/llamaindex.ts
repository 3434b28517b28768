import { OpenAI } from '@llamaindex/openai'

// It reads OPENAI_BASE_URL and OPENAI_API_KEY.
const llm = new OpenAI({ model: 'gemini-2.5-flash' })

const { message } = await llm.chat({ messages: [{ role: 'user', content: 'Say ahoy' }] })
console.log(message.content)
