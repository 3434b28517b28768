import { paired, quartiles, range, type Spread } from './figures.ts'
import type { Field } from './choice.ts'
import { type Goal, goals, promised } from './goals.ts'
import { type Cpu, cpuUs } from './parts/cpu.ts'
import type { Latency } from './parts/latency.ts'
import type { Memory } from './parts/memory.ts'
import type { Results } from './results.ts'
import { type Column, present } from './rounds.ts'

/** A table in markdown. */
export function table(head: string[], rows: string[][]): string {
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function line(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
}

/** Who takes part, doing what, and who does not. */
export function fieldSection({ taking, missing }: Field): string {
  return table(
    ['contestant', ''],
    [
      ...taking.map(({ name, about }) => [name, about]),
      ...missing.map(({ name, why }) => [name, `not measured: ${why}`]),
    ],
  )
}

/** What was promised beside what was measured; nothing where nothing of it was. */
export function goalsSection(results: Results): string {
  const rows = goals.flatMap((goal) => goalRow(goal, goal.of(results)))
  if (rows.length === 0) return ''
  const head = ['promise', 'at most', 'measured', '']
  return `### What is promised, of \`${promised}\`\n\n${table(head, rows)}`
}

function goalRow({ promise, most, unit, digits }: Goal, measured: number): string[][] {
  if (Number.isNaN(measured)) return []
  const text = (number: number) => `${number.toFixed(digits)} ${unit}`
  return [[promise, text(most), text(measured), measured <= most ? '✔' : '✖']]
}

/** CPU of one case, and the ratio to each of these contestants. */
export function cpuSection({ given, columns }: Cpu, against: string[]): string {
  const us = cpuUs.bind(undefined, given)
  const others = against.flatMap((name) => columns.find((column) => column.name === name) ?? [])
  const rows = columns.map((column) => {
    if (column.sentOff !== undefined) return sentOffRow(column, others.length + 1)
    const ratios = others.map(({ rounds }) =>
      spread(quartiles(paired(column.rounds, rounds, (one, other) => us(one) / us(other)))),
    )
    const rss = quartiles(present(column).map(({ rssKb }) => rssKb / 1024))
    return [column.name, spread(range(present(column).map(us))), ...ratios, rss.median.toFixed(0)]
  })
  const heads = others.map(({ name }) => `× ${name}`)
  return `### ${given.name}: ${given.about}\n\n${table(['', `µs per ${given.per}`, ...heads, 'RSS, MB'], rows)}`
}

/** Times at a fixed rate, and what each contestant adds to the upstream's own. */
export function latencySection({ given, columns }: Latency): string {
  const direct = columns.find(({ name }) => name === 'direct')?.rounds ?? []
  const first = given.stream ? 'first event' : 'answer'
  const figures = given.stream ? 'firstUs' : 'wholeUs'
  const rows = columns.map((column) => {
    if (column.sentOff !== undefined) return sentOffRow(column, 4)
    const cells = (['p50', 'p99'] as const).flatMap((share) => {
      const added = paired(
        column.rounds,
        direct,
        (one, other) => one[figures][share] - other[figures][share],
      )
      const all = present(column).map((seen) => seen[figures][share] / 1000)
      return [spread(range(all)), spread(quartiles(added.map((each) => each / 1000)))]
    })
    return [column.name, ...cells]
  })
  const heads = ['p50', 'p99'].flatMap((share) => [`${first}, ${share}, ms`, `${share} added, ms`])
  return `### ${given.name} at a fixed rate: ${given.about}\n\n${table(['', ...heads], rows)}`
}

/** Memory and start of each contestant. */
export function processSection({ memory, starts }: Results): string {
  const names = [...new Set([...memory.map(({ name }) => name), ...starts.keys()])]
  const counts = [...new Set(memory.flatMap(({ perStream }) => [...perStream.keys()]))]
  const rows = names.map((name) => {
    const all = memory.filter((one) => one.name === name)
    const times = starts.get(name) ?? []
    return [
      name,
      `${spread(range(times))}${times.length > 0 ? `, ${times.length} starts` : ''}`,
      spread(range(all.map(({ fresh }) => fresh / 1024))),
      spread(range(all.map(({ warm }) => warm / 1024))),
      ...counts.map((count) => perStreamCell(all, count)),
    ]
  })
  const heads = counts.map((count) => `kB per stream, ${count} open`)
  return `### start and memory\n\n${table(['', 'start, ms', 'fresh, MB', 'warm, MB', ...heads], rows)}`
}

function perStreamCell(all: Memory[], count: number): string {
  const sentOff = all.find(({ perStream }) => !perStream.has(count))?.sentOff
  if (sentOff !== undefined) return `✖ ${firstLine(sentOff)}`
  return spread(range(all.flatMap(({ perStream }) => perStream.get(count) ?? [])))
}

function sentOffRow({ name, sentOff }: Column<unknown>, cells: number): string[] {
  return [name, `✖ ${firstLine(sentOff)}`, ...Array.from({ length: cells }, () => '')]
}

function firstLine(error: Error | undefined): string {
  return error?.message.split('\n')[0]?.slice(0, 100) ?? ''
}

/** `median [low–high]`, with as many digits as mean something; a dash for none. */
export function spread({ median, low, high }: Spread): string {
  if (Number.isNaN(median)) return '–'
  const digits = Math.abs(median) >= 100 ? 0 : Math.abs(median) >= 10 ? 1 : 2
  return `${median.toFixed(digits)} [${low.toFixed(digits)}–${high.toFixed(digits)}]`
}
