import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients, textOf } from '../client.ts'
import { checkValue } from '../shared.ts'

const { emulator, developer } = await startClients()
after(() => emulator.close())

async function jsonFor(prompt: string, schema: object): Promise<Record<string, unknown>> {
  const generationConfig = { responseMimeType: 'application/json', responseJsonSchema: schema }
  const response = await developer.whole('gemini-2.5-flash', asking(prompt, { generationConfig }))
  const value: Record<string, unknown> = JSON.parse(textOf(response))
  checkValue(value, schema)
  return value
}

const object = (properties: object, more = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more,
})

describe('JSON that fits a schema', () => {
  for (const [what, schema] of [
    [
      'strings, numbers and booleans',
      object({ a: { type: 'string' }, b: { type: 'number' }, c: { type: 'boolean' } }),
    ],
    [
      'limits of numbers',
      object({
        a: { type: 'integer', minimum: 3, maximum: 5 },
        b: { type: 'number', exclusiveMinimum: 9, exclusiveMaximum: 9.9 },
        c: { type: 'integer', multipleOf: 5, minimum: 7 },
      }),
    ],
    [
      'limits of strings',
      object({
        a: { type: 'string', minLength: 30 },
        b: { type: 'string', maxLength: 2 },
        c: { type: 'string', pattern: '^[A-Z]{3}$' },
        d: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' },
      }),
    ],
    [
      'lists',
      object({
        a: { type: 'array', items: { type: 'string' }, minItems: 4 },
        b: { type: 'array', items: { type: 'integer' }, maxItems: 1 },
        c: { type: 'array', items: { enum: ['x', 'y', 'z'] }, uniqueItems: true },
      }),
    ],
    [
      'tuples',
      object({
        a: {
          type: 'array',
          prefixItems: [{ type: 'string' }, { type: 'integer' }],
          items: { type: 'boolean' },
        },
      }),
    ],
    [
      'enums and constants',
      object({
        a: { enum: ['red', 'green'] },
        b: { const: 42 },
        c: { type: ['integer', 'null'], enum: [7, null] },
      }),
    ],
    ['null', object({ a: { type: 'null' }, b: { type: ['null', 'string'] } })],
    [
      'alternatives',
      object({
        a: { anyOf: [{ type: 'null' }, { type: 'integer' }] },
        b: { oneOf: [object({ x: { const: 1 } }), object({ y: { const: 2 } })] },
      }),
    ],
    [
      'sums',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'integer' } }, required: ['b'] },
        ],
      },
    ],
    ['maps', object({ a: { type: 'object', additionalProperties: { type: 'integer' } } })],
    [
      'references',
      object(
        { a: { $ref: '#/$defs/city' } },
        { $defs: { city: object({ name: { type: 'string' } }) } },
      ),
    ],
    [
      'trees',
      {
        $ref: '#/$defs/node',
        $defs: {
          node: {
            type: 'object',
            properties: {
              name: { type: 'string' },
              children: { type: 'array', items: { $ref: '#/$defs/node' } },
            },
            required: ['name', 'children'],
          },
        },
      },
    ],
    [
      'chains',
      {
        type: 'object',
        properties: { name: { type: 'string' }, next: { $ref: '#' } },
        required: ['name'],
      },
    ],
    ['roots that are lists', { type: 'array', items: { type: 'integer' }, minItems: 3 }],
  ] as const) {
    it(`satisfies ${what}`, async () => {
      await jsonFor('Invent something about Ada Lovelace, born 1815', schema)
    })
  }

  it('knows the common formats', async () => {
    const formats = ['date-time', 'date', 'email', 'uuid']
    const schema = object(
      Object.fromEntries(formats.map((format) => [format, { type: 'string', format }])),
    )
    const value = await jsonFor('Go', schema)
    assert.ok(!Number.isNaN(Date.parse(String(value['date-time']))))
    assert.match(String(value['date']), /^\d{4}-\d\d-\d\d$/)
    assert.match(String(value['email']), /^\S+@\S+\.\S+$/)
    assert.match(String(value['uuid']), /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/)
  })

  it('takes names, numbers and choices from the prompt', async () => {
    const schema = object({
      city: { type: 'string' },
      people: { type: 'integer' },
      mood: { type: 'string', enum: ['sad', 'happy'] },
    })
    assert.deepEqual(await jsonFor('Some 90 happy people of Oslo', schema), {
      city: 'Oslo',
      people: 90,
      mood: 'happy',
    })
  })

  it('survives a schema that nothing satisfies, and a pattern that is none', async () => {
    const endless = { type: 'object', properties: { me: { $ref: '#' } }, required: ['me'] }
    const generationConfig = { responseMimeType: 'application/json', responseJsonSchema: endless }
    await developer.whole('gemini-2.5-flash', asking('Go', { generationConfig }))
    const responseJsonSchema = { type: 'string', pattern: '(' }
    await developer.whole(
      'gemini-2.5-flash',
      asking('Go', { generationConfig: { ...generationConfig, responseJsonSchema } }),
    )
  })
})

describe('other formats', () => {
  it('is JSON without a schema too', async () => {
    const generationConfig = { responseMimeType: 'application/json' }
    const body = asking('Say hello', { generationConfig })
    assert.deepEqual(JSON.parse(textOf(await developer.whole('gemini-2.5-flash', body))), {
      answer: 'hello',
    })
  })

  it('is JSON in the OpenAPI subset, streamed', async () => {
    const responseSchema = {
      type: 'OBJECT',
      properties: { name: { type: 'STRING' }, age: { type: 'INTEGER', nullable: true } },
      required: ['name'],
    }
    const generationConfig = { responseMimeType: 'application/json', responseSchema }
    const events = await developer.streamed(
      'gemini-2.0-flash',
      asking('Tell me about Bob, 30', { generationConfig }),
    )
    assert.ok(events.length > 1)
    assert.deepEqual(JSON.parse(textOf(...events)), { name: 'Bob', age: 30 })
  })

  it('is one word out of an enum', async () => {
    const responseSchema = { type: 'STRING', enum: ['cat', 'dog'] }
    const generationConfig = { responseMimeType: 'text/x.enum', responseSchema }
    const body = asking('Is it a dog?', { generationConfig })
    assert.equal(textOf(await developer.whole('gemini-2.5-flash', body)), 'dog')
  })
})
