import OpenAI from 'openai'

// It reads OPENAI_BASE_URL and OPENAI_API_KEY; or give it baseURL and apiKey.
const client = new OpenAI()

const { choices } = await client.chat.completions.create({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Say ahoy' }],
})
console.log(choices[0]?.message.content)
