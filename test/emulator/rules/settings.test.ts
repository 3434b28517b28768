import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, getWeather, startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'
const newest = 'gemini-3.8-flash'

describe('settings', () => {
  const schema = { type: 'OBJECT', properties: { a: { type: 'STRING' } } }
  const json = { responseMimeType: 'application/json' }
  const functions = { tools: [{ functionDeclarations: [getWeather] }] }

  for (const [what, model, body, message] of [
    ['temperature', flash, set({ temperature: 2.5 }), /temperature must be in the range \[0, 2\]/],
    [
      'tokens',
      flash,
      set({ maxOutputTokens: 70000 }),
      /maxOutputTokens value of 70000 but the supported range is from 1 \(inclusive\) to 65537/,
    ],
    [
      'stop sequences',
      flash,
      set({ stopSequences: ['a', 'b', 'c', 'd', 'e', 'f'] }),
      /stop_sequences/,
    ],
    [
      'candidates',
      newest,
      set({ candidateCount: 2 }),
      /^Multiple candidates is not enabled for this model$/,
    ],
    ['penalties', flash, set({ presencePenalty: 0.5 }), /^Penalty is not enabled/],
    ['logprobs', flash, set({ responseLogprobs: true, logprobs: 2 }), /^Logprobs is not enabled/],
    [
      'mime types',
      flash,
      set({ responseMimeType: 'text/html' }),
      /response_mime_type: allowed mimetypes are/,
    ],
    [
      'a schema for plain text',
      flash,
      set({ responseSchema: schema }),
      /^Response_schema with a response mime type 'text\/plain' is unsupported$/,
    ],
    [
      'JSON beside functions',
      flash,
      set(json, functions),
      /^Function calling with a response mime type: 'application\/json' is unsupported$/,
    ],
    [
      'JSON beside search',
      flash,
      set(json, { tools: [{ googleSearch: {} }] }),
      /^controlled generation is not supported/,
    ],
    [
      'JSON beside other tools',
      flash,
      set(json, { tools: [{ codeExecution: {} }] }),
      /^Tool use with a response mime type: 'application\/json' is unsupported$/,
    ],
    [
      'one of several beside functions',
      flash,
      set(
        { responseMimeType: 'text/x.enum', responseSchema: { type: 'STRING', enum: ['a'] } },
        functions,
      ),
      /^Function calling with a response mime type: 'text\/x\.enum' is unsupported$/,
    ],
    [
      'two schemas',
      flash,
      set({ ...json, responseSchema: schema, responseJsonSchema: {} }),
      /response_json_schema/,
    ],
    [
      'enum of numbers',
      flash,
      set({ ...json, responseSchema: { type: 'INTEGER', enum: ['1'] } }),
      /response_schema\.enum: only allowed for STRING type/,
    ],
    [
      'a list of nothing',
      flash,
      set({ ...json, responseSchema: { type: 'ARRAY' } }),
      /response_schema\.items: missing field/,
    ],
    [
      'nothing for an object',
      flash,
      set({ ...json, responseSchema: { type: 'OBJECT' } }),
      /response_schema\.properties: should be non-empty for OBJECT type\n$/,
    ],
    [
      'nothing for an object inside of another',
      flash,
      set({
        ...json,
        responseSchema: { ...schema, properties: { a: { type: 'OBJECT', properties: {} } } },
      }),
      /response_schema\.properties\[a\]\.properties: should be non-empty for OBJECT type\n$/,
    ],
    [
      'properties of what has no type',
      flash,
      set({
        ...json,
        responseSchema: { ...schema, properties: { a: { ...schema, type: undefined } } },
      }),
      /response_schema\.properties\[a\]\.properties: only allowed for OBJECT type\n$/,
    ],
    [
      'a nameless one among several',
      flash,
      set({ ...json, responseSchema: { type: 'STRING', enum: ['a', ''] } }),
      /response_schema\.enum\[1\]: cannot be empty\n$/,
    ],
    [
      'required properties of what has none',
      flash,
      set({ ...json, responseSchema: { anyOf: [{ required: ['a'] }] } }),
      /response_schema\.any_of\[0\]\.required: only allowed for OBJECT type\n$/,
    ],
    [
      'a reference beside others',
      flash,
      set({
        ...json,
        responseJsonSchema: {
          $defs: { a: {} },
          properties: { b: { $ref: '#/$defs/a', type: 'string' } },
        },
      }),
      /was set alongside unsupported fields/,
    ],
    [
      'a dangling reference',
      flash,
      set({ ...json, responseJsonSchema: { properties: { b: { $ref: '#/$defs/a' } } } }),
      /reference to undefined schema/,
    ],
    [
      'safety twice',
      flash,
      asking('Hi', {
        safetySettings: [
          { category: 'HARM_CATEGORY_HARASSMENT' },
          { category: 'HARM_CATEGORY_HARASSMENT' },
        ],
      }),
      /safety_settings/,
    ],
    [
      'a cache beside tools',
      flash,
      asking('Hi', { cachedContent: 'cachedContents/1', ...functions }),
      /^CachedContent can not be used with GenerateContent request setting system_instruction/,
    ],
  ] as const) {
    it(`of ${what} are refused by ${model}`, async () => {
      assert.match((await developer.refusal(model, body)).message, message)
    })
  }

  for (const [config, range] of [
    [
      { temperature: 2.5 },
      'temperature value of 2.5 but the supported range is from 0 (inclusive) to 2.0001',
    ],
    [{ topP: 1.5 }, 'topP value of 1.5 but the supported range is from 0 (inclusive) to 1.0001'],
    [
      { presencePenalty: 2 },
      'presencePenalty value of 2 but the supported range is from -2 (inclusive) to 2',
    ],
    [{ logprobs: 21 }, 'logprobs value of 21 but the supported range is from 0 (inclusive) to 21'],
  ] as const) {
    it(`out of range are refused by Vertex AI: ${JSON.stringify(config)}`, async () => {
      const { message } = await vertex.refusal(flash, set(config))
      assert.ok(message.startsWith(`Unable to submit request because it has a ${range} (`), message)
    })
  }

  it('at the end of their range pass', async () => {
    await vertex.whole(flash, set({ temperature: 2, topP: 1, presencePenalty: -2 }))
    await developer.whole('gemini-2.0-flash', set({ temperature: 2, topP: 1, presencePenalty: 2 }))
  })

  it('of a cache beside tools are refused in the words of Vertex AI', async () => {
    const body = asking('Hi', { cachedContent: 'projects/p/cachedContents/1', ...functions })
    assert.equal(
      (await vertex.refusal(flash, body)).message,
      'Tool config, tools and system instruction should not be set in the request when using cached content.',
    )
  })

  it('for safety are told by Model Armor or by themselves', async () => {
    const armor = { modelArmorConfig: { promptTemplateName: 'projects/p/locations/l/templates/t' } }
    const safety = { safetySettings: [{ category: 'HARM_CATEGORY_HARASSMENT', threshold: 'OFF' }] }
    await vertex.whole(flash, asking('Hi', armor))
    const { message } = await vertex.refusal(flash, asking('Hi', { ...armor, ...safety }))
    assert.equal(message, 'Request contains an invalid argument.')
  })

  it('that only one backend or generation refuses pass at the others', async () => {
    await vertex.whole(flash, set({ presencePenalty: 0.5, responseLogprobs: true, logprobs: 2 }))
    await developer.whole('gemini-2.0-flash', set({ frequencyPenalty: 0.5, candidateCount: 2 }))
    await developer.whole(newest, set(json, functions))
    await developer.whole(flash, asking('Hi', { cachedContent: 'cachedContents/1' }))
  })
})

function set(generationConfig: object, more = {}) {
  return asking('Hi', { generationConfig, ...more })
}
