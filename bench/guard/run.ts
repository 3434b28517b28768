import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Allocation, limitOf, measureAll } from '../../test/suites/support/allocations.ts'

/**
 * `node bench/guard/run.ts [--rounds 3] [--renew]`: what the suite `allocations` guards, measured some
 * times, beside its limits. With `--renew` the medians become the new figures that the limits follow.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    renew: { type: 'boolean', default: false },
  },
})
const rounds: Allocation[][] = []
for (let at = 0; at < Number(values.rounds); at += 1) rounds.push(await measureAll())

const rows = (rounds[0] ?? []).map((one, at) => {
  const bytes = rounds.map((round) => round[at]?.bytes ?? Number.NaN).toSorted((a, b) => a - b)
  const median = bytes[Math.floor(bytes.length / 2)] ?? Number.NaN
  return { ...one, median, least: bytes[0], most: bytes.at(-1), limit: limitOf(one) }
})
console.log('| work | bytes | least to most | limit |\n|---|---|---|---|')
for (const { name, unit, median, least, most, limit } of rows) {
  console.log(`| ${name} | ${median} per ${unit} | ${least} to ${most} | ${limit} |`)
}

if (values.renew) {
  const file = join(import.meta.dirname, '../../test/suites/support/allocation-limits.ts')
  const [introduction] = readFileSync(file, 'utf8').split(/(?<=measured: .* = \{)/)
  const lines = rows.map(({ name, median }) => `  '${name}': ${underscored(median)},`)
  const version = `/** The version of Node that it was measured with: another one lays out its objects as it likes. */
export const measuredWith: string = '${process.version}'`
  writeFileSync(file, `${introduction}\n${lines.join('\n')}\n}\n\n${version}\n`)
}

/** As numbers stand in code: `12_345`. */
function underscored(bytes: number): string {
  return bytes.toLocaleString('en').replaceAll(',', '_')
}
