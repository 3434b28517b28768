import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gemini, load, mistakesIn } from './written.ts'

describe('what is right beside a mistake', () => {
  it('is judged all the same', async () => {
    const text = await mistakesIn(
      `
models:
  bad: { targets: [gemini-2.5-flash], price: { input: x, output: 1 } }
  lost: nothing
  further: bad
keys:
  - { name: a, key: '\${NOBODY}' }
  - { name: b, key: c, models: [bad] }
  - { name: b, key: c, models: [gemni-2.5-pro] }
endpoints: { e: { url: nowhere }, f: { endpoint: '1' } }
`,
      { ...gemini, PORT: 'x', POLLUX_AUTH: 'none' },
    )
    assert.deepEqual(
      text.split('\n').map((line) => /^✖ ([^ ]+?):? /.exec(line)?.[1]),
      [
        'PORT',
        'POLLUX_AUTH=none',
        'endpoints',
        'keys[0].key',
        'models.bad.price.input',
        'endpoints.e.url',
        'keys[2].name',
        'keys[2]',
      ],
    )
    assert.match(text, /keys\[1\] has this name already/)
  })

  it('is judged beside an entry that is not', async () => {
    const text = await mistakesIn(`
models:
  bad: 3
  lost: nothing
  further: bad
keys: [{ name: a, key: '\${NOBODY}' }, { name: b, key: c, models: [bad] }, { name: d, key: e, models: [claude] }]
`)
    assert.deepEqual(
      text.split('\n').map((line) => /^✖ ([^ ]+) /.exec(line)?.[1]),
      ['keys[0].key', 'models.bad', 'models.lost', 'keys[2].models[0]'],
    )
  })
})

/** So many layers of so many names, each of which leads to all of the next. */
function layers(count: number, width: number): string {
  return Array.from({ length: count }, (_, n) => {
    const targets = Array.from({ length: width }, (_, m) =>
      n === count - 1 ? `gemini-2.5-flash-${n}-${m}` : `l${n + 1}-${m}`,
    )
    return targets.map((_, m) => `  l${n}-${m}: [${targets.join(', ')}]\n`).join('')
  }).join('')
}

describe('a chain of names', () => {
  it('is read at once, however many ways lead through it', async () => {
    const { models } = await load(`models:\n${layers(40, 2)}`)
    assert.equal(models.length, 80)
  })

  it('may lead to 16 models', async () => {
    await load(`models:\n${layers(2, 8)}`)
    const pair = `models:\n${layers(2, 9)}  more: [l0-0, gemini-3-a, gemini-3-b, gemini-3-c, gemini-3-d, gemini-3-e, gemini-3-f, gemini-3-g, gemini-3-h]\n`
    assert.match(await mistakesIn(pair), /^✖ models\.more .*more than 16 models/)
  })

  it('has an end', async () => {
    const long = Array.from({ length: 200 }, (_, n) => `  n${n}: n${n + 1}\n`).join('')
    assert.match(await mistakesIn(`models:\n${long}`), /models\.n0 .*more than 100 names/)
  })

  it('in a circle is told once', async () => {
    const text = await mistakesIn('models: { a: b, b: c, c: b, d: [e, e2], e: d, e2: d }')
    assert.deepEqual(
      text.split('\n').map((line) => /^✖ ([^ ]+) /.exec(line)?.[1]),
      ['models.b', 'models.d', 'models.d'],
    )
  })
})

describe('a model that a key may ask for', () => {
  const both = { ...gemini, GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_CLOUD_LOCATION: 'us' }
  for (const pattern of [
    'google/*',
    'models/*',
    'models/gemini-*',
    'gemini/*',
    'vertex/*',
    'projects/*',
    'projects/p/locations/us/*',
    'meta/*',
    '*/gemini-2.5-flash',
    '*flash',
    'gemini-9*',
    'google/gemini-2.5-flash',
  ]) {
    it(`may be written ${pattern}`, async () => {
      await load(`keys: [{ name: a, key: c, models: ['${pattern}'] }]`, both)
    })
  }

  for (const pattern of ['gpt-*', 'projects/q/*', '*/claude']) {
    it(`may not be written ${pattern}`, async () => {
      const yaml = `keys: [{ name: a, key: c, models: ['${pattern}'] }]`
      assert.match(await mistakesIn(yaml, both), /models\[0\] .*No model goes by this name/)
    })
  }
})

describe('a target of Google’s', () => {
  it('needs a Google API, which is told once', async () => {
    const own = 'endpoints: { own: { url: http://127.0.0.1:1/v1 } }\n'
    const text = await mistakesIn(
      `${own}models: { a: [own, gemini-2.5-flash], b: vertex/gemini-2.5-pro, 'c/*': 'gemini-*', d: own }`,
      {},
    )
    assert.equal(
      text,
      '✖ models.a.targets[1] (line 2): No Google API is configured: set GOOGLE_CLOUD_PROJECT or GEMINI_API_KEY.',
    )
  })
})
