import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import { type Backend, type BackendSettings, createBackends } from '../../src/upstream/backend.ts'
import type { Provider } from '../../src/translate/gemini.ts'

// Only who is chosen counts here, so neither can answer.
const unable = () => Promise.reject(new Error('not asked here'))
const vertex: Backend = { complete: unable, stream: unable }
const gemini: Backend = { complete: unable, stream: unable }
const partner: Backend = { complete: unable, stream: unable }
const own: Backend = { complete: unable, stream: unable }

const onVertex = {
  vertex: { backend: vertex, partners: () => partner, project: 'p', location: 'us-central1' },
}
const onGemini = { gemini: { backend: gemini } }
const neither: BackendSettings = {
  vertex: undefined,
  gemini: undefined,
  endpoints: [],
  preferred: 'gemini',
}
const both = createBackends({ ...neither, ...onVertex, ...onGemini })
const bothVertex = createBackends({ ...neither, ...onVertex, ...onGemini, preferred: 'vertex' })
const onlyVertex = createBackends({ ...neither, ...onVertex, preferred: 'vertex' })
const onlyGemini = createBackends({ ...neither, ...onGemini })

function who({ backend, model }: { backend: Backend; model: string }): [string, string] {
  return [backend === vertex ? 'vertex' : 'gemini', model]
}

function isUnknown(error: unknown): boolean {
  return (
    error instanceof ApiError &&
    error.status === 404 &&
    error.code === 'model_not_found' &&
    error.param === 'model'
  )
}

describe('the name of a model', () => {
  const full = 'projects/p/locations/us-central1/publishers/google/models/gemini-2.5-pro'
  const table: [name: string, provider: Provider, model: string][] = [
    ['gemini-2.5-pro', 'gemini', 'gemini-2.5-pro'],
    ['google/gemini-2.5-pro', 'vertex', 'gemini-2.5-pro'],
    ['models/gemini-2.5-pro', 'gemini', 'gemini-2.5-pro'],
    ['publishers/google/models/gemini-2.5-pro', 'vertex', 'gemini-2.5-pro'],
    [full, 'vertex', 'gemini-2.5-pro'],
    ['gemini/gemini-2.5-pro', 'gemini', 'gemini-2.5-pro'],
    ['vertex/gemini-2.5-pro', 'vertex', 'gemini-2.5-pro'],
    ['vertex_ai/gemini-2.5-pro', 'vertex', 'gemini-2.5-pro'],
    ['vertex/google/gemini-2.5-pro', 'vertex', 'gemini-2.5-pro'],
    ['gemini/models/gemini-2.5-pro', 'gemini', 'gemini-2.5-pro'],
    ['gemini-99.9-ultra-preview-12-2031', 'gemini', 'gemini-99.9-ultra-preview-12-2031'],
    ['gemini-flash-latest', 'gemini', 'gemini-flash-latest'],
    ['gemma-3-27b-it', 'gemini', 'gemma-3-27b-it'],
    ['learnlm-2.0-flash-experimental', 'gemini', 'learnlm-2.0-flash-experimental'],
  ]
  for (const [name, provider, model] of table) {
    it(`says who serves it: ${name}`, () => {
      assert.deepEqual(who(both.serving(name)), [provider, model])
      assert.deepEqual(both.serving(name).names, [name, model])
    })
  }

  for (const name of [
    '',
    'gpt-4o',
    'openai/gpt-4o',
    'google/',
    'models/',
    'gemini',
    'gemini-',
    'Gemini-2.5-pro',
    'xgemini-2.5-pro',
    ' gemini-2.5-pro',
    'gemini-2.5-pro ',
    'gemini-2.5-pro\n',
    'text-embedding-004',
    'tunedModels/my-model',
    'projects/p/locations/us-central1/endpoints/4711',
    'publishers/meta/models/llama-4',
    `gemini-${'x'.repeat(200)}`,
    `${'google/'.repeat(100_000)}gemini-2.5-pro`,
  ]) {
    it(`is unknown, not guessed: ${JSON.stringify(name).slice(0, 60)}`, () => {
      assert.throws(() => both.serving(name), isUnknown)
    })
  }

  it('must be of the project and location that are configured', () => {
    for (const name of [
      'projects/other/locations/us-central1/publishers/google/models/gemini-2.5-pro',
      'projects/p/locations/global/publishers/google/models/gemini-2.5-pro',
      'vertex/projects/other/locations/us-central1/publishers/google/models/gemini-2.5-pro',
    ]) {
      assert.throws(() => both.serving(name), isUnknown, name)
      assert.throws(() => onlyGemini.serving(name), isUnknown, name)
    }
  })
})

