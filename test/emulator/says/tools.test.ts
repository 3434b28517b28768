import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import type { GenerateContentResponse } from '../../../src/emulator/response.ts'
import { asking, partsOf, startClients, textOf } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const search = { tools: [{ googleSearch: {} }] }

describe('grounding', () => {
  const question = asking('Why is the größte sky blue at noon?', search)

  it('names the bytes of the text that rest on its sources', async () => {
    const response = await developer.whole('gemini-2.5-flash', question)
    const text = Buffer.from(textOf(response))
    const { groundingSupports = [], groundingChunks = [], webSearchQueries } = grounding(response)
    assert.ok(groundingSupports.length > 1 && groundingChunks.length > 1)
    for (const { segment, groundingChunkIndices } of groundingSupports) {
      const { startIndex = 0, endIndex } = segment
      assert.equal(text.subarray(startIndex, endIndex).toString(), segment.text)
      assert.ok(groundingChunkIndices.every((index) => groundingChunks[index]))
    }
    assert.ok(webSearchQueries?.length)
    assert.ok(response.usageMetadata.toolUsePromptTokenCount)
  })

  it('comes bit by bit in streams of Vertex AI, and amounts to the same', async () => {
    const model = 'gemini-3.8-flash'
    const events = await vertex.streamed(model, question)
    const parts = events.map((event) => grounding(event))
    assert.ok(parts.filter(({ groundingChunks = [] }) => groundingChunks.length > 0).length > 1)
    const { groundingChunks, groundingSupports } = grounding(await vertex.whole(model, question))
    assert.deepEqual(
      parts.flatMap((part) => part.groundingChunks ?? []),
      groundingChunks,
    )
    assert.deepEqual(
      parts.flatMap((part) => part.groundingSupports ?? []),
      groundingSupports,
    )
  })

  it('comes from maps and files too', async () => {
    const maps = asking('Pizza near Paris', { tools: [{ googleMaps: {} }] })
    const places = grounding(await vertex.whole('gemini-2.5-flash', maps))
    assert.ok(places.groundingChunks?.[0]?.maps?.placeId && places.retrievalQueries)
    const store = { fileSearchStoreNames: ['fileSearchStores/mine'] }
    const files = asking('The rules of chess', { tools: [{ fileSearch: store }] })
    const found = grounding(await developer.whole('gemini-2.5-flash', files))
    const context = found.groundingChunks?.[0]?.retrievedContext
    assert.equal(context?.fileSearchStore, 'fileSearchStores/mine')
  })

  it('is not there where a function is called', async () => {
    const body = asking('The weather in Paris', {
      tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: 'get_weather' }] }],
    })
    const { candidates } = await vertex.whole('gemini-3.8-flash', body)
    assert.equal(candidates?.[0]?.groundingMetadata, undefined)
  })
})

describe('pages', () => {
  it('are read, or cannot be', async () => {
    const text =
      'Compare https://example.com, https://nowhere.invalid/x and https://paywall.example.com.'
    const response = await developer.whole(
      'gemini-2.5-flash',
      asking(text, { tools: [{ urlContext: {} }] }),
    )
    assert.deepEqual(response.candidates?.[0]?.urlContextMetadata, {
      urlMetadata: [
        { retrievedUrl: 'https://example.com', urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_SUCCESS' },
        {
          retrievedUrl: 'https://nowhere.invalid/x',
          urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_ERROR',
        },
        {
          retrievedUrl: 'https://paywall.example.com',
          urlRetrievalStatus: 'URL_RETRIEVAL_STATUS_PAYWALL',
        },
      ],
    })
  })
})

describe('code', () => {
  const code = { tools: [{ codeExecution: {} }] }

  it('is run as Python would run it', async () => {
    for (const [sum, result] of [
      ['2 + 3 * 4', '14'],
      ['7 / 2', '3.5'],
      ['8 / 2', '4.0'],
      ['987654321 * 123456789', '121932631112635269'],
      ['2 ** 3 ** 1', '8'],
      ['17 squared', '289'],
      ['1.5 * 2', '3.0'],
    ] as const) {
      const response = await developer.whole('gemini-2.5-flash', asking(`Compute ${sum}`, code))
      const [first, second] = partsOf([response])
      assert.match(first?.executableCode?.code ?? '', /^print\(/)
      assert.equal(second?.codeExecutionResult?.output, `${result}\n`, sum)
      assert.match(textOf(response), new RegExp(`${result.replace('.', String.raw`\.`)}\\.$`))
    }
  })

  it('has ids and signatures since Gemini 3', async () => {
    const [first, second] = partsOf([
      await developer.whole('gemini-3.8-flash', asking('Compute 2 + 2', code)),
    ])
    assert.ok(first?.thoughtSignature && first.executableCode?.id)
    assert.equal(second?.codeExecutionResult?.id, first.executableCode.id)
  })

  it('is not run where there is nothing to compute', async () => {
    assert.deepEqual(partsOf([await vertex.whole('gemini-2.5-flash', asking('Say hello', code))]), [
      { text: 'hello' },
    ])
  })
})

function grounding({ candidates: [candidate] = [] }: GenerateContentResponse) {
  return candidate?.groundingMetadata ?? {}
}
