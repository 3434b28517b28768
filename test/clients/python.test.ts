import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { startGateway } from '../support/gateway.ts'
import { findPython } from '../support/python.ts'

const run = promisify(execFile)
const folder = join(import.meta.dirname, 'python')
const script = join(folder, 'samples.py')
const found = findPython()

interface Result {
  sample: string
  ok: boolean
  error?: string
}

describe('the samples in Python', { skip: 'missing' in found && found.missing }, () => {
  const names = readFileSync(script, 'utf8').match(/(?<=^def )(?!user\b)\w+/gm) ?? []
  let results: Result[] = []
  before(async () => {
    // One process runs them all: most of a second is spent on importing.
    if ('python' in found) results = await runSamples(found.python)
  })

  for (const name of names) {
    it(`work: ${name.replaceAll('_', ' ')}`, () => {
      const result = results.find(({ sample }) => sample === name)
      assert.deepEqual(result, { sample: name, ok: true })
    })
  }
})

async function runSamples(python: string): Promise<Result[]> {
  const gateway = await startGateway({})
  try {
    const { stdout } = await run(python, [script, gateway.url], { timeout: 30_000 }).catch(
      (error: { stdout: string; stderr: string }) => error, // It exits with 1 when one is wrong.
    )
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  } finally {
    await gateway.close()
  }
}
