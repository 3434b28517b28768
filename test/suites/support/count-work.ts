import assert from 'node:assert/strict'
import { Session } from 'node:inspector'
import { GCProfiler } from 'node:v8'
import { answeredWorks } from './answered-works.ts'
import { askedWorks } from './asked-works.ts'
import { guardedWorks, heldWorks } from './guarded-works.ts'
import { toOpenStream } from './translation.ts'
import { smallSizes, translate, type Work } from './work.ts'

/**
 * A program that counts instead of timing; `counted.ts` starts it with the flags that make it exact.
 * Its arguments are names of guarded works, or `held` or `growing` and names of such ones; it prints a
 * line of JSON for each.
 */

/** What was counted of one work. */
export interface Counts {
  name: string
  /** Bytes that were allocated, or are held, for each size. */
  bytes: number[]
  /** How many blocks of `src/` were run through, for each size; none for guarded works. */
  steps: number[]
}

/** Until all is compiled and every cache has what it needs. */
const warmUps = 40
/** Of whose steps is counted. */
const source = new URL('../../../src/', import.meta.url).href
/** So many are open at a time, where they are counted. */
const streams = 100

const [first = '', ...others] = process.argv.slice(2)
if (first === 'growing') await countGrowing(others)
else if (first === 'held') for (const name of others) await countHeld(name)
else for (const name of [first, ...others]) await countGuarded(name)

async function countGuarded(name: string): Promise<void> {
  // The names are those of the table.
  const work = guardedWorks[name as keyof typeof guardedWorks].make()
  for (let at = 0; at < warmUps; at += 1) await translate(work)
  say({ name, bytes: await allocatedBy([work], 20), steps: [] })
}

async function countHeld(name: string): Promise<void> {
  // The names are those of the table.
  const { answers, asks: body, model } = heldWorks[name as keyof typeof heldWorks].make()
  const held: object[] = []
  const open = async () => held.push(await toOpenStream({ body, model, reads: answers }))
  for (let at = 0; at < warmUps; at += 1) await open()
  const before = heapLeft()
  for (let at = 0; at < streams; at += 1) await open()
  say({ name, bytes: [(heapLeft() - before) / streams], steps: [] })
  assert.equal(held.length, warmUps + streams)
}

function heapLeft(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

async function countGrowing(names: string[]): Promise<void> {
  const all = names.map((name) => {
    const growing = { ...askedWorks, ...answeredWorks }[name]
    assert(growing, name)
    return { name, works: smallSizes(growing).map(growing.of) }
  })
  const bytes: number[][] = []
  for (const { works } of all) {
    const [few, more] = works
    for (const work of [few, more, few, more]) if (work !== undefined) await translate(work)
    bytes.push(await allocatedBy(works, 2))
  }
  const count = countSteps()
  for (const [at, { name, works }] of all.entries()) {
    const steps: number[] = []
    for (const work of works) steps.push(await count(work))
    say({ name, bytes: bytes[at] ?? [], steps })
  }
}

function say(counts: Counts): void {
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}

/**
 * Bytes for each work, the (lower) median of some runs: what is allocated stays in the heap as long as no
 * garbage is collected. (It is not before each run: V8's own caches would be filled anew.)
 */
async function allocatedBy(works: readonly Work[], runs: number): Promise<number[]> {
  globalThis.gc?.()
  const collections = new GCProfiler()
  collections.start()
  const looking = await median(runs, () => heapAfter(async () => undefined))
  const bytes: number[] = []
  for (const work of works) {
    bytes.push((await median(runs, () => heapAfter(() => translate(work)))) - looking)
  }
  assert.equal(collections.stop()?.statistics.length, 0, 'garbage was collected in between')
  return bytes
}

async function heapAfter(run: () => Promise<unknown>): Promise<number> {
  const before = process.memoryUsage().heapUsed
  await run()
  return process.memoryUsage().heapUsed - before
}

async function median(runs: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let at = 0; at < runs; at += 1) values.push(await measure())
  return values.toSorted((a, b) => a - b)[Math.floor((runs - 1) / 2)] ?? Number.NaN
}

/** V8 counts how often each block of code is run, for coverage: exact, and the same on every machine. */
function countSteps(): (work: Work) => Promise<number> {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  taken(session)
  return async (work) => {
    await translate(work)
    return taken(session)
  }
}

/** What was counted since the last time. */
function taken(session: Session): number {
  let steps = 0
  // Within the process the answer is there at once.
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error
    const own = result.filter(({ url }) => url.startsWith(source))
    const ranges = own.flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges))
    steps = ranges.reduce((sum, { count }) => sum + count, 0)
  })
  return steps
}
