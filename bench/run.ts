import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { build, programs } from './build.ts'
import { type Case, cases } from './cases.ts'
import { type Contestant, contestants, polluxFrom, type Running } from './contestants.ts'
import { paired, quartiles, range } from './figures.ts'
import { load } from './load.ts'
import { core, spawnOn } from './process.ts'

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'unary,burst' },
    contestants: { type: 'string', default: 'direct,floor,pollux' },
    pollux: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '12' },
  },
})

build()
const upstream = spawnOn(core.others, [programs.upstream, '0', '20'], { name: 'upstream' })
if (upstream.stdout === null) throw new Error('The upstream has no output.')
const [said] = await once(upstream.stdout, 'data')
const upstreamPort = Number(String(said))

const who: Contestant[] = [
  ...values.contestants.split(',').map((name) => named(contestants, name)),
  ...values.pollux.map(toPollux),
]
const running: Running[] = []
for (const contestant of who) running.push(await contestant.start(upstreamPort))
for (const given of values.cases.split(',').map((name) => named(cases, name))) await measure(given)
for (const one of running) one.stop()
upstream.kill()

async function measure(given: Case): Promise<void> {
  const spent = who.map((): number[] => [])
  for (let round = -1; round < Number(values.rounds); round += 1) {
    for (const [at, contestant] of who.entries()) {
      const one = running[at]
      if (one === undefined) continue
      const seen = await load(contestant, one, given, { drain: 0.3 })
      if (round < 0) continue
      const work = given.per === 'event' ? seen.marks : seen.answers
      spent[at]?.push(seen.cpuNs / 1000 / work)
    }
  }
  const lowest = spent[who.findIndex(({ name }) => name === 'floor')] ?? []
  console.log(`\n${given.name}: ${given.about}; CPU us per ${given.per}`)
  for (const [at, { name }] of who.entries()) {
    const all = spent[at] ?? []
    const { median, low, high } = range(all)
    const ratio = quartiles(paired(all, lowest))
    console.log(
      `${name.padEnd(16)} ${median.toFixed(2)} [${low.toFixed(2)}-${high.toFixed(2)}]  ${ratio.median.toFixed(2)} F [${ratio.low.toFixed(2)}-${ratio.high.toFixed(2)}]`,
    )
  }
}

/** `name=path`, and variables after it: `name=path,KEY=value,…`. */
function toPollux(given: string): Contestant {
  const [first = '', ...rest] = given.split(',')
  const [name, path] = pair(first)
  return polluxFrom(name, path, Object.fromEntries(rest.map(pair)))
}

function pair(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}

function named<T extends { name: string }>(all: T[], name: string): T {
  const found = all.find((one) => one.name === name)
  if (found) return found
  throw new Error(`There is no ${name}; there are ${all.map((one) => one.name).join(', ')}.`)
}
