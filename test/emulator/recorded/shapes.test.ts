import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { asking } from '../client.ts'
import { answered } from './answered.ts'
import { type Recording, recorded, unlessRecorded } from './recording.ts'
import { keysOf, kindOf, orderOf } from './shape.ts'

type Json = Record<string, unknown>

const answers = recorded().filter(
  ({ op, status }) => status === 200 && /^(stream)?generateContent$/i.test(op),
)

describe('answers to recorded requests', { skip: unlessRecorded }, () => {
  const emulated = answers.flatMap((recording) => {
    const events = answered(recording)
    return events ? [{ recording, events }] : []
  })

  it('are many', () => assert.ok(emulated.length > 500, `${emulated.length}`))

  it('have no key where the backend never had one', () => {
    const known = collected(
      answers.map((recording) => ({ recording, events: recording.events })),
      place,
    )
    const strange = emulated.flatMap(({ recording, events }) =>
      events.flatMap((event) =>
        keysOf(event).flatMap((key) =>
          known.get(place(recording))?.counts.has(key)
            ? []
            : [`${place(recording)} ${key} ${recording.path}`],
        ),
      ),
    )
    assert.deepEqual(strange, [])
  })

  it('have every key the same model always had in such an event', () => {
    const known = collected(
      answers.map((recording) => ({ recording, events: recording.events })),
      exactly,
    )
    const missing = emulated.flatMap(({ recording, events }) =>
      events.flatMap((event, i) => {
        const group = known.get(exactly(recording, event, i === events.length - 1))
        const keys = keysOf(event)
        const always =
          group && group.size >= 3 ? [...group.counts].filter(([, n]) => n === group.size) : []
        return always.flatMap(([key]) => (keys.includes(key) ? [] : [`${key} ${recording.path}`]))
      }),
    )
    assert.deepEqual(missing, [])
  })
})

// What to ask for to be answered like a recording: model, request, and a part of the recording's path.
const search = { tools: [{ googleSearch: {} }] }
const code = { tools: [{ codeExecution: {} }] }
const thinking = { generationConfig: { thinkingConfig: { includeThoughts: true } } }
const invoking = { ...search, toolConfig: { includeServerSideToolInvocations: true } }
const declared = {
  functionDeclarations: [
    {
      name: 'get_weather',
      parametersJsonSchema: { type: 'object', properties: { location: { type: 'string' } } },
    },
  ],
}
const inBits = {
  tools: [declared],
  toolConfig: { functionCallingConfig: { streamFunctionCallArguments: true } },
}
const pictured = { generationConfig: { responseModalities: ['TEXT', 'IMAGE'] } }
const spoken = { generationConfig: { responseModalities: ['AUDIO'] } }

