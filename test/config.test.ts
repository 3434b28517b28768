import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { ConfigError, readConfig } from '../src/config.ts'
import { type Environment, environment } from '../src/environment.ts'
import { plainKey } from '../src/key.ts'

const folder = mkdtempSync(join(tmpdir(), 'pollux-config-'))
after(() => rmSync(folder, { recursive: true }))

/** The message of the refusal to start. */
function mistakesIn(env: Environment): string {
  try {
    readConfig(env)
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error))
    return error.message
  }
  return assert.fail(`nothing was wrong with ${JSON.stringify(env)}`)
}

/** How the lines of the refusal begin. */
function beginnings(env: Environment): string[] {
  return mistakesIn(env)
    .split('\n')
    .map((line) => line.slice(0, 20))
}

describe('without any variable', () => {
  it('the emulator is served on loopback, to anybody', () => {
    assert.deepEqual(readConfig({}), {
      listen: { host: '127.0.0.1', port: 8080 },
      metrics: undefined,
      auth: { mode: 'none' },
      backends: {
        vertex: undefined,
        gemini: undefined,
        preferred: 'gemini',
        endpoints: [],
        emulated: true,
      },
      models: [],
      prices: {},
      thoughts: 'reasoning_content',
      redisUrl: undefined,
      bodyLimit: 33_554_432,
      bufferLimit: 268_435_456,
      mostAtOnce: 250,
      mostLagMs: 200,
      origins: [],
      totalMs: 600_000,
      heartbeatMs: 15_000,
      drainMs: 30_000,
      retries: 2,
      timeouts: { connectTimeout: 5_000, headersTimeout: 600_000, idleTimeout: 120_000 },
      logLevel: 'info',
      traces: undefined,
      project: undefined,
      warnings: [],
      files: [],
    })
  })

  it('an empty variable is none', () => {
    const empty = Object.fromEntries(Object.keys(environment.shape).map((name) => [name, '']))
    assert.deepEqual(readConfig(empty), readConfig({}))
  })

  it('variables of others are nobody’s business', () => {
    assert.deepEqual(readConfig({ PATH: '/bin', HOME: '/root', _: 'x' }), readConfig({}))
  })

  it('the result is frozen to its depths', () => {
    const config = readConfig({
      GEMINI_API_KEY: 'k',
      GOOGLE_API_KEY: 'g',
      GOOGLE_CLOUD_PROJECT: 'p',
      POLLUX_API_KEYS: 'a,b',
      POLLUX_ENDPOINTS: '{"x":{"endpoint":"1"}}',
    })
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen))
    assert.ok(isFrozen(config))
    assert.throws(() => Object.assign(config.listen, { port: 1 }), TypeError)
  })
})

