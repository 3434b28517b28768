import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ConfigError, loadConfig } from '../../src/config.ts'
import { digestOf } from '../../src/key.ts'
import { folder, gemini, load, mistakesIn } from './written.ts'

writeFileSync(join(folder, 'secret'), 'sk-filed\n')

const digest = 'A'.repeat(64)

describe('the file of POLLUX_CONFIG', () => {
  it('may say nothing, and a section too', async () => {
    for (const yaml of ['', '# nothing\n', '{}', 'models:\nkeys:\nprices:\nendpoints:\n']) {
      const { models, prices, auth, backends } = await load(yaml)
      assert.deepEqual(
        [models, prices, auth, backends.endpoints],
        [[], {}, { mode: 'none' }, []],
        yaml,
      )
    }
  })

  it('is named among the files that can be read again', async () => {
    const { files } = await load('')
    assert.match(files.join(), /\.yaml$/)
  })

  it('names models in short, as lists and in full', async () => {
    const { models } = await load(`
models:
  a: gemini-2.5-flash
  b: [gemini-2.5-flash, gemini-2.5-pro]
  c:
    targets: [a]
    defaults: { temperature: 1, extra_body: { google: { labels: { x: y } } } }
    price: { input: 1, output: 2 }
`)
    const short = { defaults: {}, price: undefined }
    assert.deepEqual(models, [
      { name: 'a', targets: ['gemini-2.5-flash'], ...short },
      { name: 'b', targets: ['gemini-2.5-flash', 'gemini-2.5-pro'], ...short },
      {
        name: 'c',
        targets: ['a'],
        defaults: { temperature: 1, google: { labels: { x: 'y' } } },
        price: { input: 1, cachedInput: 1, output: 2 },
      },
    ])
  })

  it('gives prices, the cached at the price of all unless it is said', async () => {
    const { prices } = await load(
      'prices: { a: { input: 1, output: 2 }, b: { input: 1, cached_input: 0.1, output: 2 } }',
    )
    assert.deepEqual(prices, {
      a: { input: 1, cachedInput: 1, output: 2 },
      b: { input: 1, cachedInput: 0.1, output: 2 },
    })
  })

  it('adds endpoints to those of POLLUX_ENDPOINTS', async () => {
    const { backends } = await load(
      "endpoints: { e: { endpoint: '1', location: us }, u: { url: 'http://h/v1/', api_key: k } }",
      { GOOGLE_CLOUD_PROJECT: 'p', POLLUX_ENDPOINTS: '{"v":{"url":"http://v"}}' },
    )
    assert.deepEqual(backends.endpoints, [
      { name: 'v', model: undefined, at: { url: 'http://v', apiKey: undefined } },
      {
        name: 'e',
        model: undefined,
        at: { project: 'p', location: 'us', endpoint: '1', host: undefined },
      },
      { name: 'u', model: undefined, at: { url: 'http://h/v1', apiKey: 'k' } },
    ])
  })

  it('is enough to serve in production, with endpoints alone', async () => {
    const { backends } = await load('endpoints: { u: { url: http://h/v1 } }', {
      NODE_ENV: 'production',
    })
    assert.equal(backends.emulated, false)
  })

  it('adds keys to those of the variables, and asks for them', async () => {
    const { auth } = await load(
      `
keys:
  - name: ci
    sha256: '${digest}'
    models: [gemini-*]
    requests_per_minute: 1
    tokens_per_minute: 2
    parallel_requests: 3
    expires: 2099-01-31
  - { name: known, sha256: '${digestOf('b')}' }
`,
      { ...gemini, POLLUX_API_KEYS: 'a,b' },
    )
    assert.equal(auth.mode, 'keys')
    const unlimited = {
      models: undefined,
      requestsPerMinute: undefined,
      tokensPerMinute: undefined,
      parallelRequests: undefined,
      expires: undefined,
    }
    assert.deepEqual(auth.keys, [
      { name: 'key-1', sha256: digestOf('a'), ...unlimited },
      {
        name: 'ci',
        sha256: digest.toLowerCase(),
        models: ['gemini-*'],
        requestsPerMinute: 1,
        tokensPerMinute: 2,
        parallelRequests: 3,
        // A date counts to its end.
        expires: Date.UTC(2099, 1, 1),
      },
      // The file knows more of it than the variable.
      { name: 'known', sha256: digestOf('b'), ...unlimited },
    ])
  })

  it('takes a time instead of a date', async () => {
    const { auth } = await load(
      `keys: [{ name: a, sha256: '${digest}', expires: '2099-01-31T12:00:00+01:00' }]`,
    )
    assert.equal(auth.mode === 'keys' && auth.keys[0]?.expires, Date.UTC(2099, 0, 31, 11))
  })

  it('lets anchors repeat things', async () => {
    const { prices } = await load(
      'prices:\n  a: &a { input: 1, output: 2 }\n  b: { <<: *a, output: 3 }\n',
    )
    assert.deepEqual(prices.b, { input: 1, cachedInput: 1, output: 3 })
  })
})

