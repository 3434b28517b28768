import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { SuiteModule } from './suite.ts'

/**
 * `node test/suites/run.ts [--long] [name …]`: runs the suites one after another, each in a process of
 * its own, and prints what was seen beside what is promised. Exits with 1 where a promise is broken.
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

const failed: string[] = []
for (const name of positionals.length > 0 ? positionals : all) {
  const { about }: SuiteModule = await import(join(import.meta.dirname, `${name}.suite.ts`))
  console.log(`${name}: ${about}`)
  const started = performance.now()
  const child = spawn(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, 'one.ts'), name, edition],
    { stdio: 'inherit', timeout: limitMs, killSignal: 'SIGKILL' },
  )
  const [code] = await once(child, 'close')
  console.log(`  ${((performance.now() - started) / 1000).toFixed(1)} s\n`)
  if (code !== 0) failed.push(name)
}
if (failed.length > 0) {
  console.error(`Promises are broken in: ${failed.join(', ')}`)
  process.exit(1)
}
