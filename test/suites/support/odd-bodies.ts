import { changed, type Json, Members, type Random, toJson, toText } from './odd-json.ts'
import { oddChange, pick } from './odd-values.ts'

const call = {
  id: 'call_1',
  type: 'function',
  function: { name: 'get_weather', arguments: '{"city":"Paris","days":2}' },
  extra_content: { google: { thought_signature: 'c2lnbmF0dXJl' } },
}

const parameters = {
  type: 'object',
  properties: {
    city: { type: 'string', description: 'Which city', enum: ['Paris', 'Rome'] },
    days: { type: ['integer', 'null'], minimum: 1, maximum: 14 },
    place: { $ref: '#/$defs/Place' },
  },
  required: ['city'],
  additionalProperties: false,
  $defs: { Place: { anyOf: [{ type: 'string' }, { type: 'object', properties: {} }] } },
}

const tools = [
  { type: 'function', function: { name: 'get_weather', description: 'Weather', parameters } },
  { type: 'function', function: { name: 'get_time', parameters: { type: 'object' } } },
]

const image = 'data:image/png;base64,iVBORw0KGgo='

/** What clients really send: whatever is odd is made of these. */
const requests = [
  { messages: [{ role: 'user', content: 'Say hello.' }] },
  {
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Say hello.', name: 'ann' },
      { role: 'assistant', content: 'Hello.', refusal: null },
      { role: 'user', content: [{ type: 'text', text: 'And again.' }] },
    ],
    temperature: 0.5,
    top_p: 0.9,
    max_tokens: 100,
    stop: ['END'],
    seed: 7,
    n: 2,
    user: 'ann',
    metadata: { a: 'b' },
    logit_bias: { 50256: -100 },
    presence_penalty: 0.1,
    service_tier: 'auto',
    store: false,
  },
  {
    messages: [
      { role: 'user', content: 'The weather in Paris?' },
      { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'call_2' }] },
      { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"blue"}' },
      { role: 'tool', tool_call_id: 'call_2', content: [{ type: 'text', text: 'grey' }] },
    ],
    tools,
    tool_choice: 'auto',
    parallel_tool_calls: true,
  },
  {
    messages: [{ role: 'user', content: 'The weather in Rome?' }],
    tools,
    tool_choice: { type: 'function', function: { name: 'get_weather' } },
    stream: true,
    stream_options: { include_usage: true },
  },
  {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: image, detail: 'low' } },
          { type: 'input_audio', input_audio: { data: 'SUQzBAAA', format: 'mp3' } },
          { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } },
          { type: 'video_url', video_url: { url: 'https://example.org/a.mp4' } },
        ],
      },
    ],
    max_completion_tokens: 200,
  },
  {
    messages: [{ role: 'user', content: 'As JSON.' }],
    response_format: {
      type: 'json_schema',
      json_schema: { name: 'weather', strict: true, schema: parameters },
    },
    reasoning_effort: 'low',
    logprobs: true,
    top_logprobs: 2,
  },
  {
    messages: [
      { role: 'user', content: 'The time?' },
      { role: 'assistant', function_call: { name: 'get_time', arguments: '{}' } },
      { role: 'function', name: 'get_time', content: '12' },
    ],
    functions: [{ name: 'get_time', parameters: { type: 'object', properties: {} } }],
    function_call: 'auto',
  },
  {
    messages: [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'Think.' },
      {
        role: 'assistant',
        content: '<think>hm</think>Done.',
        reasoning_content: 'hm',
        extra_content: { google: { thought: false, thought_signature: 'c2ln' } },
      },
      { role: 'user', content: 'More.' },
    ],
    stream: true,
    extra_body: {
      google: {
        thinking_config: { include_thoughts: true, thinking_budget: 512 },
        thought_tag_marker: 'think',
        safety_settings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'BLOCK_NONE' }],
        generation_config: { top_k: 5, candidate_count: 1 },
        system_instruction: { parts: [{ text: 'x' }] },
        cached_content: 'cachedContents/abc',
        tools: [{ google_search: {} }],
        labels: { a: 'b' },
        response_json_schema: { type: 'object' },
      },
    },
  },
  {
    messages: [{ role: 'user', content: 'Search for it.' }],
    web_search_options: { user_location: { type: 'approximate', approximate: { city: 'Rome' } } },
    modalities: ['text', 'audio'],
    audio: { voice: 'Kore', format: 'wav' },
    verbosity: 'low',
    prediction: { type: 'content', content: 'x' },
  },
].map((request) => toJson({ model: 'gemini-2.5-flash', ...request })) as [Json, ...Json[]]

const models = [
  'gemini-2.5-flash',
  'gemini-2.5-pro',
  'gemini-3-pro-preview',
  'gemini-3.6-flash',
  'gemini-2.0-flash',
  'gemma-3-27b-it',
  'gemini-2.5-flash-image',
] as const

/** A body that is a little, or very, wrong; now and then it is right. */
export function oddBody(random: Random): string {
  const times = pick([0, 1, 1, 1, 2, 2, 3, 5], random)
  const odd = Array.from({ length: times }).reduce<Json>(
    (json) => changed(json, random, (old) => oddChange(old, random)),
    pick(requests, random),
  )
  const text = toText(odd, random).replace('gemini-2.5-flash', pick(models, random))
  return random() < 0.1 ? damaged(text, random) : text
}

/** A body with members that name a prototype, somewhere in it or in JSON inside it. */
export function poisonedBody(random: Random): string {
  const poison = pick(poisons, random)
  const poisoned = changed(pick(requests, random), random, (old) => {
    if (typeof old === 'string') return toText(poison, random)
    if (old instanceof Members && poison instanceof Members) {
      return new Members([...old.list, ...poison.list])
    }
    return poison
  })
  return toText(poisoned, random)
}

const harm = toJson({ polluted: 1, toString: 'x', role: 'system', model: 'gpt' })
const poisons: [Json, ...Json[]] = [
  new Members([['__proto__', harm]]),
  new Members([['constructor', new Members([['prototype', harm]])]]),
  new Members([
    ['a', 1],
    ['__proto__', new Members([['__proto__', harm]])],
  ]),
  new Members([['properties', new Members([['__proto__', harm]])]]),
  new Members([['$defs', new Members([['__proto__', harm]])]]),
  new Members([['google', new Members([['__proto__', harm]])]]),
]

/** Text that is hardly JSON any more. */
function damaged(text: string, random: Random): string {
  const at = Math.floor(random() * text.length)
  return pick<() => string>(
    [
      () => text.slice(0, at),
      () => text.slice(at),
      () => text.slice(0, at) + text.slice(at + 1),
      () => `${text.slice(0, at)}"${text.slice(at)}`,
      () => `${text.slice(0, at)}\\${text.slice(at)}`,
      () => `${text.slice(0, at)}\\ud800${text.slice(at)}`,
      () => `${text.slice(0, at)}\u0000${text.slice(at)}`,
      () => `${text.slice(0, at)}{"__proto__":1},${text.slice(at)}`,
      () => `\ufeff${text}`,
      () => `${text}${text}`,
      () => `${text}]`,
      () => `[${text}]`,
      () => JSON.stringify(text),
      () => text.replaceAll('"', "'"),
      () => '',
    ],
    random,
  )()
}
