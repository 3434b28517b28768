import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, callsOf, finishOf, partsOf, startClients, textOf, withTools } from './client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const models = [
  'gemini-2.0-flash',
  'gemini-2.5-flash',
  'gemini-3-flash-preview',
  'gemini-3.8-flash',
]

describe('text', () => {
  it('echoes what the prompt is about', async () => {
    const text = textOf(await developer.whole('gemini-2.5-flash', asking('Why is the sky blue?')))
    assert.match(text, /\bsky\b.*\bblue\b/)
  })

  it('is what the prompt dictates', async () => {
    for (const [prompt, answer] of [
      ['Say hello', 'hello'],
      ['Please say "Hello, world!" now', 'Hello, world!'],
      ['Reply with exactly OK and nothing else.', 'OK'],
      ["Be brief. Answer only with 'yes'", 'yes'],
      ['Repeat: a b c', 'a b c'],
    ] as const) {
      assert.equal(textOf(await vertex.whole('gemini-2.0-flash', asking(prompt))), answer)
    }
  })

  it('is the same whole and streamed, and comes in several events', async () => {
    for (const model of models) {
      for (const client of [developer, vertex]) {
        const question = asking('Explain the tides of the Baltic Sea')
        const events = await client.streamed(model, question)
        assert.ok(events.length > 3)
        const whole = await client.whole(model, question)
        assert.equal(textOf(...events), textOf(whole))
        assert.equal(finishOf(...events), finishOf(whole))
        assert.deepEqual(events.at(-1)?.usageMetadata, whole.usageMetadata)
      }
    }
  })

  it('acknowledges what came along by its type', async () => {
    const parts = [
      { text: 'What is this?' },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' } },
      { inlineData: { mimeType: 'application/pdf', data: 'AAAA' } },
    ]
    const response = await developer.whole('gemini-2.5-flash', { contents: [{ parts }] })
    assert.match(
      textOf(response),
      /^I see an image \(image\/png\)\. I read a document \(application\/pdf\)\./,
    )
    assert.deepEqual(response.usageMetadata.promptTokensDetails, [
      { modality: 'TEXT', tokenCount: 4 },
      { modality: 'IMAGE', tokenCount: 258 },
      { modality: 'DOCUMENT', tokenCount: 258 },
    ])
  })

  it('stops before a stop sequence', async () => {
    const body = asking('Say one two three', {
      generationConfig: { stopSequences: ['three', 'two'] },
    })
    const response = await developer.whole('gemini-2.5-flash', body)
    assert.equal(textOf(response), 'one ')
    assert.equal(finishOf(response), 'STOP')
  })

  it('ends at maxOutputTokens', async () => {
    const body = asking('Tell a long story', { generationConfig: { maxOutputTokens: 10 } })
    const response = await developer.whole('gemini-2.0-flash', body)
    assert.equal(finishOf(response), 'MAX_TOKENS')
    assert.equal(response.usageMetadata.candidatesTokenCount, 10)
  })

  it('has nothing left when thinking used up maxOutputTokens', async () => {
    const body = asking('Tell a long story', { generationConfig: { maxOutputTokens: 10 } })
    const [event] = await vertex.streamed('gemini-2.5-flash', body)
    assert.deepEqual(event?.candidates, [
      { content: { role: 'model' }, finishReason: 'MAX_TOKENS' },
    ])
    assert.equal(event?.usageMetadata.thoughtsTokenCount, 9)
    assert.equal(event?.usageMetadata.candidatesTokenCount, undefined)
  })

  it('comes from each of several candidates', async () => {
    const body = asking('Name a colour', { generationConfig: { candidateCount: 3 } })
    const { candidates = [] } = await developer.whole('gemini-2.5-flash', body)
    assert.deepEqual(
      candidates.map(({ index }) => index),
      [0, 1, 2],
    )
    const events = await vertex.streamed('gemini-2.0-flash', body)
    assert.notEqual(partsOf(events, 2)[0]?.text, partsOf(events, 0)[0]?.text)
    assert.deepEqual(
      events.flatMap(({ candidates: [candidate] = [] }) => candidate?.finishReason ?? []),
      ['STOP', 'STOP', 'STOP'],
    )
  })

  it('brings its probabilities when asked to', async () => {
    const generationConfig = { responseLogprobs: true, logprobs: 2 }
    const body = asking('Say hello there', { generationConfig })
    const { candidates: [candidate] = [] } = await vertex.whole('gemini-2.5-flash', body)
    const { chosenCandidates = [], topCandidates = [] } = candidate?.logprobsResult ?? {}
    assert.equal(chosenCandidates.map(({ token }) => token).join(''), 'hello there')
    assert.equal(topCandidates[0]?.candidates.length, 2)
    assert.ok((candidate?.avgLogprobs ?? 0) < 0)
  })
})

