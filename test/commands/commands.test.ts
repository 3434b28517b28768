import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { parse } from 'yaml'
import { checkConfig } from '../../src/commands/check-config.ts'
import { keys } from '../../src/commands/keys.ts'
import { outcomeOf } from '../../src/commands/run.ts'
import { loadConfig } from '../../src/config.ts'
import { digestOf } from '../../src/key.ts'
import { main } from '../support/child.ts'
import { isRecord } from '../support/shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'pollux-commands-'))
after(() => rmSync(folder, { recursive: true }))

function written(name: string, yaml: string): string {
  const path = join(folder, name)
  writeFileSync(path, yaml)
  return path
}

const good = written(
  'good.yaml',
  `
models:
  fast: { targets: [gemini-2.5-flash, own], defaults: { temperature: 0 } }
endpoints: { own: { url: http://127.0.0.1:1/v1, api_key: canary-endpoint } }
keys: [{ name: ci, key: canary-key, models: [fast], requests_per_minute: 7, expires: 2099-01-01 }]
prices: { gemini-2.5-flash: { input: 1, output: 2 } }
`,
)
const bad = written('bad.yaml', 'models: { a: nothing }\nkeys: [{ name: ci, key: "${NOBODY}" }]\n')
const env = { GEMINI_API_KEY: 'canary-gemini' }

const check = (path: string, ...words: string[]) =>
  checkConfig.run({ words, env: { ...env, POLLUX_CONFIG: path } })

describe('check-config', () => {
  it('says what would be served, without anything secret', async () => {
    const { text, exitCode } = await check(good)
    assert.equal(exitCode, 0)
    assert.match(text, /^model {5}fast → gemini-2\.5-flash, then own with temperature$/m)
    assert.match(text, /^key {7}ci: fast; 7 requests a minute; until 2099-01-02T00:00:00/m)
    assert.match(text, /^asks .*the Gemini Developer API, own$/m)
    assert.match(text, /^warning .*keys\[0\]\.key/m)
    assert.doesNotMatch(text, /canary/)
  })

  it('says the same as JSON', async () => {
    const { text, exitCode } = await check(good, '--json')
    assert.equal(exitCode, 0)
    const summary: unknown = JSON.parse(text)
    assert.ok(isRecord(summary))
    assert.equal(summary.ok, true)
    assert.deepEqual(summary.models, [
      { name: 'fast', targets: ['gemini-2.5-flash', 'own'], defaults: ['temperature'] },
    ])
    assert.doesNotMatch(text, /canary|"sha256"/)
  })

  it('says all that is wrong, and exits with 1', async () => {
    const { text, exitCode } = await check(bad)
    assert.equal(exitCode, 1)
    assert.match(text, /models\.a \(line 1\)/)
    assert.match(text, /keys\[0\]\.key \(line 2\)/)
    const json = await check(bad, '--json')
    assert.equal(json.exitCode, 1)
    const told: unknown = JSON.parse(json.text)
    assert.ok(isRecord(told) && Array.isArray(told.mistakes))
    assert.equal(told.ok, false)
    assert.equal(told.mistakes.length, 2)
  })

  it('takes no other words', async () => {
    assert.equal((await check(good, '--what')).exitCode, 2)
  })
})

const run = (...words: string[]) => keys.run({ words, env: {} })

describe('keys create', () => {
  it('shows a key once, and the lines that let it in', async () => {
    const { text, exitCode } = await run('create', 'ci')
    assert.equal(exitCode, 0)
    const [key = ''] = /sk-pollux-[\w-]{43}/.exec(text) ?? []
    assert.match(text, /Authorization: Bearer/)
    const yaml = text.slice(text.indexOf('\nkeys:'))
    assert.deepEqual(parse(yaml), { keys: [{ name: 'ci', sha256: digestOf(key) }] })
    const { auth } = await loadConfig({ ...env, POLLUX_CONFIG: written('made.yaml', yaml) })
    assert.equal(auth.mode === 'keys' && auth.keys[0]?.sha256, digestOf(key))
  })

  it('makes another one each time', async () => {
    assert.notEqual((await run('create', 'ci')).text, (await run('create', 'ci')).text)
  })

  it('takes names that the file takes, and nothing else', async () => {
    for (const words of [[], ['create'], ['create', 'a b'], ['create', 'a', 'b'], ['make', 'a']]) {
      const { text, exitCode } = await run(...words)
      assert.equal(exitCode, 2)
      assert.doesNotMatch(text, /sk-pollux/)
    }
  })
})

describe('a command', () => {
  it('that nobody knows is told those that there are', async () => {
    for (const word of ['chekc-config', 'constructor', '__proto__']) {
      const { text, exitCode } = await outcomeOf(word, [])
      assert.equal(exitCode, 2)
      assert.match(text, /no such command.*check-config:.*keys:/s)
    }
  })

  it('tells them to whom asks, and its version', async () => {
    for (const word of ['help', '--help']) {
      const { text, exitCode } = await outcomeOf(word, [])
      assert.equal(exitCode, 0)
      assert.match(text, /check-config:.*keys:/s)
    }
    const { text, exitCode } = await outcomeOf('--version', [])
    assert.equal(exitCode, 0)
    assert.match(text, /^\d+\.\d+\.\d+$/)
  })

  it('does not serve with words that it does not know', async () => {
    for (const [word, code] of [
      ['--help', 0],
      ['--port=1', 2],
    ] as const) {
      const { text, exitCode } = await outcomeOf('serve', [word])
      assert.equal(exitCode, code)
      assert.match(text, /^Usage: serve/)
    }
  })
})

/** What the process says when it is given these words. */
function say(words: string[], more: Record<string, string> = {}) {
  const env = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...more }
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      [main, ...words],
      { env, timeout: 20_000 },
      (error, stdout, stderr) => resolve({ code: error?.code ?? 0, stdout, stderr }),
    )
  })
}

describe('the process', () => {
  it('checks a configuration', async () => {
    const { code, stdout } = await say(['check-config'], { ...env, POLLUX_CONFIG: bad })
    assert.equal(code, 1)
    assert.match(stdout, /models\.a/)
  })

  it('makes keys', async () => {
    const { code, stdout } = await say(['keys', 'create', 'ci'])
    assert.equal(code, 0)
    assert.match(stdout, /sk-pollux-/)
  })

  it('tells its commands on stderr to whom it does not understand', async () => {
    const { code, stdout, stderr } = await say(['constructor'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /no such command.*check-config:.*keys:/s)
  })

  it('tells on stdout what it was asked for', async () => {
    const { code, stdout, stderr } = await say(['--version'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  })

  it('does not serve with words that it does not know', async () => {
    const { code, stdout, stderr } = await say(['serve', 'anything'])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, /^Usage: serve/)
  })
})
