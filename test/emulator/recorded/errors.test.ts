import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ErrorBody } from '../../../src/emulator/errors.ts'
import type { Backend } from '../../../src/emulator/models.ts'
import { asking, getWeather } from '../client.ts'
import { asked } from './answered.ts'
import { type Recording, recorded, unlessRecorded } from './recording.ts'

type Json = Record<string, unknown>

const invalidKey = { 'x-goog-api-key': 'invalid' }

const failures = recorded().filter(
  ({ status, op }) => status >= 400 && /Content|countTokens/.test(op),
)

describe('a recorded refusal', { skip: unlessRecorded }, () => {
  const withRequest = failures.filter(({ request }) => request?.body)

  it('is one of many', () => assert.ok(withRequest.length >= 18, `${withRequest.length}`))

  for (const recording of withRequest) {
    it(`comes for the same request: ${recording.path.split('/').at(-1)}`, () => {
      same(refusal(recording), errorIn(recording.events))
    })
  }
})

// What provoked them was not recorded, but it is known.
const provocations: [like: string, model: string, backend: Backend, body: Json, headers?: Json][] =
  [
    ['unary-failure-api-key', 'gemini-2.5-flash', 'gemini-api', asking('Hi'), invalidKey],
    ['unary-failure-model-not-found', 'test-model-name', 'gemini-api', asking('Hi')],
    ['unary-failure-unknown-model', 'gemini-5.0-flash', 'gemini-api', asking('Hi')],
    [
      '400-missing-thought-signature',
      'gemini-3-flash-preview',
      'gemini-api',
      unsigned('codebase_search'),
    ],
    ['503-overloaded', 'gemini-2.5-flash', 'gemini-api', asking('[[fault:status=503]] Hi')],
  ]

describe('a recorded refusal whose request is lost', { skip: unlessRecorded }, () => {
  for (const [like, model, backend, body, headers] of provocations) {
    it(`comes for a request like it: ${like}`, () => {
      const recording = failures.find(({ path }) => path.includes(like))
      assert.ok(recording)
      const op = like.includes('model-not-found') ? 'countTokens' : 'generateContent'
      const request = { method: 'POST', url: '', body }
      same(
        refusal({ ...recording, op, model, backend, request }, headers),
        errorIn(recording.events),
      )
    })
  }
})

const search = { googleSearch: {} }
const functions = { functionDeclarations: [getWeather] }
const json = { responseMimeType: 'application/json' }

function parameter(schema: Json): Json {
  const parameters = { type: 'OBJECT', properties: { value: schema } }
  return asking('Hi', { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] })
}

function config(generationConfig: Json): Json {
  return asking('Hi', { generationConfig })
}

const unknown = (name: string) =>
  `Invalid JSON payload received. Unknown name "${name}" at 'tools[0].function_declarations[0].parameters.properties[0].value': Cannot find field.`

