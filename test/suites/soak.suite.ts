import { setTimeout as sleep } from 'node:timers/promises'
import { percentile, randomFrom, type Sample, slope } from './support/figures.ts'
import {
  type Inside,
  type OpenGateway,
  startIdleProcess,
  startOpenGateway,
} from './support/inside.ts'
import { startEmulatorProcess } from './support/upstream-process.ts'
import { type Kind, type Visit, visit } from './support/visits.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'mixed load for a long time: what grows, what is left behind, what goes wrong'

/** How long the load lasts, and what may grow in it. Times are in seconds. */
interface Plan {
  seconds: number
  /** What it takes until caches are full and code is compiled. */
  warmUp: number
  /** Between two looks. */
  every: number
  /** Of the memory after the warm-up, as a share of it. */
  rssGrowth: number
  /** MiB a minute of the heap without garbage. */
  heapGrowth: number
}

const plans: Record<Edition, Plan> = {
  short: { seconds: 45, warmUp: 15, every: 5, rssGrowth: 0.15, heapGrowth: 3 },
  long: { seconds: 3_600, warmUp: 600, every: 60, rssGrowth: 0.05, heapGrowth: 0.1 },
}

/** Visits a second. */
const rate = 25

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const plan = plans[edition]
  const emulator = await startEmulatorProcess()
  const gateway = await startOpenGateway(emulator.url, { POLLUX_IDLE_TIMEOUT_SECONDS: '2' })
  const idler = await startIdleProcess()
  try {
    const before = await gateway.look()
    const idle = gateway.descriptors()
    const load = startLoad(gateway.url)
    const looks: Look[] = []
    for (let at = plan.every; at <= plan.seconds; at += plan.every) {
      await sleep(plan.every * 1000)
      const { loopP99: noise } = await idler.look()
      const look = { at, noise, ...(await gateway.look()), descriptors: gateway.descriptors() }
      looks.push(look)
      if (edition === 'long') console.log(toLine(look, load.visits))
    }
    await load.end()
    const since = performance.now()
    const left = await settled(gateway, before, idle)

    yield* clean(load.visits)
    yield* flat(plan, looks)
    yield {
      promise: 'sockets, files and timers are back to what they were within 30 s',
      seen: `${JSON.stringify(left.resources)} and ${gateway.descriptors()} descriptors after ${((performance.now() - since) / 1000).toFixed(1)} s, ${JSON.stringify(before.resources)} and ${idle} before`,
      kept: isBack(gateway, left, before, idle),
    }
    yield logged(gateway, load.visits)
  } finally {
    idler.kill()
    gateway.kill()
    await emulator.close()
  }
}

interface Look extends Inside {
  at: number
  descriptors: number
  /** The delay of an idle process's event loop at that time. */
  noise: number
}

interface Load {
  visits: Visit[]
  /** No more visits; resolves when the last one is over. */
  end(): Promise<void>
}

/** Visits come at a steady pace, whether earlier ones are over or not. */
function startLoad(url: string): Load {
  const random = randomFrom(1)
  const visits: Visit[] = []
  const running = new Set<Promise<unknown>>()
  let number = 0
  const timer = setInterval(() => {
    number += 1
    const one: Promise<unknown> = visit(url, number, random).then((over) => {
      visits.push(over)
      return running.delete(one)
    })
    running.add(one)
  }, 1000 / rate)
  return {
    visits,
    async end() {
      clearInterval(timer)
      await Promise.all(running)
    },
  }
}

function* clean(visits: Visit[]): Generator<Figure> {
  const wrong = visits.flatMap((one) =>
    one.wrong === undefined ? [] : [`${one.kind}: ${one.wrong}`],
  )
  const kinds = Map.groupBy(visits, ({ kind }) => kind)
  const mix = [...kinds].map(([kind, all]: [Kind, Visit[]]) => `${all.length} ${kind}`).join(', ')
  yield {
    promise: '0 unexplained errors: every answer is whole, or breaks as the model broke it',
    seen: [`${wrong.length} in ${visits.length} visits (${mix})`, ...wrong.slice(0, 5)].join(
      '\n      ',
    ),
    kept: wrong.length === 0 && visits.length > 0,
  }
  const faults = visits.filter(({ kind }) => kind === 'fault').length
  const unlucky = visits.filter((one) => one.unlucky === true).length
  yield {
    promise:
      'of requests that the model fails, <= 2 % (or 2) are not tried again because others are',
    seen: `${unlucky} of ${faults}`,
    kept: unlucky <= Math.max(2, faults * 0.02),
  }
}