describe('a variable in a string', () => {
  const env = { ...gemini, CI_KEY: 'sk-env', RPM: '7', EMPTY: '' }
  const keyOf = async (written: string) => {
    const { auth } = await load(`keys: [{ name: a, key: "${written}" }]`, env)
    return auth.mode === 'keys' ? auth.keys[0]?.sha256 : undefined
  }
  const filled: [written: string, key: string][] = [
    ['${CI_KEY}', 'sk-env'],
    ['${CI_KEY}-${RPM}', 'sk-env-7'],
    ['${NOBODY:-otherwise}', 'otherwise'],
    ['${EMPTY:-otherwise}', 'otherwise'],
    ['${file:secret}', 'sk-filed'],
    [`\${file:${folder}/secret}`, 'sk-filed'],
    ['$${CI_KEY}', '${CI_KEY}'],
    ['a$b', 'a$b'],
  ]
  for (const [written, key] of filled) {
    it(`${written.replace(folder, '')} is filled in`, async () => {
      assert.equal(await keyOf(written), digestOf(key))
    })
  }

  it('may be a number', async () => {
    const { auth } = await load(
      `keys: [{ name: a, sha256: '${digest}', requests_per_minute: "\${RPM}" }]`,
      env,
    )
    assert.equal(auth.mode === 'keys' && auth.keys[0]?.requestsPerMinute, 7)
  })

  it('can be no more than a string', async () => {
    const evil = { ...gemini, MODEL: 'x, injected: y' }
    assert.match(await mistakesIn('models: { a: "${MODEL}" }', evil), /models\.a/)
  })

  const wrong: [written: string, said: RegExp][] = [
    ['${NOBODY}', /keys\[0\]\.key \(line 1\): The variable NOBODY is not set/],
    ['${EMPTY}', /keys\[0\]\.key .*EMPTY/],
    ['${sk_pasted_here}', /keys\[0\]\.key \(line 1\): The variable is not set/],
    ['${file:/nonexistent/canary}', /keys\[0\]\.key \(line 1\): The file cannot be read/],
    ['${}', /keys\[0\]\.key .*Expected \$\{NAME\}/],
    ['${CI_KEY', /keys\[0\]\.key .*without its \}/],
  ]
  for (const [written, said] of wrong) {
    it(`${written} is a mistake, told once`, async () => {
      const text = await mistakesIn(`keys: [{ name: a, key: "${written}" }]`, env)
      assert.match(text, said)
      assert.equal(text.split('\n').length, 1, text)
      assert.doesNotMatch(text, /canary|pasted/)
    })
  }
})

