import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'

const main = join(import.meta.dirname, '../../src/emulator/main.ts')

describe('npm run emulator', () => {
  it('says where it is and how to get there, and ends when it is told to', async () => {
    const child = run(['--port', '0'])
    const welcome = await firstOutput(child)
    const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(welcome) ?? []
    for (const word of ['@google/genai', 'google-genai', 'curl']) assert.ok(welcome.includes(word))
    const response = await fetch(`${url}/v1beta/models`, { headers: { 'x-goog-api-key': 'any' } })
    assert.equal(response.status, 200)
    await response.text()
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('takes its settings from the environment as well, and refuses what it cannot read', async () => {
    const child = run([], { PORT: '0', EMULATOR_SCRIPT: '/nowhere/answers.json' })
    const [problem] = await Promise.all([firstOutput(child, 'stderr'), once(child, 'exit')])
    assert.match(problem, /^The emulator cannot start: .*answers\.json/)
    assert.equal(child.exitCode, 1)
  })
})

function run(args: string[], env: Record<string, string> = {}): ChildProcess {
  return spawn(process.execPath, [main, ...args], { env: { ...process.env, ...env } })
}

async function firstOutput(
  child: ChildProcess,
  from: 'stdout' | 'stderr' = 'stdout',
): Promise<string> {
  const stream = child[from]
  assert.ok(stream)
  for await (const chunk of stream) return String(chunk)
  return ''
}
