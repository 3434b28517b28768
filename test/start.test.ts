import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type Child, servedBy, startChild } from './support/child.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'pollux-start-'))
const started: Child[] = []
after(() => {
  for (const child of started) child.kill()
  rmSync(folder, { recursive: true })
})

async function start(env: Record<string, string>): Promise<Child> {
  const child = startChild(env)
  started.push(child)
  await servedBy(child)
  return child
}

/** The files that a gateway loads until it listens, by their paths in the project. */
async function loadedBy(env: Record<string, string>): Promise<string[]> {
  const file = join(folder, `${started.length}.txt`)
  const hook = pathToFileURL(join(import.meta.dirname, 'support', 'note-loaded.ts')).href
  const child = await start({ ...env, LOADED: file, NODE_OPTIONS: `--import=${hook}` })
  child.kill()
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .filter((url) => url.startsWith('file:'))
    .map((url) => /\/(node_modules\/.*)$/.exec(url)?.[1] ?? relative(root, fileURLToPath(url)))
}

/** What makes the start slow is the number of files: each one is found, read and compiled. */
describe('what is loaded until the gateway listens', () => {
  it('is what every gateway needs, of the packages in package.json', async () => {
    const loaded = await loadedBy({ GEMINI_API_KEY: 'k', POLLUX_API_KEYS: 'a-key-of-ours' })
    const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    )
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => has(loaded, `node_modules/${name}/`)),
      ['fastify', 'lru-cache', 'pino', 'undici', 'zod'],
    )
    // Of Fastify, nothing that compiles schemas; of undici, no `fetch`.
    for (const part of [
      'src/emulator/',
      'src/telemetry/metrics',
      'node_modules/ajv/',
      'node_modules/undici/lib/web/',
    ]) {
      assert.ok(!has(loaded, part), part)
    }
    assert.ok(loaded.length < 400, `${loaded.length} files`)
  })

  it('is more where it is asked for', async () => {
    const loaded = await loadedBy({
      POLLUX_CORS_ORIGINS: 'https://app.example',
      POLLUX_METRICS_PORT: '0',
    })
    for (const part of [
      'src/emulator/',
      'node_modules/@fastify/cors/',
      'node_modules/prom-client/',
    ]) {
      assert.ok(has(loaded, part), part)
    }
    // Metrics are counted without what traces need.
    assert.ok(!has(loaded, 'node_modules/@opentelemetry/'))
  })

  it('is of Node neither what strips types, once that is done, nor its own fetch', async () => {
    const file = join(folder, 'of-node.txt')
    const note = `import { writeFileSync } from 'node:fs'
      const note = () => writeFileSync(${JSON.stringify(file)}, process.moduleLoadList.join(' '))
      process.on('exit', note)`
    const env = {
      GEMINI_API_KEY: 'k',
      POLLUX_METRICS_PORT: '0',
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(note)}`,
    }
    for (const _ of ['the first fills the cache', 'the second uses it']) {
      const child = await start(env)
      child.process.kill('SIGTERM')
      assert.equal(await child.exited(), 0)
    }
    const loaded = readFileSync(file, 'utf8')
    assert.match(loaded, /NativeModule http /)
    assert.doesNotMatch(loaded, /deps\/(amaro|undici)\//)
  })
})

function has(loaded: readonly string[], part: string): boolean {
  return loaded.some((path) => path.startsWith(part))
}

describe('what Node compiled', () => {
  it('is kept for the next start as soon as the gateway listens', async () => {
    const cache = join(folder, 'compiled')
    const child = await start({ GEMINI_API_KEY: 'k', NODE_COMPILE_CACHE: cache })
    const kept = () => readdirSync(cache, { recursive: true }).length
    const before = performance.now()
    while (kept() < 300 && performance.now() - before < 10_000) await sleep(20)
    child.process.kill('SIGKILL')
    assert.ok(kept() >= 300, `${kept()} files`)
  })

  it('is not missed where nothing can be written', async () => {
    const child = await start({ GEMINI_API_KEY: 'k', NODE_COMPILE_CACHE: '/dev/null/compiled' })
    child.process.kill('SIGTERM')
    assert.equal(await child.exited(), 0)
    assert.doesNotMatch(child.output(), /compile|cache|warn/i)
  })
})
