import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import { startEmulator } from '../../../src/emulator/server.ts'

const root = join(import.meta.dirname, '..', '..', '..')

/** A Python that has google-genai. */
const python = process.env['POLLUX_PYTHON'] ?? join(root, '.cache/python/bin/python')

describe('google-genai', { skip: whyNot() }, () => {
  it('gets text, streams, calls, JSON and thoughts from both backends', async () => {
    const emulator = await startEmulator()
    try {
      const script = join(import.meta.dirname, 'google_genai.py')
      const { stdout } = await promisify(execFile)(python, [script, emulator.url])
      for (const got of Object.values<Record<string, unknown>>(JSON.parse(stdout))) {
        const { chunks, loop, json, tokens, ...rest } = got
        assert.deepEqual(rest, {
          text: 'hello',
          streamed: 'one two three',
          call: ['get_weather', { city: 'Paris' }],
          signed: true,
          thought: true,
          unknown: 404,
        })
        assert.ok(Number(chunks) > 1 && Number(tokens) > 0)
        assert.match(String(loop), /sky is clear/)
        assert.match(JSON.stringify(json), /^\{"city":"[^"]+","size":\d+\}$/)
      }
    } finally {
      await emulator.close()
    }
  })
})

function whyNot(): string | false {
  if (!existsSync(python)) return `there is no ${python}`
  const find =
    'import importlib.util; raise SystemExit(not importlib.util.find_spec("google.genai"))'
  return spawnSync(python, ['-c', find]).status === 0 ? false : 'google-genai is not installed'
}
