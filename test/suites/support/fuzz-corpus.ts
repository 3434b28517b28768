import { startMetadataServer } from '../../../src/emulator/metadata.ts'
import { startEmulator } from '../../../src/emulator/server.ts'
import { startGatewayProcess } from './process.ts'

/** A question of a client's, and how Google answers it when nothing goes wrong. */
export interface Sample {
  kind: string
  /** OpenAI's request; `model` with the prefix of its API. */
  question: { model: string; stream: boolean; [field: string]: unknown }
  status: number
  headers: Record<string, string>
  /** The JSON of each event; of a whole answer there is one. */
  events: string[]
}

/** Every kind of answer that the translation has a rule for, whole and streamed. */
export async function collectSamples(): Promise<Sample[]> {
  const emulator = await startEmulator()
  const metadata = await startMetadataServer()
  const gateway = await startGatewayProcess(emulator.url, {
    GOOGLE_CLOUD_PROJECT: 'a-project',
    GOOGLE_VERTEX_BASE_URL: emulator.url,
    GCE_METADATA_HOST: metadata.host,
    POLLUX_RETRIES: '0',
  })
  const samples: Sample[] = []
  try {
    for (const [kind, { model = 'gemini/gemini-2.5-flash', says, ...rest }] of Object.entries(
      kinds,
    )) {
      for (const stream of [false, true]) {
        const messages = [{ role: 'user', content: says }]
        const question = { model, messages, stream, ...rest }
        const known = emulator.log.count
        await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(question),
        }).then((response) => response.text())
        const native = emulator.log.entries.find(({ number }) => number > known)
        if (native === undefined) throw new Error(`Google was not asked for ${kind}.`)
        // What the gateway asked, asked again: this time the bytes are kept.
        const answer = await fetch(`${emulator.url}${native.path}`, {
          method: 'POST',
          headers: { 'x-goog-api-key': 'any', authorization: 'Bearer any' },
          body: JSON.stringify(native.body),
        })
        const body = await answer.text()
        const events =
          answer.ok && stream
            ? [...body.matchAll(/^data: (.*)\r$/gm)].map(([, data = '']) => data)
            : [body]
        const tier = answer.headers.get('x-gemini-service-tier')
        const headers = {
          'content-type': answer.headers.get('content-type') ?? '',
          ...(tier !== null && { 'x-gemini-service-tier': tier }),
        }
        samples.push({ kind, question, status: answer.status, headers, events })
      }
    }
    return samples
  } finally {
    gateway.kill()
    await metadata.close()
    await emulator.close()
  }
}

const functions = ['get_weather', 'find_hotels'].map((name) => ({
  name,
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer' } },
  },
}))
const tools = functions.map((one) => ({ type: 'function', function: one }))
const google = (more: object) => ({ extra_body: { google: more } })
const thinking = { thinking_config: { include_thoughts: true } }

interface Kind {
  says: string
  model?: string
  [field: string]: unknown
}

/** What is asked, by what is in the answer. */
const kinds: Record<string, Kind> = {
  text: { says: 'Repeat: Grüße aus 東京 🎈 und so fort und so weiter und so fort.' },
  'text with usage': { says: 'Explain the tides', stream_options: { include_usage: true } },
  thoughts: { says: 'Why is the sky blue?', ...google(thinking) },
  'thoughts in tags': {
    says: 'Why is the sky blue?',
    ...google({ ...thinking, thought_tag_marker: 'think' }),
  },
  'thoughts with signatures': {
    says: 'Why is the sky blue?',
    model: 'gemini/gemini-3-flash-preview',
    ...google(thinking),
  },
  calls: {
    says: 'What is the weather in Paris and Rome?',
    model: 'gemini/gemini-3-flash-preview',
    tools,
  },
  'one call': { says: 'What is the weather in Paris and Rome?', tools, parallel_tool_calls: false },
  'calls in pieces': {
    says: 'What is the weather in Paris and Rome?',
    model: 'vertex/gemini-3-flash-preview',
    tools,
    ...google({ stream_function_call_arguments: true }),
  },
  'a function call': { says: 'What is the weather in Paris?', functions },
  'a custom tool': {
    says: 'Run the query for hotels',
    tools: [{ type: 'custom', custom: { name: 'run_query' } }],
    tool_choice: 'required',
  },
  search: { says: 'Who won the cup?', tools: [{ type: 'google_search' }] },
  'a page': {
    says: 'Read https://example.com/a and https://example.invalid/b',
    tools: [{ type: 'url_context' }],
  },
  maps: { says: 'Where is coffee in Oslo?', tools: [{ type: 'google_maps' }] },
  code: { says: 'What is 17 squared, twice?', tools: [{ type: 'code_execution' }] },
  'tools beside functions': {
    says: 'Who won the cup, and the weather in Paris?',
    model: 'gemini/gemini-3-flash-preview',
    tools: [...tools, { type: 'google_search' }],
  },
  image: { says: 'Paint a boat', model: 'gemini/gemini-2.5-flash-image' },
  sound: {
    says: 'Say hello',
    model: 'gemini/gemini-2.5-flash-preview-tts',
    modalities: ['audio'],
    audio: { voice: 'alloy', format: 'wav' },
  },
  'log probabilities': {
    model: 'vertex/gemini-2.5-flash',
    says: 'Say hello there',
    logprobs: true,
    top_logprobs: 3,
  },
  'three candidates': { says: 'Say hello there', n: 3 },
  'two copies': { says: 'Say hello there', model: 'gemini/gemini-3-flash-preview', n: 2 },
  json: {
    says: 'A person called Ada',
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'person',
        schema: { type: 'object', properties: { name: { type: 'string' } } },
      },
    },
  },
  'a cut answer': { says: 'Explain the tides', max_completion_tokens: 20 },
  'a filtered answer': { says: 'Explain the tides [[safety]]' },
  'a recited answer': { says: 'Explain the tides [[finish:RECITATION]]' },
  'a blocked prompt': { says: 'Explain the tides [[blocked]]' },
  'a malformed call': { says: 'Explain the tides [[malformed]]' },
  'a refusal to wait for': { says: 'Hello [[fault:status=429;retry-info=20]]' },
  'an overload': { says: 'Hello [[fault:status=503;error-array]]' },
  'a bad request': { says: 'Hello [[error:400]]' },
  'an error in the stream': { says: 'Explain the tides [[midstream-error]]' },
}