// A last entry names keys that only this recording has, or has not.
const cases: [name: string, model: string, body: Json, like: string, except?: RegExp][] = [
  [
    'grounding',
    'gemini-2.5-flash',
    asking('Why is the sky blue?', search),
    'chat-citations-with-gemini',
  ],
  [
    'grounding of Gemini 3',
    'gemini-3.5-flash',
    asking('Why is the sky blue?', search),
    'exposes-the-queries-it-ran',
    /cache/,
  ],
  [
    'grounding at Vertex AI',
    'gemini-3-flash-preview',
    asking('Why is the sky blue?', search),
    'omits-include-server-side-tool-invocations-1',
  ],
  [
    'a grounded stream',
    'gemini-2.5-flash',
    asking('Why is the sky blue?', search),
    'test-web-search-tool-stream-google-gemini-2-5-flash-1',
  ],
  [
    'tools that are shown',
    'gemini-3-flash-preview',
    asking('Why is the sky blue?', invoking),
    'test-native-output-with-builtin-tools.json',
    /candidatesTokenCount/,
  ],
  [
    'a stream of tools that are shown',
    'gemini-3-flash-preview',
    asking('Why is the sky blue?', invoking),
    'test-native-output-with-builtin-tools-stream',
    /candidatesTokenCount/,
  ],
  [
    'a page',
    'gemini-2.5-flash',
    asking('Read https://example.com', { tools: [{ urlContext: {} }] }),
    'test-google-model-web-fetch-tool.json',
  ],
  [
    'a streamed page',
    'gemini-2.5-flash',
    asking('Read https://example.com', { tools: [{ urlContext: {} }] }),
    'test-google-model-web-fetch-tool-stream',
  ],
  [
    'code',
    'gemini-2.5-flash',
    asking('Compute 17 squared', code),
    'code-execution-matrix-blocking-agent-prompt',
  ],
  [
    'code of Gemini 3',
    'gemini-3-flash-preview',
    asking('Compute 17 squared', code),
    'code-execution-matrix-blocking-code-execution-on-gemini-3-flash',
  ],
  [
    'streamed code',
    'gemini-2.5-flash',
    asking('Compute 17 squared', code),
    'code-execution-matrix-streaming-agent-prompt',
  ],
  [
    'streamed code of Gemini 3',
    'gemini-3-flash-preview',
    asking('Compute 17 squared', code),
    'code-execution-matrix-streaming-code-execution-on-gemini-3-flash',
  ],
  [
    'two finish reasons in one stream',
    'gemini-2.5-flash',
    asking('Run 987654321 * 123456789, twice', code),
    'two-terminal-stream-agent-prompt',
  ],
  [
    'an image',
    'gemini-2.5-flash-image',
    asking('A red square'),
    'nano-banana-image-generation-smoke',
  ],
  [
    'an image of Gemini 3',
    'gemini-3.1-flash-lite-image',
    asking('A red square'),
    'gemini-3-1-flash-lite-image-can-paint',
  ],
  [
    'text and an image',
    'gemini-2.5-flash-image',
    asking('A red square', pictured),
    'test-google-image-and-text-output',
  ],
  [
    'text and an image at Vertex AI',
    'gemini-2.5-flash-image',
    asking('A red square', pictured),
    'test-google-vertexai-image-generation.json',
  ],
  [
    'a streamed image',
    'gemini-2.5-flash-image-preview',
    asking('A red square', pictured),
    'streaming-success-empty-parts-gemini-api',
    /\.index$/,
  ],
  [
    'a streamed image at Vertex AI',
    'gemini-2.0-flash-preview-image-generation',
    asking('A red square', pictured),
    'generate-content-with-image-output',
    /safetyRatings/,
  ],
  [
    'speech',
    'gemini-2.5-flash-preview-tts',
    asking('Say cheerfully: hello', spoken),
    'tts-can-speak',
  ],
  [
    'arguments in bits',
    'gemini-3.1-pro-preview',
    asking('The weather in Paris and Rome?', inBits),
    'google-stream-tool-call-arguments.json',
  ],
  [
    'arguments in bits that are never closed',
    'gemini-3-flash-preview',
    asking('The weather in Paris?', inBits),
    'missing-terminal-function-call',
    /numberValue/,
  ],
  [
    'thoughts, then text',
    'gemini-2.5-flash',
    asking('Why is the sky blue?', thinking),
    'reasoning-roundtrip-streaming-1',
  ],
  [
    'thoughts of Gemini 3',
    'gemini-3-flash-preview',
    asking('Why is the sky blue?', thinking),
    'streaming-grammar-thinking-stream',
  ],
  [
    'a call in a stream',
    'gemini-2.5-flash',
    asking('The weather in Paris?', { tools: [declared] }),
    'generate-tool-args-nested-arguments-streaming',
  ],
  [
    'a call of Gemini 3 in a stream',
    'gemini-3-flash-preview',
    asking('The weather in Paris?', { tools: [declared] }),
    'streaming-history-preserves-hybrid-tool-result-image-parts',
  ],
  [
    'parallel calls',
    'gemini-2.5-flash',
    asking('The weather in Paris and Rome?', { tools: [declared] }),
    'google-gemini-2-5-flash-async-stream.json',
  ],
  [
    'logprobs',
    'gemini-2.5-flash',
    asking('Say Hello', { generationConfig: { responseLogprobs: true, logprobs: 2 } }),
    'test-google-vertex-logprobs-from-provider-details',
  ],
  [
    'logprobs without alternatives',
    'gemini-2.5-flash',
    asking('Say Hello', { generationConfig: { responseLogprobs: true } }),
    'test-google-vertex-logprobs-without-top-logprobs',
  ],
  [
    'a cache',
    'gemini-2.5-flash',
    asking('Say hi', {
      cachedContent: 'cachedContents/1',
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
    }),
    'prompt-caching-explicit-cache-across-conversations-1',
  ],
  [
    'recitation',
    'gemini-2.0-flash',
    asking('[[finish:RECITATION]] Why is the sky blue?'),
    'streaming-failure-recitation-no-content',
    /responseId/,
  ],
  [
    'an undeclared call',
    'gemini-3-flash-preview',
    asking('[[finish:UNEXPECTED_TOOL_CALL]] Hi'),
    'matrix-direct-binary-audio-google-vertex.json',
  ],
  [
    'a blocked prompt',
    'gemini-2.5-flash',
    asking('[[block:MODEL_ARMOR]] Hi'),
    'model-armor-prompt-template-text-gets-blocked-1',
  ],
]

// The key is not there where it has nothing to tell: a first segment has no start.
const optional =
  /startIndex$|\.indexStart$|citationMetadata|citationSources|thoughtSignature$|\.confidenceScores$/

describe('an answer on demand looks like the recorded one', { skip: unlessRecorded }, () => {
  for (const [name, model, body, like, except = /^$/] of cases) {
    it(name, () => {
      const recording = answers.find(({ path }) => path.includes(like))
      assert.ok(recording, `no recording is like ${like}`)
      const events = answered({ ...recording, model, request: { method: 'POST', url: '', body } })
      assert.ok(events)
      assert.deepEqual(orderOf(events), orderOf(recording.events))
      assert.deepEqual(telling(events, except), telling(recording.events, except))
    })
  }
})

// Keys by the kind of event they are in.
function telling(events: Json[], except: RegExp): string[] {
  const keys = events.flatMap((event) => keysOf(event).map((key) => `${kindOf(event)}: ${key}`))
  return [...new Set(keys)].filter((key) => !optional.test(key) && !except.test(key)).toSorted()
}

interface Group {
  size: number
  counts: Map<string, number>
}

function collected(
  all: { recording: Recording; events: Json[] }[],
  nameOf: (recording: Recording, event: Json, isLast: boolean) => string,
): Map<string, Group> {
  const groups = new Map<string, Group>()
  for (const { recording, events } of all) {
    for (const [i, event] of events.entries()) {
      const name = nameOf(recording, event, i === events.length - 1)
      const group = groups.get(name) ?? { size: 0, counts: new Map<string, number>() }
      for (const key of keysOf(event)) group.counts.set(key, (group.counts.get(key) ?? 0) + 1)
      groups.set(name, { ...group, size: group.size + 1 })
    }
  }
  return groups
}

function place({ backend, op }: Recording): string {
  return `${backend} ${op}`
}

function exactly(recording: Recording, event: Json, isLast: boolean): string {
  const [generation = ''] = /gemini-\d(\.\d)?/.exec(recording.model) ?? []
  return `${place(recording)} ${generation} ${isLast ? 'last' : 'before'} ${kindOf(event)}`
}
