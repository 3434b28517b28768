import Instructor from '@instructor-ai/instructor'
import OpenAI from 'openai'
import { z } from 'zod/v3'

// OpenAI's client reads OPENAI_BASE_URL and OPENAI_API_KEY.
const client = Instructor({ client: new OpenAI(), mode: 'TOOLS' })

const voyage = await client.chat.completions.create({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Plan a voyage of the Seagull from Kiel to Rostock.' }],
  response_model: {
    name: 'voyage',
    schema: z.object({ ship: z.string(), from: z.string(), to: z.string() }),
  },
})
console.log(voyage)