describe('a variable', () => {
  const gemini = { GEMINI_API_KEY: 'k' }
  const vertex = { GOOGLE_CLOUD_PROJECT: 'p' }

  it('PORT and HOST say where to listen', () => {
    const { listen } = readConfig({ PORT: '9000', HOST: '::1' })
    assert.deepEqual(listen, { host: '::1', port: 9000 })
    assert.equal(readConfig({ PORT: '0' }).listen.port, 0)
  })

  it('GEMINI_API_KEY opens the Developer API', () => {
    const { backends } = readConfig(gemini)
    assert.deepEqual(backends.gemini, {
      apiKeys: ['k'],
      baseUrl: 'https://generativelanguage.googleapis.com',
    })
    assert.equal(backends.vertex, undefined)
    assert.equal(backends.preferred, 'gemini')
    assert.equal(backends.emulated, false)
  })

  it('GOOGLE_API_KEY wins over it, with a warning that names both', () => {
    const { backends, warnings } = readConfig({ ...gemini, GOOGLE_API_KEY: 'g' })
    assert.deepEqual(backends.gemini?.apiKeys, ['g'])
    assert.equal(warnings.length, 1)
    assert.match(warnings[0] ?? '', /GOOGLE_API_KEY.*GEMINI_API_KEY/)
    assert.doesNotMatch(warnings[0] ?? '', /\bk\b|\bg\b/)
    assert.deepEqual(readConfig({ GOOGLE_API_KEY: 'g' }).warnings, [])
    assert.deepEqual(readConfig({ ...gemini, GOOGLE_API_KEY: 'k' }).warnings, [])
  })

  it('GOOGLE_CLOUD_PROJECT opens Vertex AI, by default in the world’s location', () => {
    const { backends, project } = readConfig(vertex)
    assert.deepEqual(backends.vertex, {
      project: 'p',
      location: 'global',
      otherLocations: [],
      baseUrl: undefined,
    })
    assert.equal(backends.gemini, undefined)
    assert.equal(backends.preferred, 'vertex')
    assert.equal(project, 'p')
    assert.equal(readConfig({ GOOGLE_CLOUD_PROJECT: 'example.com:p-1' }).project, 'example.com:p-1')
  })

  it('GOOGLE_CLOUD_LOCATION says where', () => {
    for (const location of ['us', 'eu', 'us-central1']) {
      const { backends } = readConfig({ ...vertex, GOOGLE_CLOUD_LOCATION: location })
      assert.equal(backends.vertex?.location, location)
    }
  })

  it('GOOGLE_GENAI_USE_VERTEXAI chooses where both are there, Vertex AI by default', () => {
    const both = { ...gemini, ...vertex }
    assert.equal(readConfig(both).backends.preferred, 'vertex')
    for (const yes of ['true', '1', 'yes', 'TRUE', 'on']) {
      const { backends } = readConfig({ ...both, GOOGLE_GENAI_USE_VERTEXAI: yes })
      assert.equal(backends.preferred, 'vertex')
    }
    for (const no of ['false', '0', 'no', 'False', 'off']) {
      const { backends } = readConfig({ ...both, GOOGLE_GENAI_USE_VERTEXAI: no })
      assert.equal(backends.preferred, 'gemini')
    }
  })

  it('GOOGLE_GENAI_USE_ENTERPRISE wins over it', () => {
    const { backends } = readConfig({
      ...gemini,
      ...vertex,
      GOOGLE_GENAI_USE_VERTEXAI: 'true',
      GOOGLE_GENAI_USE_ENTERPRISE: 'false',
    })
    assert.equal(backends.preferred, 'gemini')
  })

  it('GOOGLE_GEMINI_BASE_URL and GOOGLE_VERTEX_BASE_URL say other hosts, without a last slash', () => {
    const { backends } = readConfig({
      ...gemini,
      ...vertex,
      GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1/',
      GOOGLE_VERTEX_BASE_URL: 'https://psc.example/base//',
    })
    assert.equal(backends.gemini?.baseUrl, 'http://127.0.0.1:1')
    assert.equal(backends.vertex?.baseUrl, 'https://psc.example/base')
  })

  it('POLLUX_API_KEYS are asked for where they are given', () => {
    const { auth } = readConfig({ POLLUX_API_KEYS: ' a, b ,,a' })
    assert.deepEqual(auth, { mode: 'keys', keys: [plainKey('key-1', 'a'), plainKey('key-2', 'b')] })
  })

  it('POLLUX_API_KEYS_FILE adds a line a key', () => {
    const path = join(folder, 'keys')
    writeFileSync(path, '# comment\r\nx\r\n\n y \n')
    const { auth } = readConfig({ POLLUX_API_KEYS_FILE: path, POLLUX_API_KEYS: 'a' })
    const keys = ['a', 'x', 'y'].map((key, index) => plainKey(`key-${index + 1}`, key))
    assert.deepEqual(auth, { mode: 'keys', keys })
  })

  it('POLLUX_AUTH says who may ask', () => {
    assert.deepEqual(readConfig({ POLLUX_AUTH: 'none' }).auth, { mode: 'none' })
    assert.deepEqual(readConfig({ POLLUX_AUTH: 'passthrough' }).auth, { mode: 'passthrough' })
  })

  it('POLLUX_AUTH=passthrough needs no key of ours for the Developer API', () => {
    const { backends } = readConfig({ POLLUX_AUTH: 'passthrough' })
    assert.equal(backends.emulated, false)
    assert.deepEqual(backends.gemini?.apiKeys, [])
  })

  it('POLLUX_ENDPOINTS names models that are served elsewhere', () => {
    const { backends } = readConfig({
      ...vertex,
      POLLUX_ENDPOINTS: JSON.stringify({
        gemma: { endpoint: '123', location: 'us-central1' },
        local: { url: 'http://127.0.0.1:8000/v1/', apiKey: 'k', model: 'm' },
      }),
    })
    assert.deepEqual(backends.endpoints, [
      {
        name: 'gemma',
        model: undefined,
        at: { project: 'p', location: 'us-central1', endpoint: '123', host: undefined },
      },
      { name: 'local', model: 'm', at: { url: 'http://127.0.0.1:8000/v1', apiKey: 'k' } },
    ])
  })

  it('REDIS_URL, POLLUX_THOUGHTS, POLLUX_BODY_LIMIT and LOG_LEVEL are taken as they are', () => {
    const config = readConfig({
      REDIS_URL: 'rediss://user:pw@redis.example:6380/1',
      POLLUX_THOUGHTS: 'content',
      POLLUX_BODY_LIMIT: '4096',
      LOG_LEVEL: 'silent',
    })
    assert.equal(config.redisUrl, 'rediss://user:pw@redis.example:6380/1')
    assert.equal(config.thoughts, 'content')
    assert.equal(config.bodyLimit, 4096)
    assert.equal(config.logLevel, 'silent')
  })

  it('POLLUX_HEARTBEAT_SECONDS and POLLUX_DRAIN_SECONDS are kept in milliseconds', () => {
    const config = readConfig({ POLLUX_HEARTBEAT_SECONDS: '0', POLLUX_DRAIN_SECONDS: '3600' })
    assert.equal(config.heartbeatMs, 0)
    assert.equal(config.drainMs, 3_600_000)
  })

  it('K_SERVICE means Cloud Run: all addresses, and ten seconds to end in', () => {
    const run = { K_SERVICE: 'pollux', POLLUX_AUTH: 'none', ...gemini }
    const { listen, drainMs } = readConfig(run)
    assert.equal(listen.host, '0.0.0.0')
    assert.equal(drainMs, 9_000)
    assert.equal(readConfig({ ...run, POLLUX_DRAIN_SECONDS: '3' }).drainMs, 3_000)
  })

  it('is described, every one', () => {
    for (const [name, schema] of Object.entries(environment.shape)) {
      assert.match(schema.description ?? '', /\w.*\.$/s, name)
    }
  })
})

