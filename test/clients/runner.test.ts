import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Client } from './clients.ts'
import { install } from './install.ts'
import { failures, judge, losses, type Run, type Verdicts } from './judge.ts'
import { freePort } from '../support/port.ts'
import { type Failed, outageIn } from './outage.ts'
import { perform } from './perform.ts'
import { wrongWithSnippet } from './snippets.ts'

const client: Client = {
  id: 'untrue',
  name: 'Untrue',
  group: 'framework',
  program: 'untrue',
  packages: [],
}

/** Runs a program of `untrue/`. */
function performed(program: string, limitMs = 20_000): Promise<Run> {
  const file = join(import.meta.dirname, 'untrue', `${program}.ts`)
  return perform({ file: process.execPath, args: [file], path: [] }, limitMs)
}

/** One run of the program that dies is enough for all who look at it. */
let died: Promise<Run> | undefined
const dying = () => (died ??= performed('dying'))

/** What becomes of it. */
async function verdictsOn(program: string, limitMs?: number): Promise<Verdicts> {
  return judge(client, await performed(program, limitMs))
}

// Programs are slow to start, and one hangs.
describe('the runner of clients', { concurrency: 2 }, () => {
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
    const verdicts = judge(client, await dying())
    assert.deepEqual(verdicts.text, { works: true })
    assert.deepEqual(verdicts.stream, { fails: 'nothing was said of it: it exited with 3' })
    assert.equal(failures(verdicts).length, 10)
  })

  it('hears of a program that does not end well', async () => {
    const { trouble } = await dying()
    assert.equal(trouble, 'it exited with 3')
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

  it('wants parallel calls in the loop of three steps itself', async () => {
    const run = await performed('crumbling')
    assert.deepEqual([run.witnessed.steps, run.witnessed.parallelSteps], [3, 1])
    const remembered = { ...run, signatures: { client: 0, store: 8, dummy: 0 } }
    const { signatures } = judge(client, remembered)
    assert.deepEqual(signatures, { fails: 'its longest loop with parallel calls has 1 steps' })
  })

  it('takes nobody who leaves before an answer for one who leaves in its middle', async () => {
    const { abilities } = (await performed('impatient')).witnessed
    assert.ok(abilities.includes('timeout'))
    assert.ok(!abilities.includes('cancel'))
  })

  it('does not believe a program that suddenly can do nothing', async () => {
    const verdicts = await verdictsOn('refusing')
    assert.deepEqual(failures(verdicts), [])
    const before: Verdicts = { text: { works: true }, audio: { cannot: 'it is deaf' } }
    const lost = Object.fromEntries(losses(verdicts, before))
    assert.equal(lost.text, 'worked before, and now it cannot: not today')
    assert.equal(lost.stream, 'was never seen to be beyond it: not today')
    assert.equal(lost.audio, undefined)
  })

  it('notices where signatures no longer come back by themselves', () => {
    const before: Verdicts = { signatures: { works: true, how: 'sent back' } }
    const now: Verdicts = { signatures: { works: true, how: 'remembered' } }
    assert.deepEqual(losses(now, before), [['signatures', 'was sent back, and now remembered']])
    assert.deepEqual(losses(before, now), [])
  })

  it('runs what the documentation shows', async () => {
    const shown = { ...client, program: 'untrue/lying.ts' }
    const wrong = await wrongWithSnippet(shown)
    assert.equal(wrong, 'untrue/snippets/lying.ts does not say ahoy, but: hello\n')
    assert.equal(await wrongWithSnippet({ ...shown, shows: 'hello' }), undefined)
    assert.equal(await wrongWithSnippet({ ...shown, program: 'untrue/dying.ts' }), undefined)
  })

  it('lets what is known to fail pass, and shows it', () => {
    const run = {
      stdout: '{"ability":"audio","ok":false,"error":"no sound"}',
      stderr: '',
      trouble: null,
      signatures: { client: 0, store: 0, dummy: 0 },
      witnessed: { abilities: [], steps: 0, parallelSteps: 0, refusals: 0 },
    }
    const verdicts = judge({ ...client, known: { audio: 'it is deaf' } }, run)
    assert.deepEqual(verdicts.audio, { fails: 'no sound', known: 'it is deaf' })
    assert.ok(failures(verdicts).every(([ability]) => ability !== 'audio'))
  })
})

describe('what cannot be installed', () => {
  const run = promisify(execFile)
  const goIsMissing = () =>
    run('go', ['version']).then(
      () => false,
      () => true,
    )

  it('is a mistake where a program cannot be built', async (t) => {
    if (await goIsMissing()) return t.skip('there is no go')
    const broken = { ...client, program: 'untrue/broken' }
    await assert.rejects(install(broken, 60_000), (error: Failed) => {
      assert.match(error.stderr ?? '', /nope/)
      return outageIn(error) === undefined
    })
  })

  it('is a mistake where there is no program', async () => {
    await assert.rejects(
      install({ ...client, program: 'node/nobody.ts' }, 1000),
      (error: Failed) => {
        assert.equal(error.message, 'There is no node/nobody.ts.')
        return outageIn(error) === undefined
      },
    )
  })

  it('is not where a tool is missing, or takes too long', async () => {
    await assert.rejects(run('no-such-tool'), (error: Failed) =>
      /lacks a tool/.test(outageIn(error)!),
    )
    const forEver = run(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { timeout: 300 })
    await assert.rejects(forEver, (error: Failed) => outageIn(error) === 'it took too long')
  })

  it('is not where npm gets no answer', async () => {
    const nobody = ['--registry', `http://127.0.0.1:${await freePort()}`, '--fetch-retries=0']
    const asked = run('npm', ['view', 'zod', ...nobody], { timeout: 20_000 })
    await assert.rejects(asked, (error: Failed) => /ECONNREFUSED/.test(outageIn(error)!))
  })

  for (const [who, said, isOutage] of [
    ['npm', 'npm error code E503', true],
    ['npm', 'npm error code ETARGET\nnpm error notarget No matching version for ai@99', false],
    ['pip', 'WARNING: Retrying after connection broken by NewConnectionError(…)', true],
    ['pip', 'ERROR: HTTP error 502 while getting https://pypi.org/simple/openai/', true],
    ['pip', 'ERROR: No matching distribution found for openai==99', false],
    ['go', 'main.go:4:2: Get "https://proxy.golang.org/x": dial tcp: lookup …: no such host', true],
    ['go', 'reading https://proxy.golang.org/x: 503 Service Unavailable', true],
    ['go', './main.go:20:2: undefined: openai.NewCleint', false],
  ] as const) {
    it(`${isOutage ? 'is not' : 'is a mistake'} where ${who} says: ${said}`, () => {
      const error = Object.assign(new Error('Command failed'), { code: 1, stderr: said })
      assert.equal(outageIn(error) !== undefined, isOutage)
    })
  }
})
