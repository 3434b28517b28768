import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Client } from './clients.ts'
import { failures, judge, type Verdicts } from './judge.ts'
import { perform } from './perform.ts'

const client: Client = {
  id: 'untrue',
  name: 'Untrue',
  group: 'framework',
  program: 'untrue',
  packages: [],
}

/** What becomes of a program in `untrue/`. */
async function verdictsOn(program: string, limitMs = 20_000): Promise<Verdicts> {
  const file = join(import.meta.dirname, 'untrue', `${program}.ts`)
  return judge(client, await perform({ file: process.execPath, args: [file], path: [] }, limitMs))
}

describe('the runner of clients', () => {
  it('does not believe a program that says what the model has not seen', async () => {
    const { text, errors, cancel, stream, signatures, ...others } = await verdictsOn('lying')
    assert.deepEqual(text, { works: true })
    assert.deepEqual(errors, { works: true })
    const unseen = { fails: 'it says so, but nothing of the kind reached the model' }
    assert.deepEqual([cancel, stream], [unseen, unseen])
    assert.deepEqual(signatures, { fails: 'none came back' })
    for (const verdict of Object.values(others)) assert.deepEqual(verdict, unseen)
  })

  it('tells what a program that dies has left open', async () => {
    const verdicts = await verdictsOn('dying')
    assert.deepEqual(verdicts.text, { works: true })
    assert.deepEqual(verdicts.stream, { fails: 'nothing was said of it: it exited with 3' })
    assert.equal(failures(verdicts).length, 10)
  })

  it('ends a program that hangs', async () => {
    const { cancel } = await verdictsOn('hanging', 2000)
    const hung = 'nothing was said of it: it hung, and was ended after 2 s'
    assert.deepEqual(cancel, { fails: hung })
  })

  it('sees where a placeholder stood in for signatures', async () => {
    const { tools, signatures } = await verdictsOn('forgetful')
    assert.deepEqual(tools, { works: true })
    assert.deepEqual(signatures, { fails: '3 were lost, and a placeholder stood in' })
  })

  it('lets what is known to fail pass, and shows it', () => {
    const run = {
      stdout: '{"ability":"audio","ok":false,"error":"no sound"}',
      stderr: '',
      trouble: null,
      signatures: { client: 0, store: 0, dummy: 0 },
      witnessed: { abilities: [], steps: 0, refusals: 0 },
    }
    const verdicts = judge({ ...client, known: { audio: 'it is deaf' } }, run)
    assert.deepEqual(verdicts.audio, { fails: 'no sound', known: 'it is deaf' })
    assert.ok(failures(verdicts).every(([ability]) => ability !== 'audio'))
  })
})
