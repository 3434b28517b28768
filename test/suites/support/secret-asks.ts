import { reversed } from './mirror.ts'
import type { Ask } from './witness.ts'

/** What the mirror can be asked for in one word, and with which statuses. */
const mirrored = [
  ...'answer call headers late broken odd away reset gone silent stall'.split(' '),
  ...[400, 401, 403, 404, 409, 413, 429, 500, 503].map((status) => `refusal ${status}`),
  ...[200, 400, 403, 502].flatMap((status) => [`plain ${status}`, `page ${status}`]),
  ...[400, 401, 403, 429, 500].map((status) => `code ${status}`),
  ...[200, 403, 500].map((status) => `empty ${status}`),
]

/** Whole and streamed, each form in which the mirror can answer or fail. */
export function mirroredAsks(model: string, headers: Record<string, string>): Ask[] {
  return mirrored.flatMap((word) =>
    [false, true].map((stream) => mirroredAsk(model, word, headers, stream)),
  )
}

/** What the mirror answers in one form, given as `refusal 503`. */
export function mirroredAsk(
  model: string,
  word: string,
  headers: Record<string, string> = {},
  stream = false,
): Ask {
  return {
    what: `${model}, ${word}${stream ? ', streamed' : ''}`,
    headers,
    body: (own) => fullRequest(model, stream, `[[${word}]] ${own}`, own),
    also: (own) => [reversed(own)],
  }
}

/** A request with the client's words wherever there is room for them. */
function fullRequest(model: string, stream: boolean, text: string, own: string): object {
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'look_up', arguments: `{"what":"${own}"}` },
  }
  const parameters = { type: 'object', properties: { what: { type: 'string', description: own } } }
  return {
    model,
    stream,
    messages: [
      { role: 'system', content: own },
      { role: 'user', content: own },
      { role: 'assistant', content: own, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: own },
      { role: 'user', content: [{ type: 'text', text }] },
    ],
    tools: [{ type: 'function', function: { name: 'look_up', description: own, parameters } }],
    user: own,
    metadata: { own },
    stop: [own],
  }
}

const model = 'gemini-2.5-flash'

/** What is wrong, made of the client's words. */
const mistakes: [what: string, body: (own: string) => unknown][] = [
  ['no JSON', (own) => `{"model":"${model}","messages":"${own}`],
  ['half a string', (own) => `{"model":"${own}\\`],
  ['deep JSON', (own) => `${'['.repeat(100)}"${own}"${']'.repeat(100)}`],
  ['a body that is too long', (own) => ({ model, messages: said(own.repeat(10_000)) })],
  ['a list', (own) => [own]],
  ['a role', (own) => ({ model, messages: [{ role: own, content: own }] })],
  ['a part', (own) => ({ model, messages: said([{ type: own, [own]: own }]) })],
  [
    'an image',
    (own) => ({
      model,
      messages: said([{ type: 'image_url', image_url: { url: `${own}://x` } }]),
    }),
  ],
  [
    'data',
    (own) => ({
      model,
      messages: said([{ type: 'image_url', image_url: { url: `data:${own};base64,!!` } }]),
    }),
  ],
  [
    'sound',
    (own) => ({
      model,
      messages: said([{ type: 'input_audio', input_audio: { data: own, format: own } }]),
    }),
  ],
  ['a model', (own) => ({ model: own, messages: said(own) })],
  [
    'a resource',
    (own) => ({
      model: `projects/${own}/locations/x/publishers/google/models/x`,
      messages: said(own),
    }),
  ],
  ['a model that is a list', (own) => ({ model: [own], messages: said(own) })],
  ['two tools of a name', (own) => ({ model, messages: said(own), tools: [tool(own), tool(own)] })],
  ['a type of tool', (own) => ({ model, messages: said(own), tools: [{ type: own }] })],
  [
    'a choice',
    (own) => ({ model, messages: said(own), tools: [tool('f')], tool_choice: tool(own) }),
  ],
  ['a format', (own) => ({ model, messages: said(own), response_format: { type: own } })],
  [
    'a schema',
    (own) => ({
      model,
      messages: said(own),
      response_format: schemaOf({ $ref: `https://x/${own}` }),
    }),
  ],
  ['an effort', (own) => ({ model, messages: said(own), reasoning_effort: own })],
  ['a temperature', (own) => ({ model, messages: said(own), temperature: own })],
  [
    'extras',
    (own) => ({ model, messages: said(own), extra_body: { google: { thinking_config: own } } }),
  ],
  [
    'arguments',
    (own) => ({
      model,
      messages: [
        { role: 'assistant', tool_calls: [{ id: own, function: { name: own, arguments: own } }] },
      ],
    }),
  ],
  [
    'a result of nothing',
    (own) => ({ model, messages: [{ role: 'tool', tool_call_id: own, content: own }] }),
  ],
  ['no messages', (own) => ({ model, messages: own })],
]

