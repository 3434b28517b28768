import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, startClients } from './client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

describe('countTokens', () => {
  it('counts as usage does', async () => {
    const body = asking('Why is the sky blue?')
    const { usageMetadata } = await developer.whole('gemini-2.5-flash', body)
    const here = await answer(developer.post('gemini-2.5-flash:countTokens', body))
    assert.equal(here['totalTokens'], usageMetadata.promptTokenCount)
    const inner = { generateContentRequest: { model: 'models/gemini-2.5-flash', ...body } }
    assert.deepEqual(await answer(developer.post('gemini-2.5-flash:countTokens', inner)), here)
    const there = await answer(vertex.post('gemini-2.5-flash:countTokens', body))
    assert.deepEqual(Object.keys(there), [
      'totalTokens',
      'totalBillableCharacters',
      'promptTokensDetails',
    ])
    assert.equal(there['totalBillableCharacters'], 16)
  })

  it('has no unknown models and no unknown fields', async () => {
    const { status, text } = await developer.post('gemini-9:countTokens', asking('Hi'))
    assert.equal(status, 404)
    assert.match(text, /is not supported for countTokens/)
    assert.equal((await developer.post('gemini-2.5-flash:countTokens', { nothing: 1 })).status, 400)
  })
})

describe('embeddings', () => {
  const content = { parts: [{ text: 'a sunny day' }] }

  it('are unit vectors of the size that is wanted, closer for texts that share words', async () => {
    const texts = ['a sunny day', 'a sunny night', 'tax returns']
    const requests = texts.map((text) => ({
      model: 'models/gemini-embedding-001',
      content: { parts: [{ text }] },
      outputDimensionality: 256,
    }))
    const { embeddings } = await answer(
      developer.post('gemini-embedding-001:batchEmbedContents', { requests }),
    )
    const [day = [], night = [], taxes = []] = (embeddings as { values: number[] }[]).map(
      ({ values }) => values,
    )
    assert.equal(day.length, 256)
    assert.ok(Math.abs(product(day, day) - 1) < 1e-4)
    assert.ok(product(day, night) > product(day, taxes))
  })

  it('come one by one as well, with a count since the second generation', async () => {
    const first = await answer(developer.post('gemini-embedding-001:embedContent', { content }))
    assert.deepEqual(Object.keys(first), ['embedding'])
    const second = await answer(developer.post('gemini-embedding-2:embedContent', { content }))
    assert.deepEqual(Object.keys(second), ['embedding', 'usageMetadata'])
  })

  it('are predictions at Vertex AI', async () => {
    const body = {
      instances: [{ content: 'a' }, { content: 'b' }],
      parameters: { outputDimensionality: 4 },
    }
    const { predictions } = await answer(vertex.post('text-embedding-005:predict', body))
    const [{ embeddings } = {}] = predictions as { embeddings?: { values: number[] } }[]
    assert.equal(embeddings?.values.length, 4)
  })

  it('come from models of embeddings only', async () => {
    assert.equal((await developer.post('gemini-2.5-flash:embedContent', { content })).status, 404)
    assert.equal(
      (await developer.post('gemini-embedding-001:generateContent', asking('Hi'))).status,
      404,
    )
  })
})

describe('the list of models', () => {
  it('has images, speech and embeddings where Google lists them', async () => {
    const here = await list('/v1beta/models')
    for (const name of [
      'gemini-3.1-flash-image',
      'gemini-2.5-flash-preview-tts',
      'gemini-embedding-001',
    ]) {
      assert.ok(here.includes(`models/${name}`), name)
    }
    assert.ok(!here.includes('models/text-embedding-005'))
    assert.ok(
      (await list('/v1beta1/publishers/google/models')).includes(
        'publishers/google/models/text-embedding-005',
      ),
    )
  })
})

async function answer(reply: ReturnType<typeof developer.post>): Promise<Record<string, unknown>> {
  const { status, text } = await reply
  assert.equal(status, 200, text)
  return JSON.parse(text)
}

function product(a: number[], b: number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}

async function list(path: string): Promise<string[]> {
  const response = await fetch(emulator.url + path, { headers: { 'x-goog-api-key': 'key' } })
  const { models, publisherModels } = JSON.parse(await response.text())
  return (models ?? publisherModels).map(({ name }: { name: string }) => name)
}
