import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { developerGate, isApiKey, vertexGate, vertexHost } from '../../src/upstream/google.ts'
import { fixedToken } from '../../src/upstream/token.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { startGateway } from '../support/gateway.ts'
import { postAll } from '../support/raw-client.ts'

const tokens = fixedToken('t')
const developer = developerGate({
  apiKeys: ['k'],
  baseUrl: 'https://generativelanguage.googleapis.com',
})

function vertexAt(location: string) {
  return vertexGate({ project: 'p', location, baseUrl: undefined, apiVersion: 'v1beta1' }, tokens)
}

describe('Vertex AI', () => {
  for (const [location, host] of [
    ['global', 'aiplatform.googleapis.com'],
    ['us', 'aiplatform.us.rep.googleapis.com'],
    ['eu', 'aiplatform.eu.rep.googleapis.com'],
    ['us-central1', 'us-central1-aiplatform.googleapis.com'],
    ['europe-west4', 'europe-west4-aiplatform.googleapis.com'],
    ['me-central2', 'me-central2-aiplatform.googleapis.com'],
  ] as const) {
    it(`is at ${host} for ${location}, with the location in its path`, () => {
      assert.equal(vertexHost(location), host)
      assert.equal(
        vertexAt(location).url('gemini-2.5-pro', 'generateContent'),
        `https://${host}/v1beta1/projects/p/locations/${location}/publishers/google/models/gemini-2.5-pro:generateContent`,
      )
    })
  }

  it('is elsewhere where the operator says so', () => {
    const gate = vertexGate(
      { project: 'p', location: 'eu', baseUrl: 'https://psc.example', apiVersion: 'v1' },
      tokens,
    )
    assert.equal(
      gate.url('gemini-2.5-pro', 'streamGenerateContent?alt=sse'),
      'https://psc.example/v1/projects/p/locations/eu/publishers/google/models/gemini-2.5-pro:streamGenerateContent?alt=sse',
    )
  })

  it('is elsewhere for each location where the operator says so', () => {
    const gate = vertexGate(
      {
        project: 'p',
        location: 'eu',
        otherLocations: ['us'],
        baseUrl: 'https://{location}.psc.example',
        apiVersion: 'v1',
      },
      tokens,
    )
    assert.match(
      gate.url('m', 'generateContent'),
      /^https:\/\/eu\.psc\.example\/.*\/locations\/eu\//,
    )
    assert.match(
      gate.url('m', 'generateContent', 1),
      /^https:\/\/us\.psc\.example\/.*\/locations\/us\//,
    )
  })

  it('is asked with a token, and bills whom the credential says', async () => {
    assert.deepEqual(await vertexAt('eu').headers(undefined), { authorization: 'Bearer t' })
    const billed = { ...tokens, get: async () => ({ token: 't', quotaProject: 'q' }) }
    const gate = vertexGate(
      { project: 'p', location: 'eu', baseUrl: undefined, apiVersion: 'v1' },
      billed,
    )
    assert.deepEqual(await gate.headers(undefined), {
      authorization: 'Bearer t',
      'x-goog-user-project': 'q',
    })
    assert.deepEqual(await gate.headers('ya29.c'), { authorization: 'Bearer ya29.c' })
  })
})

describe('the Developer API', () => {
  it('is at one host', () => {
    assert.equal(
      developer.url('gemini-2.5-pro', 'generateContent'),
      'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:generateContent',
    )
  })

  it('is asked with the gateway’s key, or what the client brought', async () => {
    assert.deepEqual(await developer.headers(undefined), { 'x-goog-api-key': 'k' })
    assert.deepEqual(await developer.headers('AIzaX'), { 'x-goog-api-key': 'AIzaX' })
    assert.deepEqual(await developer.headers('AQ.X'), { 'x-goog-api-key': 'AQ.X' })
    assert.deepEqual(await developer.headers('ya29.X'), { authorization: 'Bearer ya29.X' })
  })

  it('tells keys from tokens by their beginnings', () => {
    assert.deepEqual(['AIzaSy', 'AQ.Ab', 'ya29.a', 'eyJh', 'xAIza'].map(isApiKey), [
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('an evil model name', async () => {
  const google = await startEmulator()
  const gateway = await startGateway({
    POLLUX_AUTH: 'passthrough',
    GOOGLE_CLOUD_PROJECT: 'p',
    GEMINI_API_KEY: 'k',
    GOOGLE_GEMINI_BASE_URL: google.url,
    GOOGLE_VERTEX_BASE_URL: google.url,
  })
  after(async () => {
    await gateway.close()
    await google.close()
  })

  const evil = [
    '../',
    '..',
    '/',
    '//',
    '/../../../v1beta/cachedContents',
    '\\',
    '..\\',
    '?',
    '?key=x',
    '#',
    '#x',
    '&alt=json',
    ':',
    ':countTokens',
    ':generateContent?x=',
    '%',
    '%2f',
    '%2F..%2F',
    '%252f',
    '%00',
    '%0d%0a',
    '\r\n',
    '\r\nx-evil: 1\r\n\r\n',
    '\n',
    '\t',
    ' ',
    '\u0000',
    '\u2028',
    '\u202e',
    'é',
    '／',
    '．．／',
    '💥',
    '\ud800',
    '@evil.example',
    ';',
    '{}',
    '<script>',
    '"',
    "'",
    '`id`',
    '$(id)',
    '*',
    'http://evil.example/',
    '__proto__',
    'constructor',
  ]
  const bases = ['', 'google/', 'models/', 'vertex/', 'publishers/google/models/']
  const names = bases.flatMap((base) =>
    evil.flatMap((word) => [
      `${base}gemini-2.5${word}`,
      `${base}${word}gemini-2.5-flash`,
      `${base}gemini-${word}-flash`,
    ]),
  )
  const template =
    /^\/(v1beta|v1beta1\/projects\/p\/locations\/global\/publishers\/google)\/models\/[\w.-]+:generateContent$/

  it(`never leaves the URL’s template, in ${names.length} tries`, async () => {
    assert.ok(names.length >= 500)
    const answers = await postAll(
      `${gateway.url}/v1/chat/completions`,
      names.map((model) => ({ model, messages: [{ role: 'user', content: 'x' }] })),
      { headers: { authorization: 'Bearer ya29.token' } },
    )
    assert.deepEqual(
      google.log.entries.filter(({ path, method }) => method !== 'POST' || !template.test(path)),
      [],
    )
    assert.deepEqual(
      answers.filter(({ status }) => ![200, 400, 404].includes(status)),
      [],
    )
    // Words that are harmless in a name may pass, and whoever is answered was asked for upstream.
    const passed = google.log.count
    const answered = google.log.entries.filter(({ status }) => status === 200)
    assert.equal(answers.filter(({ status }) => status === 200).length, answered.length)
    assert.ok(passed > 0 && passed < names.length / 10, `${passed} passed`)
    assert.doesNotMatch(JSON.stringify(google.log.entries.map(({ headers }) => headers)), /evil/)
  })

  it('is encoded all the same, should it ever get that far', () => {
    for (const name of evil.filter((word) => word !== '\ud800')) {
      for (const gate of [developer, vertexAt('eu')]) {
        const { pathname, search, hash } = new URL(gate.url(name, 'generateContent'))
        assert.match(pathname, /\/models\/[^/]*:generateContent$/, name)
        assert.equal(search + hash, '')
      }
    }
  })
})
