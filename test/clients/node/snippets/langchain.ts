import { ChatOpenAI } from '@langchain/openai'

// The key it finds in OPENAI_API_KEY.
const model = new ChatOpenAI({
  model: 'gemini-2.5-flash',
  configuration: { baseURL: process.env.OPENAI_BASE_URL },
})

const answer = await model.invoke('Say ahoy')
console.log(answer.text)
