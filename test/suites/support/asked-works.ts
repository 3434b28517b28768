import {
  call,
  history,
  letters,
  numbered,
  parallel,
  picture,
  pictures,
  results,
  sentence,
  steps,
  tool,
  tools,
} from './histories.ts'
import { asking, type GrowingWork } from './work.ts'

const hello = { role: 'user', content: 'Hello!' }
/** The first model whose calls have to be signed, and the last one that reads another schema. */
const [newer, older] = ['gemini-3-pro-preview', 'gemini-2.0-flash']

/** What clients may ask for more and more of. */
export const askedWorks: Readonly<Record<string, GrowingWork>> = {
  'messages in a history': inMessages('message', history),
  'parts of messages': inMessages('part', (size) =>
    Array.from({ length: Math.ceil(size / 1_000) }, (_, at) => ({
      role: 'user',
      content: Array.from({ length: Math.min(1_000, size - 1_000 * at) }, () => ({
        type: 'text',
        text: sentence,
      })),
    })),
  ),
  'instructions in between': inMessages('message', (size) =>
    history(size).map((one, at) => ({ ...one, role: at % 2 === 0 ? 'system' : 'user' })),
  ),
  'steps of a call and its result': inCalls('step', (size) => steps(size)),
  'steps that come back signed': inCalls('step', (size) => steps(size, 'c2lnbmF0dXJl'), newer),
  'steps that come back unsigned': inCalls('step', (size) => steps(size), newer),
  'parallel calls with results': inCalls('call', (size) => parallel(size, (at) => `call_${at}`)),
  'parallel calls with results in another order': inCalls('call', (size) =>
    parallel(size, (at) => `call_${size - 1 - at}`),
  ),
  'parallel calls with results without ids': inCalls('call', (size) =>
    parallel(size, () => undefined),
  ),
  'results without calls': inCalls('result', (size) => [
    hello,
    ...results(size, (at) => `call_${at}`),
  ]),
  'thoughts in tags': {
    unit: 'thought',
    of: (size) =>
      asking({
        messages: [
          hello,
          { role: 'assistant', content: '<t>hm</t>\n\nyes '.repeat(size) },
          { role: 'user', content: 'Go on.' },
        ],
        extra_body: { google: { thought_tag_marker: 't' } },
      }),
    sizes: [100, 1_000, 10_000],
  },

  tools: inTools((size) => tools(size)),
  'tools whose names Google does not take': inTools((size) =>
    tools(size, (at) => String.fromCodePoint(0x4e00 + at)),
  ),
  'tools for models before 2.5': inTools((size) => tools(size), older),
  'tools that are allowed': {
    unit: 'tool',
    of: (size) =>
      asking({
        messages: [hello],
        tools: tools(size),
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: tools(size) },
        },
      }),
    sizes: [10, 100, 500],
  },

  'properties of a schema': inSchema('property', (size) => ({
    properties: numbered(size, (at) => ({ type: 'string', description: `Number ${at}.` })),
    required: Object.keys(numbered(size, () => ({}))),
  })),
  'references to one definition': inSchema('reference', (size) => ({
    properties: numbered(size, () => ({ $ref: '#/$defs/one' })),
    $defs: { one: { type: 'object', properties: { a: { type: 'string' } } } },
  })),
  'definitions of a schema': inSchema('definition', (size) => ({
    properties: numbered(size, (at) => ({ $ref: `#/$defs/p${at}` })),
    $defs: numbered(size, () => ({ type: 'object', properties: { a: { type: 'string' } } })),
  })),
  'definitions in a circle': inSchema('definition', (size) => ({
    properties: { first: { $ref: '#/$defs/p0' } },
    $defs: numbered(size, (at) => ({
      type: 'object',
      properties: { next: { $ref: `#/$defs/p${(at + 1) % size}` } },
      required: ['next'],
    })),
  })),
  'words of an enum': inSchema('word', (size) => ({
    properties: { a: { enum: Object.keys(numbered(size, () => ({}))) } },
  })),
  'branches of a union': inSchema('branch', (size) => ({
    properties: {
      a: {
        anyOf: Array.from({ length: size }, (_, at) => ({
          type: 'object',
          properties: { [`p${at}`]: { type: 'string' } },
        })),
      },
    },
  })),
  'members of an allOf': inSchema('member', (size) => ({
    properties: {
      a: {
        allOf: Array.from({ length: size }, (_, at) => ({
          properties: { [`p${at}`]: { type: 'string' } },
          required: [`p${at}`],
        })),
      },
    },
  })),
  'properties of an answer’s format, for models before 2.5': {
    unit: 'property',
    of: (size) => {
      const properties = numbered(size, () => ({ type: ['string', 'null'] }))
      const json_schema = { name: 'answer', schema: { type: 'object', properties } }
      const response_format = { type: 'json_schema', json_schema }
      return asking({ messages: [hello], response_format }, older)
    },
    sizes: [50, 500, 5_000],
    wide: true,
  },

  pictures: {
    unit: 'picture',
    of: (size) => asking({ messages: [{ role: 'user', content: pictures(size) }] }),
    sizes: [10, 100, 1_000],
  },
  'pictures in a result': {
    unit: 'picture',
    of: (size) =>
      asking(
        {
          messages: [
            hello,
            { role: 'assistant', tool_calls: [call('call_0')] },
            { role: 'tool', tool_call_id: 'call_0', content: pictures(size) },
          ],
          tools: [tool()],
        },
        newer,
      ),
    sizes: [30, 300, 3_000],
  },

  // Up to the limit of a body.
  'a long message': inBody((size) => [{ role: 'user', content: letters(size) }]),
  'a long message of escaped letters': inBody((size) => [
    { role: 'user', content: '"\n'.repeat(size / 4) },
  ]),
  'a large picture': inBody((size) => [{ role: 'user', content: [picture(size)] }]),
  'a large picture, written for URLs': inBody((size) => [
    { role: 'user', content: [picture(size, '_-')] },
  ]),
  'a call with long arguments': inBody((size) => {
    const long = JSON.stringify({ text: letters(size / 2) })
    return [
      hello,
      { role: 'assistant', tool_calls: [call('call_0', { args: long })] },
      { role: 'tool', tool_call_id: 'call_0', content: long },
    ]
  }),
  'a call with arguments to be mended': {
    ...inBody((size) => [
      hello,
      {
        role: 'assistant',
        tool_calls: [call('call_0', { args: `{"list":[${'"a\n", '.repeat(size / 6)}]}` })],
      },
    ]),
    // Longer ones are not mended.
    sizes: [10, 50, 99],
  },
}

