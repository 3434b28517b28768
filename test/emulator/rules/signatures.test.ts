import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startClients } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const flash = 'gemini-2.5-flash'
const newest = 'gemini-3.8-flash'

describe('thought signatures', () => {
  it('are missed at every step of the current turn, in the words of each backend', async () => {
    const here = await developer.refusal(newest, history('c2ln', undefined))
    assert.match(
      here.message,
      /^Function call is missing a thought_signature in functionCall parts\. .*`default_api:get_weather` , position 4\./,
    )
    const there = await vertex.refusal('gemini-3-flash-preview', history(undefined))
    assert.match(
      there.message,
      /`default_api:get_weather` in the 2\. content block is missing a `thought_signature`/,
    )
  })

  it('are not missed in older turns, nor before Gemini 3', async () => {
    const { contents } = history(undefined)
    const next = [
      ...contents,
      { role: 'model', parts: [{ text: 'Clear.' }] },
      { role: 'user', parts: [{ text: 'Thanks' }] },
    ]
    await developer.whole(newest, { contents: next })
    await developer.whole(flash, { contents })
  })

  it('are needed on the first of parallel calls only', async () => {
    const calls = [
      { functionCall: { name: 'f', args: {} }, thoughtSignature: 'c2ln' },
      { functionCall: { name: 'g', args: {} } },
    ]
    const results = ['f', 'g'].map((name) => ({ functionResponse: { name, response: {} } }))
    await developer.whole(newest, {
      contents: [
        { role: 'user', parts: [{ text: 'Hi' }] },
        { role: 'model', parts: calls },
        { role: 'user', parts: results },
      ],
    })
  })

  it('may be dummies, plain or in base64', async () => {
    for (const dummy of [
      'skip_thought_signature_validator',
      'context_engineering_is_the_way_to_go',
      'c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I=',
    ]) {
      await developer.whole(newest, history(dummy))
      await vertex.whole(newest, history(dummy))
    }
  })

  it('must be base64', async () => {
    const { message } = await developer.refusal(newest, history('not base64!'))
    assert.equal(
      message,
      'Invalid value at \'contents[1].parts[0].thought_signature\' (TYPE_BYTES), Base64 decoding failed for "not base64!"',
    )
  })
})

function history(...signatures: (string | undefined)[]) {
  return {
    contents: [
      { role: 'user', parts: [{ text: 'Weather in Paris, then a taxi' }] },
      ...signatures.flatMap((thoughtSignature) => [
        {
          role: 'model',
          parts: [{ functionCall: { name: 'get_weather', args: {} }, thoughtSignature }],
        },
        {
          role: 'user',
          parts: [{ functionResponse: { name: 'get_weather', response: { sky: 'clear' } } }],
        },
      ]),
    ],
  }
}