describe('a mistake', () => {
  const wrong: [env: Environment, named: string][] = [
    [{ PORT: 'http' }, 'PORT'],
    [{ PORT: '70000' }, 'PORT'],
    [{ PORT: '-1' }, 'PORT'],
    [{ PORT: '80.5' }, 'PORT'],
    [{ PORT: ' ' }, 'PORT'],
    [{ HOST: ' ' }, 'HOST'],
    [{ GEMINI_API_KEY: ' ' }, 'GEMINI_API_KEY'],
    [{ GOOGLE_CLOUD_PROJECT: '../x' }, 'GOOGLE_CLOUD_PROJECT'],
    [{ GOOGLE_CLOUD_PROJECT: 'My Project' }, 'GOOGLE_CLOUD_PROJECT'],
    [{ GOOGLE_CLOUD_LOCATION: 'evil.example/' }, 'GOOGLE_CLOUD_LOCATION'],
    [{ GOOGLE_GENAI_USE_VERTEXAI: 'maybe' }, 'GOOGLE_GENAI_USE_VERTEXAI'],
    [{ GOOGLE_GENAI_USE_ENTERPRISE: '2' }, 'GOOGLE_GENAI_USE_ENTERPRISE'],
    [{ GOOGLE_GENAI_USE_VERTEXAI: 'true' }, 'GOOGLE_CLOUD_PROJECT'],
    [{ GOOGLE_GEMINI_BASE_URL: 'example.com' }, 'GOOGLE_GEMINI_BASE_URL'],
    [{ GOOGLE_GEMINI_BASE_URL: 'file:///etc' }, 'GOOGLE_GEMINI_BASE_URL'],
    [{ GOOGLE_VERTEX_BASE_URL: 'ftp://x' }, 'GOOGLE_VERTEX_BASE_URL'],
    [{ POLLUX_AUTH: 'maybe' }, 'POLLUX_AUTH'],
    [{ POLLUX_AUTH: 'keys' }, 'POLLUX_API_KEYS'],
    [{ POLLUX_AUTH: 'keys', POLLUX_API_KEYS: ' , ' }, 'POLLUX_API_KEYS'],
    [{ POLLUX_API_KEYS_FILE: '/nonexistent/keys' }, 'POLLUX_API_KEYS_FILE'],
    [{ POLLUX_ENDPOINTS: '{' }, 'POLLUX_ENDPOINTS'],
    [{ POLLUX_ENDPOINTS: '[]' }, 'POLLUX_ENDPOINTS'],
    [{ POLLUX_ENDPOINTS: '{"x":{}}' }, 'POLLUX_ENDPOINTS'],
    [{ POLLUX_ENDPOINTS: '{"x":{"endpoint":"../1"}}' }, 'POLLUX_ENDPOINTS'],
    [{ POLLUX_ENDPOINTS: '{"x":{"endpoint":"1"}}' }, 'GOOGLE_CLOUD_PROJECT'],
    [{ REDIS_URL: 'http://redis' }, 'REDIS_URL'],
    [{ POLLUX_THOUGHTS: 'loud' }, 'POLLUX_THOUGHTS'],
    [{ POLLUX_BODY_LIMIT: '10' }, 'POLLUX_BODY_LIMIT'],
    [{ POLLUX_BODY_LIMIT: '32MB' }, 'POLLUX_BODY_LIMIT'],
    [{ POLLUX_HEARTBEAT_SECONDS: '-1' }, 'POLLUX_HEARTBEAT_SECONDS'],
    [{ POLLUX_DRAIN_SECONDS: '3601' }, 'POLLUX_DRAIN_SECONDS'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
  ]
  for (const [env, named] of wrong) {
    it(`is refused by name: ${JSON.stringify(env)}`, () => {
      assert.match(mistakesIn(env), new RegExp(`\\b${named}\\b`))
    })
  }

  it('is printed together with all others', () => {
    const text = mistakesIn({
      PORT: 'x',
      LOG_LEVEL: 'x',
      POLLUX_AUTH: 'x',
      GOOGLE_CLOUD_LOCATION: 'X',
    })
    for (const name of ['PORT', 'LOG_LEVEL', 'POLLUX_AUTH', 'GOOGLE_CLOUD_LOCATION']) {
      assert.match(text, new RegExp(`\\b${name}\\b`))
    }
  })

  it('between variables is printed together with all others too', () => {
    const text = mistakesIn({
      HOST: '0.0.0.0',
      NODE_ENV: 'production',
      GOOGLE_GENAI_USE_VERTEXAI: 'true',
    })
    assert.match(text, /POLLUX_AUTH/)
    assert.match(text, /GEMINI_API_KEY/)
    assert.match(text, /GOOGLE_GENAI_USE_VERTEXAI/)
  })

  it('of one variable hides none between others, and makes none up', () => {
    assert.deepEqual(beginnings({ LOG_LEVEL: 'x', HOST: '0.0.0.0', POLLUX_METRICS_PORT: '8080' }), [
      '✖ LOG_LEVEL: Expecte',
      '✖ Listening on 0.0.0',
      '✖ POLLUX_METRICS_POR',
    ])
    assert.equal(beginnings({ POLLUX_AUTH: 'x', HOST: '0.0.0.0' }).length, 1)
    assert.equal(beginnings({ GOOGLE_CLOUD_PROJECT: 'X', NODE_ENV: 'production' }).length, 1)
    assert.equal(beginnings({ PORT: 'x', POLLUX_METRICS_PORT: '8080' }).length, 1)
  })

  it('in a file of keys does not hide the others', () => {
    const text = mistakesIn({ POLLUX_API_KEYS_FILE: '/nonexistent/keys', NODE_ENV: 'production' })
    assert.match(text, /POLLUX_API_KEYS_FILE/)
    assert.match(text, /GEMINI_API_KEY/)
  })

  it('is told without the secrets', () => {
    const text = mistakesIn({
      GEMINI_API_KEY: 'canary-1',
      POLLUX_API_KEYS: 'canary-2',
      REDIS_URL: 'http://u:canary-3@redis',
      POLLUX_ENDPOINTS: '{"x":{"url":"nowhere","apiKey":"canary-4"}}',
      PORT: 'x',
    })
    assert.doesNotMatch(text, /canary/)
  })
})

describe('what would let strangers in, or answer made up things', () => {
  it('is refused beyond loopback until it is written out', () => {
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      'example.com',
      '128.0.0.1',
      '127.evil.example',
      '127.0.0.1.nip.io',
    ]) {
      assert.match(mistakesIn({ HOST: host }), /POLLUX_API_KEYS.*POLLUX_AUTH/s)
    }
    for (const auth of ['none', 'passthrough']) {
      assert.equal(readConfig({ HOST: '0.0.0.0', POLLUX_AUTH: auth }).auth.mode, auth)
    }
    assert.equal(readConfig({ HOST: '0.0.0.0', POLLUX_API_KEYS: 'a' }).auth.mode, 'keys')
    for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
      assert.equal(readConfig({ HOST: host }).auth.mode, 'none')
    }
  })

  it('is refused where a key of ours would serve whoever brings any credential', () => {
    const own = { url: 'http://127.0.0.1:8000/v1', apiKey: 'canary-key' }
    const env = { POLLUX_ENDPOINTS: JSON.stringify({ local: own }) }
    const mistake = mistakesIn({ ...env, POLLUX_AUTH: 'passthrough' })
    assert.match(mistake, /POLLUX_AUTH=passthrough.*apiKey of 'local'.*POLLUX_ENDPOINTS/)
    assert.doesNotMatch(mistake, /canary/)
    assert.equal(readConfig({ ...env, POLLUX_API_KEYS: 'k' }).auth.mode, 'keys')
    const keyless = JSON.stringify({ local: { url: own.url } })
    assert.equal(
      readConfig({ POLLUX_AUTH: 'passthrough', POLLUX_ENDPOINTS: keyless }).auth.mode,
      'passthrough',
    )
  })

  it('is refused where metrics would have the port of requests', () => {
    const same = { PORT: '9464', POLLUX_METRICS_PORT: '9464' }
    assert.match(mistakesIn(same), /POLLUX_METRICS_PORT is the same as PORT, 9464/)
    const free = readConfig({ PORT: '0', POLLUX_METRICS_PORT: '0', POLLUX_METRICS_HOST: '::1' })
    assert.deepEqual(free.metrics, { host: '::1', port: 0 })
    const exposed = { HOST: '0.0.0.0', POLLUX_AUTH: 'none', POLLUX_METRICS_PORT: '9464' }
    assert.deepEqual(readConfig(exposed).metrics, { host: '0.0.0.0', port: 9464 })
  })

  it('is refused in production without a backend', () => {
    for (const production of [
      { NODE_ENV: 'production' },
      { K_SERVICE: 'x', POLLUX_AUTH: 'none' },
    ]) {
      assert.match(mistakesIn(production), /GOOGLE_CLOUD_PROJECT.*GEMINI_API_KEY/s)
      assert.equal(readConfig({ ...production, GEMINI_API_KEY: 'k' }).backends.emulated, false)
    }
    assert.equal(readConfig({ NODE_ENV: 'development' }).backends.emulated, true)
  })
})
