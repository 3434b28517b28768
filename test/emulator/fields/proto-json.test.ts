import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'

describe('the JSON front end', () => {
  it('refuses a name it does not know, and says where', async () => {
    const error = await developer.refusal(flash, asking('Hi', { generationConfig: { foo: 1 } }))
    const description =
      'Invalid JSON payload received. Unknown name "foo" at \'generation_config\': Cannot find field.'
    assert.equal(error.message, description)
    assert.deepEqual(error.details, [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'generation_config', description }],
      },
    ])
  })

  it('refuses JSON that is no message', async () => {
    for (const body of ['[]', '"Hi"', 'null']) {
      const { status, text } = await developer.post(`${flash}:generateContent`, body)
      assert.equal(status, 400)
      assert.equal(
        JSON.parse(text).error.message,
        'Invalid JSON payload received. Unknown name "": Root element must be a message.',
      )
    }
  })

  it('refuses all offences at once', async () => {
    const { message } = await developer.refusal(
      flash,
      asking('Hi', { bar: 1, generationConfig: { temperature: 'hot' }, tools: 'none' }),
    )
    assert.equal(
      message,
      [
        'Invalid JSON payload received. Unknown name "bar": Cannot find field.',
        'Invalid value at \'generation_config.temperature\' (TYPE_FLOAT), "hot"',
        'Invalid value at \'tools[0]\' (type.googleapis.com/google.ai.generativelanguage.v1beta.Tool), "none"',
      ].join('\n'),
    )
  })

  it('refuses a name an enum does not have', async () => {
    const { message } = await developer.refusal(
      flash,
      asking('Hi', { safetySettings: [{ category: 'NONSENSE', threshold: 'OFF' }] }),
    )
    assert.equal(
      message,
      'Invalid value at \'safety_settings[0].category\' (type.googleapis.com/google.ai.generativelanguage.v1beta.HarmCategory), "NONSENSE"',
    )
  })

  it('refuses keywords the OpenAPI subset lacks, deep inside of a schema', async () => {
    const parameters = {
      type: 'object',
      properties: { a: { type: 'object', additionalProperties: false } },
    }
    const { message } = await developer.refusal(
      flash,
      asking('Hi', { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] }),
    )
    assert.equal(
      message,
      'Invalid JSON payload received. Unknown name "additionalProperties" at \'tools[0].function_declarations[0].parameters.properties[0].value\': Cannot find field.',
    )
  })

  it('refuses a list of types', async () => {
    const parameters = { type: 'object', properties: { a: { type: ['string', 'null'] } } }
    const { message } = await vertex.refusal(
      flash,
      asking('Hi', { tools: [{ functionDeclarations: [{ name: 'f', parameters }] }] }),
    )
    assert.match(
      message,
      /Unknown name "type" at .*: Proto field is not repeating, cannot start list\.$/,
    )
  })

  it('refuses two kinds of data in one part', async () => {
    const parts = [{ text: 'Hi', inlineData: { mimeType: 'image/png', data: 'AAAA' } }]
    const { message } = await developer.refusal(flash, { contents: [{ role: 'user', parts }] })
    assert.equal(
      message,
      "Invalid value at 'contents[0].parts[0]' (oneof), oneof field 'data' is already set. Cannot set 'inlineData'",
    )
  })

  it('refuses bytes that are not base64', async () => {
    const parts = [{ inlineData: { mimeType: 'image/png', data: 'no, not this' } }]
    const { message } = await developer.refusal(flash, { contents: [{ role: 'user', parts }] })
    assert.match(message, /\(TYPE_BYTES\), Base64 decoding failed for "no, not this"$/)
  })

  for (const [what, generationConfig, message] of [
    [
      'seed',
      { seed: 2 ** 31 },
      "Invalid value at 'generation_config.seed' (TYPE_INT32), 2147483648",
    ],
    [
      'budget',
      { thinkingConfig: { thinkingBudget: '-2147483649' } },
      'Invalid value at \'generation_config.thinking_config.thinking_budget\' (TYPE_INT32), "-2147483649"',
    ],
    [
      'temperature',
      { temperature: 1e39 },
      "Invalid value at 'generation_config.temperature' (TYPE_FLOAT), 1e+39",
    ],
  ] as const) {
    it(`refuses a ${what} that its type cannot hold`, async () => {
      assert.equal(
        (await developer.refusal(flash, asking('Hi', { generationConfig }))).message,
        message,
      )
    })
  }

  it('takes the largest and the smallest whole number', async () => {
    await developer.whole(flash, asking('Hi', { generationConfig: { seed: 2 ** 31 - 1 } }))
    await vertex.whole(flash, asking('Hi', { generationConfig: { seed: -(2 ** 31) } }))
  })

  it('reads durations and times, and refuses what is none', async () => {
    const clip = { inlineData: { mimeType: 'video/mp4', data: 'AAAA' } }
    const cut = (startOffset: unknown) => ({
      contents: [{ role: 'user', parts: [{ ...clip, videoMetadata: { startOffset } }] }],
    })
    await developer.whole(flash, cut('10s'))
    await vertex.whole(flash, cut('1.5s'))
    for (const wrong of ['10', '1m', 10]) {
      assert.equal(
        (await vertex.refusal(flash, cut(wrong))).message,
        "Invalid value at 'contents[0].parts[0].video_metadata.start_offset' (type.googleapis.com/google.protobuf.Duration), Field 'startOffset', Illegal duration format; duration must end with 's'",
      )
    }
    await developer.whole(flash, since('2026-01-01T00:00:00Z'))
    assert.match(
      (await developer.refusal(flash, since('yesterday'))).message,
      /start_time' \(type\.googleapis\.com\/google\.protobuf\.Timestamp\), Field 'startTime', Illegal timestamp/,
    )
  })

  it('reads both spellings, enums in any case, numbers in strings, and null for absent', async () => {
    await developer.whole('gemini-3.5-flash', {
      ...asking('Hi'),
      safety_settings: null,
      generation_config: {
        max_output_tokens: '500',
        thinkingConfig: { thinking_level: 'low', includeThoughts: true },
      },
    })
  })

  it('tells the backends apart', async () => {
    const labels = asking('Hi', { labels: { team: 'x' } })
    await vertex.whole(flash, labels)
    assert.match((await developer.refusal(flash, labels)).message, /Unknown name "labels"/)
    const tier = asking('Hi', { serviceTier: 'flex' })
    await developer.whole(flash, tier)
    assert.match((await vertex.refusal(flash, tier)).message, /Unknown name "serviceTier"/)
  })
})

function since(startTime: string) {
  return asking('Hi', { tools: [{ googleSearch: { timeRangeFilter: { startTime } } }] })
}