describe('the envelope', () => {
  it('has an id of its own for each response, and one for a whole stream', async () => {
    const [first, second] = [
      await developer.streamed('gemini-2.5-flash', asking('Why?')),
      await developer.streamed('gemini-2.5-flash', asking('Why?')),
    ]
    const ids = new Set(first.map(({ responseId }) => responseId))
    assert.equal(ids.size, 1)
    assert.ok(!ids.has(second[0]?.responseId ?? ''))
  })

  it('has the time at Vertex AI only, and an index at the Developer API only', async () => {
    const here = await developer.whole('gemini-2.5-flash', asking('Hi'))
    const there = await vertex.whole('gemini-2.5-flash', asking('Hi'))
    assert.deepEqual([here.createTime, here.candidates?.[0]?.index], [undefined, 0])
    assert.match(there.createTime ?? '', /^\d{4}-\d\d-\d\dT.*Z$/)
    assert.equal(there.candidates?.[0]?.index, undefined)
    assert.equal(there.modelVersion, 'gemini-2.5-flash')
  })
})

describe('usage', () => {
  it('adds up', async () => {
    for (const model of models) {
      const { usageMetadata } = await developer.whole(model, withTools('Why is the sky blue?'))
      const {
        promptTokenCount = 0,
        candidatesTokenCount = 0,
        thoughtsTokenCount = 0,
      } = usageMetadata
      assert.ok(promptTokenCount > 50 && candidatesTokenCount > 0)
      assert.equal(thoughtsTokenCount > 0, model !== 'gemini-2.0-flash')
      assert.equal(
        usageMetadata.totalTokenCount,
        promptTokenCount + candidatesTokenCount + thoughtsTokenCount,
      )
    }
  })

  it('runs along at the Developer API and waits for the end at Vertex AI', async () => {
    const here = await developer.streamed('gemini-2.5-flash', asking('Why is the sky blue?'))
    const counts = here.map(({ usageMetadata }) => usageMetadata.candidatesTokenCount ?? 0)
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => a - b),
    )
    assert.ok((counts[0] ?? 0) < (counts.at(-1) ?? 0))
    const there = await vertex.streamed('gemini-2.5-flash', asking('Why is the sky blue?'))
    for (const { usageMetadata } of there.slice(0, -1)) {
      assert.deepEqual(usageMetadata, { trafficType: 'ON_DEMAND' })
    }
    assert.ok(there.at(-1)?.usageMetadata.totalTokenCount)
  })

  it('counts what was cached', async () => {
    const body = asking('Hi', { cachedContent: 'cachedContents/1' })
    const { usageMetadata } = await developer.whole('gemini-2.5-flash', body)
    const { cachedContentTokenCount = 0, promptTokenCount = 0 } = usageMetadata
    assert.ok(cachedContentTokenCount > 0 && promptTokenCount > cachedContentTokenCount)
  })
})

describe('thoughts', () => {
  it('come first when asked for, and are counted either way', async () => {
    const events = await developer.streamed('gemini-3.5-flash', thinking({ includeThoughts: true }))
    const kinds = partsOf(events).map(({ thought }) => thought ?? false)
    assert.deepEqual(
      kinds,
      kinds.toSorted((a, b) => Number(b) - Number(a)),
    )
    assert.equal(kinds.filter(Boolean).length, 2)
    const silent = await developer.whole('gemini-3.5-flash', asking('Why is the sky blue?'))
    assert.ok(partsOf([silent]).every(({ thought }) => !thought))
    assert.ok(silent.usageMetadata.thoughtsTokenCount)
  })

  it('are more the higher the level, and none where they are off', async () => {
    const low = await counted('gemini-3.8-flash', { thinkingLevel: 'LOW' })
    const high = await counted('gemini-3.8-flash', { thinkingLevel: 'HIGH' })
    assert.ok(0 < low && low < high)
    assert.equal(await counted('gemini-2.5-flash', { thinkingBudget: 0 }), 0)
    assert.equal(await counted('gemini-3-flash-preview', { thinkingLevel: 'MINIMAL' }), 0)
    assert.equal(await counted('gemini-2.5-flash-lite', {}), 0)
    assert.equal(await counted('gemini-2.5-flash', { thinkingBudget: 5 }), 5)
  })
})