function inMessages(unit: string, of: (size: number) => object[]): GrowingWork {
  return { unit, of: (size) => asking({ messages: of(size) }), sizes: [100, 1_000, 10_000] }
}

function inCalls(unit: string, of: (size: number) => object[], model?: string): GrowingWork {
  return {
    unit,
    of: (size) => asking({ messages: of(size), tools: [tool()] }, model),
    sizes: [90, 900, 9_000],
  }
}

function inTools(of: (size: number) => object[], model?: string): GrowingWork {
  return {
    unit: 'tool',
    of: (size) => asking({ messages: [hello], tools: of(size) }, model),
    sizes: [10, 100, 500],
  }
}

function inSchema(unit: string, of: (size: number) => object): GrowingWork {
  return {
    unit,
    of: (size) => {
      const parameters = { type: 'object', ...of(size) }
      const only = { type: 'function', function: { name: 'look_up', parameters } }
      return asking({ messages: [hello], tools: [only] })
    },
    sizes: [50, 500, 5_000],
    wide: true,
  }
}

function inBody(of: (bytes: number) => object[]): GrowingWork {
  return {
    unit: 'kB',
    of: (size) => asking({ messages: of(size * 1_000), tools: [tool()] }),
    sizes: [320, 3_200, 32_000],
  }
}
