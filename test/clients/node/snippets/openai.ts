import OpenAI from 'openai'

// It reads OPENAI_BASE_URL and OPENAI_API_KEY; or give it baseURL and apiKey.
const client = new OpenAI()

const request = {
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user' as const, content: 'Say ahoy' }],
  // Leave it out where you want no thoughts.
  extra_body: { google: { thinking_config: { include_thoughts: true } } },
}
const { choices } = await client.chat.completions.create(request)
const message = choices[0]?.message as { content: string; reasoning_content?: string }
console.log(message.reasoning_content, message.content)
