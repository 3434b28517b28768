import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { callsOf, partsOf, startClients, textOf, withTools } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const choosing = (mode: string, ...allowedFunctionNames: string[]) => ({
  toolConfig: {
    functionCallingConfig: { mode, ...(allowedFunctionNames.length && { allowedFunctionNames }) },
  },
})

describe('a call', () => {
  it('is made when the prompt mentions the function', async () => {
    const response = await developer.whole(
      'gemini-2.5-flash',
      withTools('How is the weather in Paris?'),
    )
    assert.deepEqual(callsOf(response), [['get_weather', { city: 'Paris' }]])
    assert.equal(response.candidates?.[0]?.finishReason, 'STOP')
    assert.equal(response.candidates?.[0]?.finishMessage, 'Model generated function call(s).')
  })

  it('is not made when the prompt does not, or when it must not', async () => {
    assert.deepEqual(callsOf(await vertex.whole('gemini-2.5-flash', withTools('Hello there'))), [])
    const forbidden = withTools('How is the weather in Paris?', choosing('NONE'))
    assert.match(textOf(await vertex.whole('gemini-2.5-flash', forbidden)), /weather/)
  })

  it('is made when it has to be, to a function that is allowed', async () => {
    const any = await developer.whole('gemini-2.5-flash', withTools('Hello there', choosing('ANY')))
    assert.equal(callsOf(any)[0]?.[0], 'get_weather')
    const body = withTools('Weather from Paris to Rome for 3', choosing('ANY', 'book_taxi'))
    assert.deepEqual(callsOf(await developer.whole('gemini-2.5-flash', body)), [
      ['book_taxi', { from: 'Paris', to: 'Rome', seats: 3 }],
    ])
  })

  it('takes from the prompt what it can', async () => {
    const body = withTools('What is the weather in San Francisco in fahrenheit?')
    assert.deepEqual(callsOf(await developer.whole('gemini-3.8-flash', body)), [
      ['get_weather', { city: 'San Francisco', unit: 'fahrenheit' }],
    ])
  })

  it('is made once for each city', async () => {
    const body = withTools('Weather in Paris, Rome and San Francisco, please')
    assert.deepEqual(callsOf(await vertex.whole('gemini-2.5-flash', body)), [
      ['get_weather', { city: 'Paris' }],
      ['get_weather', { city: 'Rome' }],
      ['get_weather', { city: 'San Francisco' }],
    ])
  })

  it('follows another where the prompt says then', async () => {
    const text = 'Look up the weather in Paris, then get a taxi from Orly to Paris'
    const first = await developer.whole('gemini-3.8-flash', withTools(text))
    assert.equal(callsOf(first)[0]?.[0], 'get_weather')
    const parts = partsOf([first])
    const contents = [
      { role: 'user', parts: [{ text }] },
      { role: 'model', parts },
      {
        role: 'user',
        parts: [{ functionResponse: { name: 'get_weather', response: { sky: 'clear' } } }],
      },
    ]
    const second = await developer.whole('gemini-3.8-flash', withTools('', { contents }))
    assert.deepEqual(
      callsOf(second).map(([name]) => name),
      ['book_taxi'],
    )
  })
})

describe('calls on the wire', () => {
  const body = withTools('How is the weather in Paris and Rome?')

  it('have ids at the Developer API since Gemini 3, and nowhere else', async () => {
    const named = ids(partsOf([await developer.whole('gemini-3.8-flash', body)]))
    assert.equal(new Set(named).size, 2)
    assert.ok(named.every((id) => id))
    for (const response of [
      await developer.whole('gemini-2.5-flash', body),
      await vertex.whole('gemini-3.8-flash', body),
    ]) {
      assert.deepEqual(ids(partsOf([response])), [undefined, undefined])
    }
  })

  it('sign the first of them only', async () => {
    for (const model of ['gemini-2.5-flash', 'gemini-3.1-pro-preview', 'gemini-3.8-flash']) {
      const whole = partsOf([await vertex.whole(model, body)])
      const streamed = partsOf(await vertex.streamed(model, body)).filter(
        (part) => part.functionCall,
      )
      for (const parts of [whole, streamed]) {
        assert.deepEqual(
          parts.map((part) => !!part.thoughtSignature),
          [true, false],
        )
      }
    }
  })

  it('come one an event, before an event that only ends the stream', async () => {
    const events = await vertex.streamed('gemini-3.8-flash', body)
    assert.deepEqual(
      events.map(({ candidates: [candidate] = [] }) => [
        candidate?.content?.parts?.length,
        candidate?.finishReason,
      ]),
      [
        [1, undefined],
        [1, undefined],
        [1, 'STOP'],
      ],
    )
    assert.deepEqual(events.at(-1)?.candidates?.[0]?.content?.parts, [{ text: '' }])
  })

  it('come all at once on 2.x, and end the stream themselves', async () => {
    const events = await developer.streamed('gemini-2.5-flash', body)
    assert.deepEqual(
      events.map(({ candidates: [candidate] = [] }) => [
        candidate?.content?.parts?.length,
        candidate?.finishReason,
      ]),
      [[2, 'STOP']],
    )
  })

  it('pass the contract when they are sent back as they came', async () => {
    for (const client of [developer, vertex]) {
      for (const model of ['gemini-2.5-flash', 'gemini-3.8-flash']) {
        const parts = partsOf([await client.whole(model, body)])
        const results = parts.map(({ functionCall }) => ({
          functionResponse: {
            ...(functionCall?.id && { id: functionCall.id }),
            name: functionCall?.name,
            response: { sky: 'clear' },
          },
        }))
        const contents = [
          { role: 'user', parts: [{ text: 'How is the weather in Paris and Rome?' }] },
          { role: 'model', parts },
          { role: 'user', parts: results },
        ]
        assert.match(textOf(await client.whole(model, withTools('', { contents }))), /clear/)
      }
    }
  })
})

function ids(parts: ReturnType<typeof partsOf>): (string | undefined)[] {
  return parts.flatMap(({ functionCall }) => (functionCall ? [functionCall.id] : []))
}
