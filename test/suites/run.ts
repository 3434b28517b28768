import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { SuiteModule } from './suite.ts'

/**
 * `node test/suites/run.ts [--long] [name …]`: runs the suites, each in a process of its own, and
 * prints what was seen beside what is promised. Exits with 1 where a promise is broken.
 */
const { values, positionals } = parseArgs({
  options: { long: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const edition = values.long ? 'long' : 'short'
const limitMs = values.long ? 2 * 3_600_000 : 180_000
const all = readdirSync(import.meta.dirname)
  .flatMap((file) => /^(.+)\.suite\.ts$/.exec(file)?.[1] ?? [])
  .toSorted()
const unknown = positionals.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  console.error(`There is no suite ${unknown.join(', ')}. There are: ${all.join(', ')}.`)
  process.exit(2)
}

// Those that mostly wait go beside the others, which measure what the processor does.
const waiting = ['supply-chain', 'tokens', 'urls', 'drain', 'cloud-run', 'three-instances']
const wanted = positionals.length > 0 ? positionals : all
const failed = (
  await Promise.all([
    inTurn(wanted.filter((name) => !waiting.includes(name))),
    inTurn(waiting.filter((name) => wanted.includes(name))),
  ])
).flat()
if (failed.length > 0) {
  console.error(`Promises are broken in: ${failed.join(', ')}`)
  process.exit(1)
}

/** The names of those that failed. */
async function inTurn(names: string[]): Promise<string[]> {
  const failed: string[] = []
  for (const name of names) if (!(await succeeds(name))) failed.push(name)
  return failed
}

async function succeeds(name: string): Promise<boolean> {
  const { about }: SuiteModule = await import(join(import.meta.dirname, `${name}.suite.ts`))
  const started = performance.now()
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'one.ts'), name, edition],
    { stdio: ['ignore', 'pipe', 'inherit'], timeout: limitMs, killSignal: 'SIGKILL' },
  )
  const [seen, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`${name}: ${about}\n${seen}  ${seconds} s\n`)
  return code === 0
}
