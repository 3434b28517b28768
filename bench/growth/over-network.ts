import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askChat, chat } from '../../test/suites/support/chat-client.ts'
import { growingWorks } from '../../test/suites/support/growth.ts'
import { type GatewayProcess, startGatewayProcess } from '../../test/suites/support/process.ts'
import { startServer, type UpstreamProcess } from '../../test/suites/support/upstream-process.ts'
import { eventsOf, streaming, type Work } from '../../test/suites/support/work.ts'
import type { Cost } from './time-work.ts'

/** What the real gateway is given more and more of. */
export interface NetworkWork {
  name: string
  unit: string
  sizes: readonly number[]
  /** The client's body; `tape` puts Google's answer into a file and gives its name. */
  ask: (size: number, tape: (bytes: Uint8Array) => string) => object
}

/** The works whose answers need no parameters of their own, and some that only the whole gateway does. */
export const networkWorks: readonly NetworkWork[] = [
  ...[
    'messages in a history',
    'steps of a call and its result',
    'tools',
    'properties of a schema',
    'pictures',
    'a long message',
    'a long message of escaped letters',
    'a large picture',
    'events of calls',
    'events with a source each',
    'events of code',
    'parallel calls in a whole answer',
    'sources of a whole answer',
    'a long event',
    'a large picture in an answer',
  ].map(existing),
  {
    name: 'events of text',
    unit: 'event',
    sizes: [1_000, 10_000, 100_000],
    ask: (size, tape) => playing(words(size), tape),
  },
  {
    name: 'choices as calls of their own, of 1,000 events',
    unit: 'choice',
    // One alone is read in another way, which costs less than half.
    sizes: [2, 4, 8],
    // From version 3 on models give one candidate a call.
    ask: (size, tape) => ({
      ...playing(words(1_000), tape),
      model: 'gemini-3-pro-preview',
      n: size,
    }),
  },
]

function existing(name: string): NetworkWork {
  const work = growingWorks[name]
  if (work === undefined) throw new Error(`There is no work '${name}'.`)
  const { unit, sizes, of } = work
  return { name, unit, sizes, ask: (size, tape) => playing(of(size), tape) }
}

function playing(work: Work, tape: (bytes: Uint8Array) => string): object {
  const body = JSON.parse(work.asks)
  if (!('answers' in work)) return body
  const messages = [{ role: 'user', content: `tape: ${tape(Buffer.concat(work.answers))}` }]
  return { ...body, messages }
}

function words(size: number): Work {
  return streaming(eventsOf(size, (at) => ({ text: ` word ${at}` })))
}

/** Asks a gateway of its own for the work in each size. */
export async function costOverNetwork(work: NetworkWork): Promise<Cost[]> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-growth-'))
  let google: UpstreamProcess | undefined
  let gateway: GatewayProcess | undefined
  try {
    google = await startServer(join(import.meta.dirname, 'tape-google.ts'))
    gateway = await startGatewayProcess(google.url, { LOG_LEVEL: 'warn' })
    for (let at = 0; at < warmUps; at += 1) await ask(gateway, chat('Hello!'))
    const costs: Cost[] = []
    for (const size of work.sizes) {
      const body = work.ask(size, (bytes) => {
        const file = join(folder, `${size}.tape`)
        writeFileSync(file, bytes)
        return file
      })
      costs.push(await costOf(gateway, body, size))
    }
    return costs
  } finally {
    gateway?.kill()
    await google?.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const warmUps = 200

/** Ticks of the processor are of 10 ms, so that so many are needed. */
const leastTicks = 60

async function costOf(gateway: GatewayProcess, body: object, size: number): Promise<Cost> {
  // Until the compilers have seen it, whose work counts too.
  const first = ticksOf(gateway.pid)
  while (ticksOf(gateway.pid) - first < 2 * leastTicks) await ask(gateway, body)
  // From here on the most that it takes counts anew.
  writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5')
  const before = ticksOf(gateway.pid)
  let times = 0
  for (; times < 3 || ticksOf(gateway.pid) - before < leastTicks; times += 1) {
    await ask(gateway, body)
  }
  const cpu = ((ticksOf(gateway.pid) - before) * 10_000) / times / size
  return { size, cpu, peak: peakOf(gateway.pid) }
}

async function ask({ url }: GatewayProcess, body: object): Promise<void> {
  const { status, broken, body: said } = await askChat(url, body)
  assert.deepEqual({ status, broken }, { status: 200, broken: undefined }, said.slice(0, 500))
}

/** Time of the processor, in ticks of 10 ms. */
function ticksOf(pid: number): number {
  // The name of the process, in brackets, may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

/** Resident memory at its most, in MB. */
function peakOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}