// Every refusal that is documented or was reported word for word.
const reported: [
  message: string | RegExp,
  model: string,
  backend: Backend,
  body: Json | string,
  status?: string,
][] = [
  ...[
    'additionalProperties',
    'const',
    '$schema',
    '$ref',
    'oneOf',
    'allOf',
    'exclusiveMinimum',
    'patternProperties',
    'uniqueItems',
    'x-note',
  ].map((name): (typeof reported)[number] => [
    unknown(name),
    'gemini-2.5-flash',
    'gemini-api',
    parameter({ type: 'STRING', [name]: 'x' }),
  ]),
  [
    'Invalid JSON payload received. Unknown name "prompt_cache_key": Cannot find field.',
    'gemini-2.5-flash',
    'gemini-api',
    asking('Hi', { prompt_cache_key: 'x' }),
  ],
  [
    /allowed for STRING type/,
    'gemini-2.5-flash',
    'gemini-api',
    parameter({ type: 'INTEGER', enum: ['1'] }),
  ],
  [
    /allowed for OBJECT type/,
    'gemini-2.5-flash',
    'gemini-api',
    parameter({ type: 'STRING', properties: {} }),
  ],
  [
    /property is not defined/,
    'gemini-2.5-flash',
    'gemini-api',
    parameter({ type: 'OBJECT', properties: { a: {} }, required: ['b'] }),
  ],
  [/items: missing field/, 'gemini-2.5-flash', 'gemini-api', parameter({ type: 'ARRAY' })],
  [
    "Response_schema with a response mime type 'text/plain' is unsupported",
    'gemini-2.5-flash',
    'gemini-api',
    config({ responseSchema: { type: 'STRING' } }),
  ],
  [
    "Function calling with a response mime type: 'application/json' is unsupported",
    'gemini-2.5-flash',
    'gemini-api',
    asking('Hi', { tools: [functions], generationConfig: json }),
  ],
  [
    'controlled generation is not supported with google_search tool',
    'gemini-2.5-flash',
    'gemini-api',
    asking('Hi', { tools: [search], generationConfig: json }),
  ],
  [
    'Please enable tool_config.include_server_side_tool_invocations to use Built-in tools with Function calling.',
    'gemini-3.8-flash',
    'gemini-api',
    asking('Hi', { tools: [search, functions] }),
  ],
  [
    'Multiple tools are supported only when they are all search tools.',
    'gemini-2.5-flash',
    'vertex',
    asking('Hi', { tools: [search, functions] }),
  ],
  [
    'Tool use with function calling is unsupported',
    'gemini-2.5-flash',
    'gemini-api',
    asking('Hi', { tools: [search, functions] }),
  ],
  [
    /^Thinking level MEDIUM is not supported for this model. Please retry with other thinking level/,
    'gemini-3-pro-preview',
    'gemini-api',
    config({ thinkingConfig: { thinkingLevel: 'MEDIUM' } }),
  ],
  [
    'Multiple candidates is not enabled for this model',
    'gemini-3.8-flash',
    'gemini-api',
    config({ candidateCount: 2 }),
  ],
  [
    'Unable to submit request because candidateCount must be 1 but the entered value was 2. Update the candidateCount value and try again.',
    'gemini-3.8-flash',
    'vertex',
    config({ candidateCount: 2 }),
  ],
  [
    /^Unable to submit request because function call `default_api:f` in the 2. content block is missing a `thought_signature`. Learn more: /,
    'gemini-3.8-flash',
    'vertex',
    unsigned('f'),
  ],
  [
    /^reference to .*`\$ref '.*'` was set alongside unsupported fields\. If a schema node has \$ref set, then only description and default can be set alongside it$/,
    'gemini-2.5-flash',
    'gemini-api',
    config({
      ...json,
      responseJsonSchema: { $defs: { a: {} }, $ref: '#/$defs/a', type: 'object' },
    }),
  ],
  [
    'Duplicate function declaration found: get_weather',
    'gemini-2.5-flash',
    'gemini-api',
    asking('Hi', { tools: [functions, functions] }),
  ],
  [
    /^Publisher Model `projects\/p\/.*\/models\/gemini-9` was not found or your project does not have access to it\./,
    'gemini-9',
    'vertex',
    asking('Hi'),
    'NOT_FOUND',
  ],
  [
    /^Invalid JSON payload received. Unexpected end of string/,
    'gemini-2.5-flash',
    'gemini-api',
    '{"contents": [',
  ],
  [
    /^Requests ending with a model turn are not supported/,
    'gemini-3.8-flash',
    'gemini-api',
    {
      contents: [
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ text: 'b' }] },
      ],
    },
  ],
  [
    /^Please ensure that function response turn comes immediately after a function call turn/,
    'gemini-2.5-flash',
    'gemini-api',
    { contents: [{ role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }] },
  ],
]

describe('a reported refusal', () => {
  for (const [message, model, backend, body, status = 'INVALID_ARGUMENT'] of reported) {
    it(`comes word for word: ${String(message)}`, () => {
      const { reply } = asked({ backend, model, op: 'generateContent' }, body)
      const { error }: ErrorBody = JSON.parse(reply.frames.join(''))
      assert.equal(error.status, status)
      if (typeof message === 'string') assert.equal(error.message, message)
      else assert.match(error.message, message)
    })
  }
})

function unsigned(name: string): Json {
  return {
    contents: [
      { role: 'user', parts: [{ text: 'Hi' }] },
      { role: 'model', parts: [{ functionCall: { name, args: {} } }] },
      { role: 'user', parts: [{ functionResponse: { name, response: {} } }] },
    ],
  }
}

function refusal(recording: Recording, headers?: Json): ErrorBody['error'] {
  const expected = errorIn(recording.events)
  // What the server of a page allows is not in a request, and neither is what a quota has left.
  const body = JSON.stringify(recording.request?.body).replace(
    /"https:\/\/[^"]*"/g,
    expected.message.startsWith('Cannot fetch') ? '"https://robots.invalid/x.png"' : '$&',
  )
  const wait = /retry in ([\d.]+)s/.exec(expected.message)?.[1]
  const { reply } = asked(recording, body, {
    authorization: 'Bearer token',
    'x-goog-api-key': /API key not valid/.test(expected.message) ? 'invalid' : 'key',
    ...(expected.code === 429 && {
      'x-emulator-fault': wait === undefined ? 'status=429' : `status=429;retry-info=${wait}`,
    }),
    ...headers,
  })
  assert.equal(reply.status, expected.code)
  const { error }: ErrorBody = JSON.parse(reply.frames.join(''))
  return error
}

function errorIn(events: Json[]): ErrorBody['error'] {
  const [first] = events
  // It was recorded with a status that says so.
  return (first as unknown as ErrorBody).error
}

function same(actual: ErrorBody['error'], expected: ErrorBody['error']): void {
  assert.equal(actual.code, expected.code)
  assert.equal(actual.status, expected.status)
  assert.equal(form(actual.message), form(expected.message))
}

// The words without the names and figures in them. Lists of models moved to a service of their own.
function form(message: string): string {
  return message
    .replace('ModelService.', '')
    .replace(/version v1(beta)?/, 'version')
    .replace(/metric: \S+/, 'metric')
    .replace(/\d+(\.\d+)?/g, '#')
}
