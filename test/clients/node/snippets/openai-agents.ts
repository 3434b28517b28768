import { Agent, run, setOpenAIAPI, setTracingDisabled } from '@openai/agents'

// It would speak the Responses API, and send traces to OpenAI.
setOpenAIAPI('chat_completions')
setTracingDisabled(true)

const agent = new Agent({ name: 'Pilot', model: 'gemini-3-flash-preview' })
const { finalOutput } = await run(agent, 'Say ahoy')
console.log(finalOutput)