describe('signatures', () => {
  const question = asking('Why is the sky blue?')

  it('end a stream of Gemini 3 on an empty text', async () => {
    const events = await developer.streamed('gemini-3.8-flash', question)
    const [last] = events.at(-1)?.candidates ?? []
    const [part] = last?.content?.parts ?? []
    assert.equal(last?.finishReason, 'STOP')
    assert.equal(part?.text, '')
    assert.ok(part?.thoughtSignature)
    assert.equal(partsOf(events).filter(({ thoughtSignature }) => thoughtSignature).length, 1)
  })

  it('sit on the last text of 3.0 and 3.1 at Vertex AI, and of every whole answer', async () => {
    const events = await vertex.streamed('gemini-3-flash-preview', question)
    const last = partsOf(events).at(-1)
    assert.ok(last?.text && last.thoughtSignature)
    const whole = await developer.whole('gemini-3.8-flash', question)
    assert.ok(partsOf([whole]).at(-1)?.thoughtSignature)
  })

  it('come from 2.5 when it thought and has functions, from 2.0 never', async () => {
    assert.deepEqual(await signedParts('gemini-2.5-flash', withTools('Say a b c d')), [true, false])
    assert.ok(!(await signedParts('gemini-2.5-flash', question)).includes(true))
    assert.ok(!(await signedParts('gemini-2.0-flash', withTools('Say a b'))).includes(true))
    const unthinking = { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } }
    assert.ok(
      !(await signedParts('gemini-2.5-flash', withTools('Say a b', unthinking))).includes(true),
    )
  })
})

describe('results of functions', () => {
  it('are used in the answer', async () => {
    const contents = [
      { role: 'user', parts: [{ text: 'Weather in Paris?' }] },
      { role: 'model', parts: [{ functionCall: { name: 'get_weather', args: {} } }] },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'get_weather', response: { sky: 'clear', degrees: 21 } } },
        ],
      },
    ]
    const response = await developer.whole('gemini-2.5-flash', withTools('', { contents }))
    assert.deepEqual(callsOf(response), [])
    assert.match(textOf(response), /sky is clear.*degrees is 21/)
  })

  it('are used all together at the end of several steps', async () => {
    const model = 'gemini-3.8-flash'
    const text = 'Look up the weather in Paris, then get a taxi from Orly to Paris'
    const contents: Record<string, unknown>[] = [{ role: 'user', parts: [{ text }] }]
    for (const response of [{ sky: 'clear' }, { car: 'red' }]) {
      const parts = partsOf([await developer.whole(model, withTools('', { contents }))])
      const [call] = parts.flatMap(({ functionCall }) => functionCall ?? [])
      const functionResponse = { id: call?.id, name: call?.name, response }
      contents.push({ role: 'model', parts }, { role: 'user', parts: [{ functionResponse }] })
    }
    const last = await developer.whole(model, withTools('', { contents }))
    assert.match(textOf(last), /get_weather says: sky is clear.*book_taxi says: car is red/)
  })
})

function thinking(thinkingConfig: object) {
  return asking('Why is the sky blue?', { generationConfig: { thinkingConfig } })
}

async function counted(model: string, config: object): Promise<number> {
  const { usageMetadata } = await vertex.whole(model, thinking(config))
  return usageMetadata.thoughtsTokenCount ?? 0
}

async function signedParts(model: string, body: Record<string, unknown>): Promise<boolean[]> {
  const parts = partsOf(await developer.streamed(model, body))
  return parts.map(({ thoughtSignature }) => thoughtSignature !== undefined)
}
