import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { build, made } from './build.ts'
import { chosenCases, chosenRates, field, memoryGroups, roundsOf } from './choice.ts'
import { direct } from './contestants/all.ts'
import { installLitellm } from './contestants/peers.ts'
import { readOptions } from './options.ts'
import { measureCpu } from './parts/cpu.ts'
import { measureLatency } from './parts/latency.ts'
import { measureMemory } from './parts/memory.ts'
import { fillCaches, measureStarts } from './parts/start.ts'
import { core } from './process.ts'
import { circumstances, writeReadme } from './readme.ts'
import { cpuSection, goalsSection, latencySection, processSection, fieldSection } from './report.ts'
import { anyWrongAnswer, type Results } from './results.ts'
import type { Entrant } from './rounds.ts'
import { startUpstream } from './upstream.ts'

/**
 * `npm run bench`: how fast this gateway is, against the least that a gateway in Node can do and against
 * others, all in turn in one run. What is measured and why stands in the README beside this file.
 */
// What was started ends with this process, also where somebody ends it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
const options = readOptions(process.argv.slice(2))
if (availableParallelism() < 2)
  throw new Error('The measured need a core for themselves: two at least.')
execFileSync('taskset', ['-a', '-c', '-p', String(core.others), String(process.pid)])
build()
if (options.installLitellm) installLitellm()
const entered = field(options)
const gateways = entered.taking.filter((contestant) => contestant !== direct)
const upstream = await startUpstream()
const results: Results = { cpu: [], latency: [], memory: [], starts: new Map() }
const told: string[] = []
tell(`${circumstances()}\n\n${fieldSection(entered)}`)

await fillCaches(gateways, upstream.port)
if (options.parts.includes('start')) {
  const count = options.quick ? 3 : (options.rounds ?? 10)
  results.starts = await measureStarts(gateways, upstream.port, count)
}
if (options.parts.includes('memory')) {
  for (const group of memoryGroups(gateways, options)) {
    const streams = options.quick ? [1000] : [1000, 5000]
    results.memory.push(...(await Promise.all(group.map((one) => measureMemory(one, streams)))))
  }
}
if (results.starts.size > 0 || results.memory.length > 0) tell(processSection(results))

const entrants = entered.taking.map((contestant): Entrant => {
  const isUpstream = { ...upstream, headers: {}, startMs: 0, stop: () => {} }
  return contestant === direct ? { contestant, running: isUpstream } : { contestant }
})
if (options.parts.includes('cpu')) {
  const against = ['floor', 'portkey', ...options.versions.slice(0, 1).map(({ name }) => name)]
  for (const given of chosenCases(options)) {
    const rounds = roundsOf(given, options)
    const cpu = await measureCpu(entrants, upstream.port, given, rounds, options.seconds)
    results.cpu.push(cpu)
    tell(cpuSection(cpu, against))
  }
}
if (options.parts.includes('latency')) {
  for (const given of chosenRates(options)) {
    const latency = await measureLatency(entrants, upstream.port, given, roundsOf(given, options))
    results.latency.push(latency)
    tell(latencySection(latency))
  }
}
for (const { running } of entrants) running?.stop()
upstream.stop()

const promises = goalsSection(results)
console.log(promises)
writeFileSync(join(made, 'last.json'), JSON.stringify(results, legible, 1))
if (options.whole) {
  const [who = '', ...figures] = told
  writeReadme([who, promises, ...figures].join('\n\n'))
}
process.exitCode = anyWrongAnswer(results) ? 1 : 0

function tell(section: string): void {
  told.push(section)
  console.log(`${section}\n`)
}

function legible(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value)
  return value instanceof Error ? value.message : value
}
