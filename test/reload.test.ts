import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { startByHand } from '../src/emulator/by-hand.ts'
import { type Child, servedBy, startChild } from './support/child.ts'

const folder = mkdtempSync(join(tmpdir(), 'pollux-reload-'))
const google = await startByHand()
const children: Child[] = []
after(async () => {
  for (const child of children) child.kill()
  await google.close()
  rmSync(folder, { recursive: true })
})

const key = (name: string) => `keys: [{ name: ${name}, key: "\${file:${name}}" }]\n`
for (const name of ['old', 'new']) writeFileSync(join(folder, name), `sk-${name}`)

/** The old key, with a limit or an end. */
const keyWith = (more: string) => `keys: [{ name: old, key: "\${file:old}", ${more} }]\n`
const price = (input: number) => `prices: { gemini-2.5-flash: { input: ${input}, output: 0 } }\n`

interface Started {
  child: Child
  url: string
  /** Writes the file anew, sends the signal and waits for what the log says of it. */
  change: (yaml: string, said: string) => Promise<string>
}

async function start(yaml: string, more: Record<string, string> = {}): Promise<Started> {
  const path = join(folder, `${children.length}.yaml`)
  writeFileSync(path, yaml)
  const child = startChild({
    GEMINI_API_KEY: 'k',
    GOOGLE_GEMINI_BASE_URL: google.url,
    POLLUX_CONFIG: path,
    ...more,
  })
  children.push(child)
  const url = await servedBy(child)
  return {
    child,
    url,
    change(yaml, said) {
      const before = child.output().length
      writeFileSync(path, yaml)
      child.process.kill('SIGHUP')
      return child.until(said, 10_000, before)
    },
  }
}

let common: Started | undefined

/** The process that those share who ask for keys: it serves what this file says, like one that began with it. */
async function serving(yaml: string): Promise<Started> {
  if (common === undefined) common = await start(yaml)
  else await common.change(yaml, 'was read again')
  return common
}

async function ask(url: string, key: string, model: string) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Say hello.' }] }),
    signal: AbortSignal.timeout(10_000),
  })
  return { status: response.status, text: await response.text() }
}

describe('SIGHUP', () => {
  it('exchanges keys and models', async () => {
    google.answer((asked) => asked.usual())
    const { url, change } = await serving(`${key('old')}models: { a: gemini-2.5-flash }\n`)
    assert.equal((await ask(url, 'sk-old', 'a')).status, 200)
    await change(`${key('new')}models: { b: gemini-2.5-flash }\n`, 'was read again')
    assert.equal((await ask(url, 'sk-old', 'b')).status, 401)
    assert.equal((await ask(url, 'sk-new', 'a')).status, 404)
    assert.equal((await ask(url, 'sk-new', 'b')).status, 200)
  })

  it('leaves everything as it was where the file is wrong, and says what is', async () => {
    google.answer((asked) => asked.usual())
    const { url, change, child } = await serving(`${key('old')}models: { a: gemini-2.5-flash }\n`)
    const said = await change('models: { b: nothing }\npices: {}\n', 'stays as it was')
    assert.match(said, /models\.b \(line 1\)/)
    assert.match(said, /pices \(line 2\)/)
    assert.equal((await ask(url, 'sk-old', 'a')).status, 200)
    assert.equal((await ask(url, 'sk-old', 'b')).status, 404)
    // The next one may be right again.
    await change(key('new'), 'was read again')
    assert.equal((await ask(url, 'sk-new', 'gemini-2.5-flash')).status, 200)
    assert.doesNotMatch(child.output(), /sk-/)
  })

  for (const [what, emptied] of [
    ['is emptied', ''],
    ['loses the keys beneath their name', 'keys:\n'],
    ['has a list of none', 'keys: []\n'],
  ] as const) {
    it(`lets nobody in whom a key kept out where the file ${what}`, async () => {
      google.answer((asked) => asked.usual())
      const { url, change } = await serving(key('old'))
      const said = await change(emptied, 'stays as it was')
      assert.match(said, /no keys any more; start again with POLLUX_AUTH=none/)
      assert.equal((await ask(url, 'sk-wrong', 'gemini-2.5-flash')).status, 401)
      assert.equal((await ask(url, 'sk-old', 'gemini-2.5-flash')).status, 200)
    })
  }

  it('lets nobody in where the file of POLLUX_API_KEYS_FILE is emptied, and exchanges its keys', async () => {
    google.answer((asked) => asked.usual())
    const path = join(folder, 'keys.txt')
    writeFileSync(path, 'sk-old\n')
    const { url, change, child } = await start('', { POLLUX_API_KEYS_FILE: path })
    writeFileSync(path, '')
    await change('', 'stays as it was')
    assert.equal((await ask(url, 'sk-wrong', 'gemini-2.5-flash')).status, 401)
    writeFileSync(path, 'sk-new\n')
    await change('', 'was read again')
    assert.equal((await ask(url, 'sk-old', 'gemini-2.5-flash')).status, 401)
    assert.equal((await ask(url, 'sk-new', 'gemini-2.5-flash')).status, 200)
    child.kill()
  })

  it('does not begin to ask for keys either', async () => {
    google.answer((asked) => asked.usual())
    const { url, change, child } = await start('')
    await change(key('new'), 'stays as it was')
    assert.equal((await ask(url, 'sk-any', 'gemini-2.5-flash')).status, 200)
    child.kill()
  })

  it('exchanges the limits of a key, its end and prices', async () => {
    google.answer((asked) => asked.usual())
    const { url, child, change } = await serving(keyWith('requests_per_minute: 100') + price(0))
    assert.equal((await ask(url, 'sk-old', 'gemini-2.5-flash')).status, 200)
    await child.until('"costUsd":0,')
    await change(keyWith('requests_per_minute: 3') + price(1e6), 'was read again')
    const statuses = []
    for (let n = 0; n < 4; n += 1) {
      statuses.push((await ask(url, 'sk-old', 'gemini-2.5-flash')).status)
    }
    assert.ok(statuses.includes(429), String(statuses))
    await child.until('"costUsd":3,')
    await change(keyWith('expires: 2020-01-01'), 'has expired')
    const { status, text } = await ask(url, 'sk-old', 'gemini-2.5-flash')
    assert.equal(status, 401)
    assert.match(text, /expired/)
  })

  it('lets running requests go on with what they began with', async () => {
    google.answer()
    const { url, change } = await serving(`${key('old')}models: { a: gemini-2.5-flash }\n`)
    const answer = ask(url, 'sk-old', 'a')
    const asked = await google.next()
    await change(key('new'), 'was read again')
    asked.usual()
    const { status, text } = await answer
    assert.equal(status, 200, text)
    assert.equal(JSON.parse(text).model, 'a')
  })

  it('ends the process where there is nothing to read again', async () => {
    const child = startChild({ GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: google.url })
    children.push(child)
    await servedBy(child)
    child.process.kill('SIGHUP')
    assert.equal(await child.exited(), 0)
  })
})