function* flat(plan: Plan, looks: Look[]): Generator<Figure> {
  const warm = looks.filter(({ at }) => at >= plan.warmUp)
  // From one look to the next it goes up and down, as garbage is collected.
  const share = Math.ceil(warm.length / 5)
  const first = percentile(
    warm.slice(0, share).map(({ rss }) => rss),
    0.5,
  )
  const last = percentile(
    warm.slice(-share).map(({ rss }) => rss),
    0.5,
  )
  const growth = last / first - 1
  yield {
    promise: `memory grows by <= ${plan.rssGrowth * 100} % from ${plan.warmUp} s to ${plan.seconds} s, as medians of a fifth of that time`,
    seen: `${first.toFixed(0)} -> ${last.toFixed(0)} MiB, ${(growth * 100).toFixed(1)} %`,
    kept: growth <= plan.rssGrowth,
  }
  const heaps = warm.map(({ at, heap, outside }): Sample => ({
    at: at / 60,
    value: heap + outside,
  }))
  const heapGrowth = slope(heaps)
  yield {
    promise: `heap and buffers without garbage grow by <= ${plan.heapGrowth} MiB a minute`,
    seen: `${heapGrowth.toFixed(2)} MiB a minute; ${heaps
      .map(({ value }) => value.toFixed(1))
      .slice(-10)
      .join(' ')}`,
    kept: heapGrowth <= plan.heapGrowth,
  }
  // Of an hour on a shared machine some minutes are others'.
  const delays = percentile(
    warm.map(({ loopP99, noise }) => loopP99 - noise),
    0.95,
  )
  const worst = warm.toSorted((a, b) => b.loopP99 - a.loopP99)[0]
  yield {
    promise: `event loop delay <= 50 ms at p99 in ${plan.every} s, beyond that of an idle process, in 95 % of the time`,
    seen: `${delays.toFixed(0)} ms; ${worst?.loopP99.toFixed(0)} ms in the worst, then ${worst?.noise.toFixed(0)} ms in the idle process`,
    kept: delays <= 50,
  }
}

/** Waits until nothing is left behind, or until it should have been. */
async function settled(gateway: OpenGateway, before: Inside, idle: number): Promise<Inside> {
  const end = performance.now() + 30_000
  let left = await gateway.look()
  while (!isBack(gateway, left, before, idle) && performance.now() < end) {
    await sleep(500)
    left = await gateway.look()
  }
  return left
}

function isBack(gateway: OpenGateway, left: Inside, before: Inside, idle: number): boolean {
  return count(left.resources) <= count(before.resources) && gateway.descriptors() <= idle
}

function count(resources: Record<string, number>): number {
  return Object.values(resources).reduce((sum, number) => sum + number, 0)
}

/** Who leaves before the request has arrived leaves no line, but that is rare. */
function logged(gateway: OpenGateway, visits: Visit[]): Figure {
  const lines = gateway.output().match(/"POST \/v1\/chat\/completions \d+ /g)?.length ?? 0
  const requests = visits.reduce((sum, one) => sum + one.requests, 0)
  const left = visits.filter(({ kind }) => kind === 'disconnect').length
  return {
    promise: 'one line in the log for each request',
    seen: `${lines} for ${requests}, of which ${left} left early`,
    kept: lines <= requests && lines >= requests - left / 20,
  }
}

function toLine({ at, rss, heap, outside, loopP99, descriptors }: Look, visits: Visit[]): string {
  const wrong = visits.filter((one) => one.wrong !== undefined).length
  return [
    `minute ${String(at / 60).padStart(3)}`,
    `${String(visits.length).padStart(7)} visits`,
    `${String(wrong).padStart(3)} wrong`,
    `rss ${rss.toFixed(0).padStart(4)} MiB`,
    `heap ${heap.toFixed(1).padStart(6)}`,
    `buffers ${outside.toFixed(1).padStart(6)}`,
    `loop p99 ${loopP99.toFixed(0).padStart(3)} ms`,
    `${String(descriptors).padStart(4)} descriptors`,
  ].join('  ')
}
