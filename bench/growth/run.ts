import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { growingWorks } from '../../test/suites/support/growth.ts'
import { costOverNetwork, networkWorks } from './over-network.ts'
import type { Cost } from './time-work.ts'

/**
 * `npm run bench:growth`: what one of something costs where there is 1, 10 and 100 times as much of it.
 * Prints the tables, and writes them into the README beside this file; with words of their names as
 * arguments only those rows, and writes nothing.
 */
/** From the step before: noise makes less of it, ten times as much work in a square would make it 10. */
const suspicious = 2

const only = process.argv.slice(2)
const wanted = (name: string) => only.length === 0 || only.some((word) => name.includes(word))

const alone = table()
for (const [name, { unit }] of Object.entries(growingWorks)) {
  if (!wanted(name)) continue
  const program = join(import.meta.dirname, 'time-work.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [program, name])
  alone.add(name, unit, JSON.parse(stdout))
}
console.log()
const network = table()
for (const work of networkWorks) {
  if (wanted(work.name)) network.add(work.name, work.unit, await costOverNetwork(work))
}

if (only.length === 0) {
  const file = join(import.meta.dirname, 'README.md')
  const [introduction = ''] = readFileSync(file, 'utf8').split('## The last run')
  const when = new Date().toISOString().slice(0, 10)
  const where = `Pollux ${commit()}, Node ${process.version}, Linux ${release()}, ${availableParallelism()} cores`
  const lines = [
    `## The last run\n\n${when}: ${where}.`,
    `### The translation alone\n\n${alone.written()}`,
    `### The whole gateway\n\n${network.written()}`,
  ]
  writeFileSync(file, `${introduction}${lines.join('\n\n')}\n`)
}

/** Rows of costs, each printed as it comes. */
function table() {
  const lines = [
    '| more and more | sizes | µs for each | growth | MB at most |',
    '|---|---|---|---|---|',
  ]
  console.log(lines.join('\n'))
  return {
    add(name: string, unit: string, costs: Cost[]) {
      const growth = costs.slice(1).map(({ cpu }, at) => cpu / (costs[at]?.cpu ?? Number.NaN))
      const cells = [
        name,
        `${costs.map(({ size }) => size.toLocaleString('en')).join(' / ')} (${unit})`,
        costs.map(({ cpu }) => inDigits(cpu)).join(' / '),
        growth.map((times) => `${times.toFixed(2)}${times > suspicious ? ' ✖' : ''}`).join(', '),
        costs.map(({ peak }) => peak.toFixed(0)).join(' / '),
      ]
      lines.push(`| ${cells.join(' | ')} |`)
      console.log(lines.at(-1))
    },
    written: () => lines.join('\n'),
  }
}

/** Three digits, or all before the point. */
function inDigits(value: number): string {
  return value < 1_000 ? value.toPrecision(3) : Math.round(value).toLocaleString('en')
}

function commit(): string {
  return execFileSync('git', ['describe', '--always', '--dirty'], { cwd: import.meta.dirname })
    .toString()
    .trim()
}