/** What is refused before anything goes upstream. */
export function refusedAsks(headers: Record<string, string>): Ask[] {
  return [
    ...mistakes.flatMap(([what, body]) => [
      { what: `refused for ${what}`, headers, body },
      {
        what: `refused for ${what}, streamed`,
        headers,
        body: (own: string) => streamed(body(own)),
      },
    ]),
    {
      what: 'another type',
      headers: { ...headers, 'content-type': 'text/plain' },
      body: (own) => own,
    },
    { what: 'compressed', headers: { ...headers, 'content-encoding': 'gzip' }, body: (own) => own },
    { what: 'an unknown path', path: '/v1/WORD?WORD=WORD', headers, body: (own) => own },
    { what: 'a broken path', path: '/v1/%E0%A4%A', headers, body: (own) => own },
    {
      what: 'another place',
      path: '/v1/projects/WORD/locations/WORD/endpoints/WORD/chat/completions',
      headers,
      body: (own) => own,
    },
    {
      what: 'another place’s models',
      path: '/v1/projects/WORD/locations/WORD/endpoints/openapi/models',
      method: 'GET',
      headers,
      body: () => '',
    },
    { what: 'an unknown model', path: '/v1/models/WORD', method: 'GET', headers, body: () => '' },
    { what: 'models', path: '/v1/models', method: 'GET', headers, body: () => '' },
  ]
}

function said(content: unknown): object[] {
  return [{ role: 'user', content }]
}

function tool(name: string): object {
  return { type: 'function', function: { name, parameters: {} } }
}

function streamed(body: unknown): unknown {
  return typeof body === 'object' && !Array.isArray(body) ? { ...body, stream: true } : body
}

function schemaOf(schema: object): object {
  return { type: 'json_schema', json_schema: { name: 'x', schema } }
}

function body(own: string): object {
  return { model, messages: said(own) }
}

/** What is asked with a key that does not fit, wherever a key can be. */
export function keyedAsks(wrong: string): Ask[] {
  const places: Record<string, string>[] = [
    { authorization: `Bearer ${wrong}` },
    { authorization: `bearer   ${wrong}` },
    { authorization: wrong },
    { authorization: `Basic ${Buffer.from(`user:${wrong}`).toString('base64')}` },
    { authorization: `Bearer ${wrong} ${wrong}` },
    { authorization: `Bearer ${wrong.repeat(300)}` },
    { 'x-api-key': wrong },
    { 'api-key': wrong },
    { 'x-goog-api-key': wrong },
    { cookie: `key=${wrong}` },
  ]
  return [
    ...places.flatMap((headers) => [
      { what: `a key that does not fit in ${Object.keys(headers)[0]}`, headers, body },
      { what: 'models with such a key', path: '/v1/models', method: 'GET', headers, body },
    ]),
    { what: 'a key in the query', path: `/v1/chat/completions?key=${wrong}`, body },
    { what: 'a key in an unknown query', path: `/v1/nowhere?key=${wrong}`, body },
  ]
}

const emulatedFaults = `
  reset@1 reset@2+10 fin@1 malformed@1 error@1=503 error-array error-html error-empty empty no-candidates
  huge@1=100000 split=7 gzip wrong-type redirect close-before-headers stall@1 delay=1500`
  .trim()
  .split(/\s+/)

/** What the emulator can be asked for: answers of all kinds, and faults. */
export function emulatedAsks(headers: Record<string, string>): Ask[] {
  const tools = [
    {
      type: 'function',
      function: {
        name: 'get_weather',
        parameters: { type: 'object', properties: { city: { type: 'string' } } },
      },
    },
  ]
  const prompts: [text: string, more?: object][] = [
    ['Say OWN'],
    [
      'Explain OWN',
      {
        reasoning_effort: 'high',
        extra_body: { google: { thinking_config: { include_thoughts: true } } },
      },
    ],
    ['The weather in OWN?', { tools }],
    ['The weather in OWN?', { tools, tool_choice: 'required', parallel_tool_calls: false }],
    [
      'About OWN',
      { response_format: schemaOf({ type: 'object', properties: { OWN: { type: 'string' } } }) },
    ],
    ['Search OWN', { web_search_options: {} }],
    ['OWN 17 squared', { tools: [{ type: 'code_execution' }] }],
    ['OWN', { n: 2, logprobs: true, top_logprobs: 2 }],
    ['OWN', { presence_penalty: 1, frequency_penalty: 1, seed: 7, stop: ['OWN'] }],
    ['OWN', { OWN: 'OWN', unknown_parameter: 'OWN' }],
    ['[[blocked]] OWN'],
    ['[[safety]] OWN'],
    ['[[malformed]] OWN', { tools }],
    ['[[empty]] OWN'],
    ['[[midstream-error]] OWN'],
    ['[[finish:RECITATION]] OWN'],
    ...[400, 401, 403, 404, 429, 500, 503].map((status): [string] => [`[[error:${status}]] OWN`]),
    ...emulatedFaults.map((fault): [string] => [`[[fault:${fault}]] Say OWN`]),
  ]
  return prompts.flatMap(([text, more = {}]) =>
    ['gemini-2.5-flash', 'gemini-3-flash-preview'].flatMap((model) =>
      [false, true].map((stream) => ({
        what: `${model}, ${text}${stream ? ', streamed' : ''}`,
        headers,
        body: (own) =>
          JSON.stringify({
            model,
            stream,
            messages: [{ role: 'user', content: text }],
            ...more,
          }).replaceAll('OWN', own),
      })),
    ),
  )
}