describe('a mistake in the file', () => {
  const wrong: [yaml: string, ...said: RegExp[]][] = [
    ['- a', /Expected models, endpoints, keys, prices/],
    ['"just a text"', /Expected models/],
    ['a: 1\na: 2', /POLLUX_CONFIG \(line 2\): This name is there twice/],
    ['models: { a: gemini-2.5-flash, a: gemini-2.5-pro }', /line 1.*twice/],
    ['models: {', /POLLUX_CONFIG \(line 1\): This is not YAML/],
    ['\tmodels: {}', /line 1.*spaces/],
    ['models: !Ref x', /Tags/],
    ['*-mini: x', /quotes/],
    ['models: *nobody', /anchor/],
    ['models: {}\n---\nkeys: []', /line 2.*second document/],
    ['pices: {}', /pices \(line 1\): Means nothing here. Did you mean 'prices'/],
    ['something: 1', /something.*Known here: models, endpoints, keys, prices/],
    ['__proto__: { x: 1 }', /__proto__/],
    ['models: { __proto__: gemini-2.5-flash }', /models\.__proto__/],
    ['models: 3', /models.*names/],
    ['models: { a: 3 }', /models\.a .*name of a model/],
    ['models: { a: [] }', /models\.a .*at least one/],
    ['models: { a: { targets: gemini-2.5-flash } }', /models\.a\.targets .*list/],
    ['models: { a: { target: [x] } }', /models\.a\.target .*'targets'/, /models\.a\.targets/],
    ['models: { a: nothing }', /models\.a .*'nothing' is no model/],
    ['models: { a: gemni-2.5-flash }', /models\.a .*Did you mean 'gemini-2.5-flash'/],
    ['models: { a: vertex/gemini-2.5-flash }', /models\.a .*no model that is served/],
    ['models: { a: [gemini-2.5-flash, b] }', /models\.a\.targets\[1\]/],
    ['models: { a: [gemini-2.5-flash, gemini-2.5-flash] }', /models\.a\.targets\[1\].*twice/],
    ['models: { a: b, b: c, c: [gemini-2.5-pro, a] }', /models\.a .*circle: a → b → c → a/],
    ['models: { "a*": gemini-2.5-pro, "a**": gemini-2.5-pro }', /models\["a\*\*"\].*never reached/],
    ['models: { "a": "gemini-*" }', /models\.a\.targets\[0\].*\*/],
    ['models: { "a*": "gemini-**" }', /one \* at the most/],
    ['models: { "a*": "nothing-*" }', /models\["a\*"\].*no model/],
    ['prices: { a: { input: -1, output: 2 } }', /prices\.a\.input .*0 or more/],
    ['prices: { a: { input: 1 } }', /prices\.a\.output/],
    ['prices: { a: { input: .inf, output: x } }', /prices\.a\.input/, /prices\.a\.output/],
    ['endpoints: { e: {} }', /endpoints\.e\.endpoint /],
    ["endpoints: { e: { endpoint: '1' } }", /endpoints: 'e' needs a project/],
    ['endpoints: { e: { url: nowhere } }', /endpoints\.e\.url .*URL/],
    ['endpoints: { e: { url: http://x, apiKey: y } }', /endpoints\.e\.apiKey .*'api_key'/],
    ['keys: { a: b }', /keys .*list/],
    ['keys: [{ name: a }]', /keys\[0\] .*sha256/],
    [`keys: [{ name: a, sha256: '${digest}', key: b }]`, /keys\[0\] .*not both/],
    ['keys: [{ name: a, sha256: 123 }]', /keys\[0\]\.sha256/],
    ['keys: [{ name: a b, key: c }]', /keys\[0\]\.name/],
    ['keys: [{ name: key-1, key: c }]', /keys\[0\]\.name .*POLLUX_API_KEYS/],
    ['keys: [{ key: c }]', /keys\[0\]\.name .*Expected a name/],
    ['keys: [{ name: a, key: c }, { name: a, key: d }]', /keys\[1\]\.name .*keys\[0\]/],
    [`keys: [{ name: a, sha256: '${digestOf('test')}' }]`, /keys\[0\] .*Everybody knows/],
    ['keys: [{ name: a, key: "${NOBODY:-changeme}" }]', /keys\[0\] .*Everybody knows/],
    ['keys: [{ name: a, key: c }, { name: b, key: c }]', /keys\[1\] .*same key as keys\[0\]/],
    ['keys: [{ name: a, key: c, expires: 2027-02-30 }]', /keys\[0\]\.expires .*date/],
    ['keys: [{ name: a, key: c, expires: 2027 }]', /keys\[0\]\.expires/],
    ['keys: [{ name: a, key: c, requests_per_minute: 0 }]', /keys\[0\]\.requests_per_minute/],
    ['keys: [{ name: a, key: c, parallel_requests: 1.5 }]', /keys\[0\]\.parallel_requests/],
    ['keys: [{ name: a, key: c, models: [] }]', /keys\[0\]\.models/],
    ['keys: [{ name: a, key: c, models: [gemni-2.5-pro] }]', /models\[0\].*'gemini-2.5-pro'/],
    ['keys: [{ name: a, key: c, models: [claude-*] }]', /models\[0\].*No model/],
    ['keys: [{ name: a, key: c, rpm: 1 }]', /keys\[0\]\.rpm/],
  ]
  for (const [yaml, ...said] of wrong) {
    it(`is refused with its path: ${yaml.replace(digest, '…')}`, async () => {
      const text = await mistakesIn(yaml)
      for (const expected of said) assert.match(text, expected)
    })
  }

  const defaults: [given: string, said: RegExp][] = [
    ['{ temprature: 1 }', /defaults\.temprature .*'temperature'/],
    ['{ temperature: hot }', /defaults\.temperature /],
    ['{ reasoning_effort: loud }', /defaults\.reasoning_effort /],
    ['{ model: x }', /defaults\.model .*every request/],
    ['{ stream: true, messages: [] }', /defaults\.stream .*\n.*defaults\.messages /],
    ['{ extra_body: { google: { thinking_config: { thinking_budget: x } } } }', /thinking_budget/],
    [
      '{ reasoning_effort: low, extra_body: { google: { thinking_config: { thinking_budget: 1 } } } }',
      /defaults\.reasoning_effort .*both/,
    ],
  ]
  for (const [given, said] of defaults) {
    it(`in defaults is refused with its path: ${given}`, async () => {
      const yaml = `models: { a: { targets: [gemini-2.5-flash], defaults: ${given} } }`
      assert.match(await mistakesIn(yaml), said)
    })
  }

  it('is none for a name that only a server of its own knows', async () => {
    const { models } = await load(`
endpoints: { own: { url: http://h/v1 } }
models: { a: { targets: [own], defaults: { repetition_penalty: 1 } } }
`)
    assert.deepEqual(models[0]?.defaults, { repetition_penalty: 1 })
  })

  it('is told with all others, those of the environment too', async () => {
    const text = await mistakesIn(
      `
models:
  a: nothing
  b: c
  c: b
keys:
  - { name: a, key: '\${NOBODY}', expires: never }
prices: { a: { input: x, output: 1 } }
`,
      { ...gemini, PORT: 'x', LOG_LEVEL: 'x' },
    )
    for (const said of [
      /PORT/,
      /LOG_LEVEL/,
      /models\.b \(line 4\)/,
      /keys\[0\]\.key \(line 7\)/,
      /keys\[0\]\.expires \(line 7\)/,
      /prices\.a\.input \(line 8\)/,
    ]) {
      assert.match(text, said)
    }
  })

  it('hides no other of the environment, and makes none up', async () => {
    const text = await mistakesIn('keys: [{ name: a, key: "${NOBODY}" }]', {
      ...gemini,
      HOST: '0.0.0.0',
      GOOGLE_GENAI_USE_VERTEXAI: 'true',
    })
    assert.match(text, /GOOGLE_CLOUD_PROJECT/)
    assert.match(text, /NOBODY/)
    // Whoever wrote that key means to ask for it.
    assert.doesNotMatch(text, /lets others in/)
  })

  it('is told without the secrets', async () => {
    const text = await mistakesIn(
      `
keys:
  - { name: a, key: 'canary 1' }
  - { name: b, sha256: canary-2 }
  - { name: canary 3, key: x }
endpoints: { e: { url: canary-4, api_key: 'canary-5' } }
`,
    )
    assert.doesNotMatch(text, /canary/)
    for (const yaml of ['key: "canary', 'key: canary: x', '- canary\nx', 'canary: @canary']) {
      assert.doesNotMatch(await mistakesIn(yaml), /canary/, yaml)
    }
  })

  it('of aliases that grow without end is refused at once', async () => {
    const lists = Array.from({ length: 12 }, (_, n) =>
      n === 0
        ? 'l0: &l0 [x, x, x, x, x, x, x, x]'
        : `l${n}: &l${n} [${Array(8)
            .fill(`*l${n - 1}`)
            .join(', ')}]`,
    )
    assert.match(await mistakesIn(lists.join('\n')), /repetitions/)
  })

  it('of a file that is none, or too long, does not repeat its name', async () => {
    const tooLong = join(folder, 'long.yaml')
    writeFileSync(tooLong, '#'.repeat(2 * 1024 * 1024))
    for (const path of ['/nonexistent/canary', folder, tooLong]) {
      await assert.rejects(
        loadConfig({ ...gemini, POLLUX_CONFIG: path }),
        (error) =>
          error instanceof ConfigError &&
          /POLLUX_CONFIG names no file/.test(error.message) &&
          !/canary/.test(error.message),
      )
    }
  })
})

describe('a warning', () => {
  const warned: [yaml: string, said: RegExp][] = [
    [
      `keys: [{ name: a, sha256: '${digest}', expires: 2020-01-01 }]`,
      /keys\[0\]\.expires .*expired/,
    ],
    ['keys: [{ name: a, key: canary }]', /keys\[0\]\.key .*written out/],
    ['keys: [{ name: a, key: "${NOBODY:-canary}" }]', /keys\[0\]\.key .*written out/],
    [
      'models: { a: { targets: [gemini-3.8-flash], defaults: { temperature: 1 } } }',
      /models\.a\.defaults\.temperature .*gemini-3\.8-flash/,
    ],
  ]
  for (const [yaml, said] of warned) {
    it(`is given for ${yaml.replace(digest, '…')}`, async () => {
      const { warnings } = await load(yaml)
      assert.equal(warnings.length, 1)
      assert.match(warnings[0] ?? '', said)
      assert.doesNotMatch(warnings[0] ?? '', /canary/)
    })
  }

  it('is not given for a key from elsewhere', async () => {
    const { warnings } = await load('keys: [{ name: a, key: "${CI_KEY}" }]', {
      ...gemini,
      CI_KEY: 'x',
    })
    assert.deepEqual(warnings, [])
  })
})
