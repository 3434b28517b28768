import { execFileSync } from 'node:child_process'
import { Session } from 'node:inspector/promises'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exactly } from '../../test/suites/support/counted.ts'
import { type GuardedWork, guardedWorks } from '../../test/suites/support/guarded-works.ts'
import { translate } from '../../test/suites/support/work.ts'

/**
 * `node bench/guard/where.ts 'a stream of 100 events'`: which functions allocate what the suite
 * `allocations` guards, in bytes for each request, answer or event.
 */
const [name = 'a stream of 100 events'] = process.argv.slice(2)
const work = Object.entries<GuardedWork>(guardedWorks).find(([one]) => one === name)?.[1]
if (work === undefined) {
  console.error(`There is: ${Object.keys(guardedWorks).join('; ')}.`)
  process.exit(2)
}
// As it is guarded: nothing is compiled.
if (!process.execArgv.includes('--no-opt')) {
  const flags = ['--expose-gc', ...exactly]
  execFileSync(process.execPath, [...flags, import.meta.filename, name], { stdio: 'inherit' })
  process.exit()
}

const times = 40
const made = work.make()
for (let at = 0; at < times; at += 1) await translate(made)
globalThis.gc?.()
const session = new Session()
session.connect()
await session.post('HeapProfiler.startSampling', {
  samplingInterval: 64,
  // All of it is garbage by now.
  includeObjectsCollectedByMajorGC: true,
  includeObjectsCollectedByMinorGC: true,
})
for (let at = 0; at < times; at += 1) await translate(made)
const { profile } = await session.post('HeapProfiler.stopSampling')

/** Bytes by function; what V8's own functions allocate is their caller's. */
const found = new Map<string, number>()
const waiting = [{ node: profile.head, caller: '' }]
for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
  const { functionName, url, lineNumber } = at.node.callFrame
  const file = url.startsWith('file:') ? relative(process.cwd(), fileURLToPath(url)) : url
  const here = `${functionName || '(arrow)'} ${file}:${lineNumber + 1}`
  const place = url === '' ? `${at.caller}, by ${functionName}` : here
  found.set(place, (found.get(place) ?? 0) + at.node.selfSize)
  const caller = url === '' ? at.caller : here
  waiting.push(...at.node.children.map((node) => ({ node, caller })))
}
const all = [...found.values()].reduce((sum, bytes) => sum + bytes, 0)
const perUnit = (bytes: number) => (bytes / times / work.units).toFixed(0)
console.log(`${perUnit(all)} bytes per ${work.unit}`)
for (const [place, bytes] of [...found].toSorted(([, a], [, b]) => b - a).slice(0, 40)) {
  console.log(perUnit(bytes).padStart(8), place)
}