describe('with both backends', () => {
  it('a bare name goes to the preferred one', () => {
    assert.deepEqual(who(both.serving('gemini-2.5-pro'))[0], 'gemini')
    assert.deepEqual(who(bothVertex.serving('gemini-2.5-pro'))[0], 'vertex')
  })

  it('a prefix beats the preference', () => {
    assert.equal(who(bothVertex.serving('gemini/gemini-2.5-pro'))[0], 'gemini')
    assert.equal(who(both.serving('vertex/gemini-2.5-pro'))[0], 'vertex')
  })

  it('the door decides for names that do not say', () => {
    assert.equal(who(both.serving('gemini-2.5-pro', 'vertex'))[0], 'vertex')
    assert.equal(who(bothVertex.serving('gemini-2.5-pro', 'gemini'))[0], 'gemini')
    assert.equal(who(bothVertex.serving('google/gemini-2.5-pro', 'gemini'))[0], 'gemini')
    assert.equal(who(both.serving('models/gemini-2.5-pro', 'vertex'))[0], 'vertex')
  })

  it('an outright prefix beats the door', () => {
    assert.equal(who(both.serving('gemini/gemini-2.5-pro', 'vertex'))[0], 'gemini')
    assert.equal(who(both.serving('vertex/gemini-2.5-pro', 'gemini'))[0], 'vertex')
  })
})

describe('with one backend', () => {
  it('habits of the other API are served all the same', () => {
    assert.equal(who(onlyGemini.serving('google/gemini-2.5-pro'))[0], 'gemini')
    assert.equal(who(onlyVertex.serving('models/gemini-2.5-pro'))[0], 'vertex')
    assert.equal(who(onlyGemini.serving('gemini-2.5-pro', 'vertex'))[0], 'gemini')
    assert.equal(who(onlyVertex.serving('gemini-2.5-pro', 'gemini'))[0], 'vertex')
  })

  it('the other one is not there when it is asked for outright', () => {
    assert.throws(() => onlyGemini.serving('vertex/gemini-2.5-pro'), isUnknown)
    assert.throws(() => onlyVertex.serving('gemini/gemini-2.5-pro'), isUnknown)
  })
})

describe('models of others', () => {
  const place = { project: 'p', location: 'us-central1', endpoint: '4711' }
  const endpoints = [
    { name: 'my-gemma', place, backend: own },
    { name: 'gemini-2.5-pro', place: undefined, backend: own },
  ]
  const backends = createBackends({ ...neither, ...onVertex, ...onGemini, endpoints })

  it('are served by the endpoint of that name, even where Google has one like it', () => {
    assert.deepEqual(backends.serving('my-gemma'), {
      backend: own,
      model: 'my-gemma',
      names: ['my-gemma'],
    })
    assert.equal(backends.serving('gemini-2.5-pro').backend, own)
    assert.equal(backends.serving('vertex/gemini-2.5-pro').backend, vertex)
    assert.deepEqual(backends.names, ['my-gemma', 'gemini-2.5-pro'])
  })

  it('are found at their own place on Vertex AI, and nowhere else', () => {
    assert.equal(backends.endpoint(place).backend, own)
    for (const wrong of [
      { ...place, endpoint: '4712' },
      { ...place, project: 'q' },
      { ...place, location: 'global' },
    ]) {
      assert.throws(
        () => backends.endpoint(wrong),
        (error) =>
          error instanceof ApiError && error.status === 404 && error.code === 'unknown_url',
      )
    }
  })

  it('are Google’s partners’ where the name says so and Vertex AI is there', () => {
    const name = 'meta/llama-3.3-70b-instruct-maas'
    assert.deepEqual(backends.serving(name), { backend: partner, model: name, names: [name] })
    assert.throws(() => onlyGemini.serving(name), isUnknown)
    for (const evil of ['../x-maas', 'meta/../x-maas', 'meta/x-maas?', 'google/x-maas', 'x-maas']) {
      assert.throws(() => backends.serving(evil), isUnknown, evil)
    }
  })
})
