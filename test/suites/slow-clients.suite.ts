import { setTimeout as sleep } from 'node:timers/promises'
import { askChat, isComplete, type Outcome, streamed } from './support/chat-client.ts'
import { percentile } from './support/figures.ts'
import { startIdleProcess } from './support/inside.ts'
import { type GatewayProcess, startGatewayProcess } from './support/process.ts'
import { openSlowSockets, type Slowness, type SlowSockets } from './support/slow-sockets.ts'
import { type Seen, slowhttptest } from './support/slowhttptest.ts'
import {
  type Held,
  heldUp,
  startEndlessGoogle,
  type UpstreamProcess,
} from './support/upstream-process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'clients that take their time, and an ordinary one beside them'

/** A way of being slow, by sockets of our own and by the program that is made for it. */
interface Attack {
  name: string
  slowness: Slowness
  /** Those that do not read each cost an answer that fills all buffers first. */
  most?: number
  /** Seconds that such a client is borne with. */
  limit: number
  path: string
  options: string[]
}

const head = ['POST /v1/chat/completions HTTP/1.1', 'host: localhost'].join('\r\n')
const json = (length: number) =>
  `${head}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`
const endless = JSON.stringify(streamed('Go on.'))

const slowHeaders: Attack = {
  name: 'slow headers',
  slowness: { begins: `${head}\r\n`, trickles: 'x-slow: yes\r\n', reads: true },
  limit: 15,
  path: '/v1/chat/completions',
  options: ['-H', '-i', '2', '-t', 'POST'],
}
const slowBody: Attack = {
  name: 'slow body',
  slowness: { begins: `${json(100_000)}{`, trickles: ' ', reads: true },
  limit: 120,
  path: '/v1/chat/completions',
  options: ['-B', '-i', '2', '-s', '100000', '-f', 'application/json'],
}
const slowRead: Attack = {
  name: 'slow read',
  slowness: { begins: json(endless.length) + endless, reads: false },
  most: 30,
  limit: 60,
  path: '/v1/models',
  options: ['-X', '-k', '10', '-w', '256', '-y', '512', '-n', '2', '-z', '32'],
}

/** Between two looks at the connections, and as slack. */
const grace = 10

interface Size {
  connections: number
  seconds: number
}

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const google = await startEndlessGoogle()
  try {
    if (edition === 'short') {
      const size = { connections: 300, seconds: 20 }
      yield* attacked(google, [slowHeaders, slowBody, slowRead], size)
      return
    }
    for (const attack of [slowHeaders, slowBody, slowRead]) {
      yield* attacked(google, [attack], { connections: 1_000, seconds: 120 })
    }
  } finally {
    await google.close()
  }
}

async function* attacked(
  google: UpstreamProcess,
  attacks: Attack[],
  size: Size,
): AsyncGenerator<Figure> {
  const gateway = await startGatewayProcess(google.url, { LOG_LEVEL: 'warn' })
  const idler = await startIdleProcess()
  const attackers: SlowSockets[] = []
  try {
    const idle = gateway.descriptors()
    await ordinary(gateway.url, 3)
    const base = gateway.rss()
    const opened = performance.now()
    for (const { slowness, most = size.connections } of attacks) {
      attackers.push(await openSlowSockets(gateway.url, most, slowness))
    }
    const since = performance.now()
    // What fills the buffers first is not slow.
    const stalled = attacks.includes(slowRead) ? await stalledSince(google) : undefined
    const released =
      stalled !== undefined && slowRead.limit <= size.seconds
        ? letGo(google, opened, stalled)
        : undefined
    const programs = attacks.map(({ path, options }) =>
      slowhttptest(`${gateway.url}${path}`, { ...size, options }),
    )
    const growth = mostOf(() => gateway.rss() - base, size.seconds)
    await idler.look()
    const answers = await ordinary(gateway.url, size.seconds)
    const { loopP99: noise } = await idler.look()

    const names = attacks.map(({ name }) => name).join(', ')
    yield* servedWell(names, answers, noise)
    yield {
      promise: `${names}: memory grows by <= 200 MiB`,
      seen: `+${(await growth).toFixed(0)} MiB over ${base.toFixed(0)}`,
      kept: (await growth) <= 200,
    }
    for (const [at, program] of programs.entries()) {
      yield toFigure(attacks[at]?.name ?? '', size, await program)
    }
    for (const [at, { name, slowness, limit }] of attacks.entries()) {
      // The others outlive what there is time for, or do not see their end.
      if (limit > size.seconds || !slowness.reads) continue
      const sockets = attackers[at]
      await sockets?.ended(Math.max(0, limit + grace - (performance.now() - since) / 1000))
      yield gone(name, limit, sockets)
    }
    if (released !== undefined) yield await released
    for (const one of attackers) one.leave()
    yield await emptied(gateway, idle, names)
  } finally {
    for (const one of attackers) one.leave()
    idler.kill()
    gateway.kill()
  }
}

/** Ten short streams a second, each on a connection of its own. */
async function ordinary(url: string, seconds: number): Promise<Outcome[]> {
  const answers: Promise<Outcome>[] = []
  for (let at = 0; at < seconds * 10; at += 1) {
    answers.push(askChat(url, streamed('events: 3'), { signal: AbortSignal.timeout(10_000) }))
    await sleep(100)
  }
  return Promise.all(answers)
}

function* servedWell(names: string, answers: Outcome[], noise: number): Generator<Figure> {
  const complete = answers.filter(isComplete).length
  yield {
    promise: `${names}: an ordinary client beside them has 100 % success`,
    seen: `${complete} of ${answers.length}`,
    kept: complete === answers.length,
  }
  const p99 = percentile(
    answers.map(({ took }) => took),
    0.99,
  )
  yield {
    promise: `${names}: its whole answers take <= 250 ms at p99, beyond what an idle process is late`,
    seen: `${p99.toFixed(0)} ms, ${noise.toFixed(0)} ms`,
    kept: p99 - noise <= 250,
  }
}

function toFigure(name: string, { connections, seconds }: Size, seen: Seen | undefined): Figure {
  const promise = `${name} by slowhttptest, ${connections} connections for ${seconds} s: always available to others`
  if (seen === undefined) {
    const required = process.env.CI !== undefined
    return { promise, seen: 'slowhttptest is not installed: skipped', kept: !required }
  }
  return {
    promise,
    seen: `${seen.unavailable} s not available, with up to ${seen.connected} connections`,
    kept: seen.unavailable === 0 && seen.connected >= connections / 2,
  }
}

function gone(name: string, limit: number, sockets: SlowSockets | undefined): Figure {
  const lives = sockets?.lives() ?? []
  const [shortest, longest] = [Math.min(...lives), Math.max(...lives)]
  return {
    promise: `${name}: all are gone between ${limit} and ${limit + grace} s`,
    seen: `${lives.length} gone after ${shortest.toFixed(1)} to ${longest.toFixed(1)} s, ${sockets?.open()} still open`,
    kept: sockets?.open() === 0 && shortest >= limit - 1 && longest <= limit + grace,
  }
}

/** The time from which on the endless answers are not written to any more. */
async function stalledSince(google: UpstreamProcess): Promise<number> {
  for (let at = 0; at < 100; at += 1) {
    const { held, streams } = await heldUp(google)
    if (streams >= (slowRead.most ?? 0) && held >= (slowRead.most ?? 0)) break
    await sleep(200)
  }
  // They count as held after a second.
  return performance.now() - 1_000
}

/**
 * Who does not read sees no end either; but the model does. All stall between the time at which they
 * were opened and that at which all of them were seen to.
 */
async function letGo(google: UpstreamProcess, opened: number, stalled: number): Promise<Figure> {
  const { limit, most = 0 } = slowRead
  const latest = stalled + (limit + grace) * 1000
  const first = await whenHeld(google, ({ held }) => held < most, latest)
  const last = await whenHeld(google, ({ held }) => held === 0, latest)
  const [shortest, longest] = [(first - opened) / 1000, (last - stalled) / 1000]
  return {
    promise: `slow read: who takes nothing for ${limit} s is let go within ${grace} s more, and so is the model`,
    seen: `the first ${shortest.toFixed(1)} s after it began, the last ${longest.toFixed(1)} s after it stalled`,
    kept: shortest >= limit && longest <= limit + grace,
  }
}

/** When this came true, or should have. */
async function whenHeld(
  google: UpstreamProcess,
  isTrue: (held: Held) => boolean,
  latest: number,
): Promise<number> {
  while (!isTrue(await heldUp(google)) && performance.now() <= latest) await sleep(250)
  return performance.now()
}

async function emptied(gateway: GatewayProcess, idle: number, names: string): Promise<Figure> {
  const since = performance.now()
  // Connections to the model are kept a while for the next request.
  while (gateway.descriptors() > idle && performance.now() - since < 10_000) await sleep(100)
  return {
    promise: `${names}: 10 s after they have left there are as many sockets as before`,
    seen: `${gateway.descriptors()} descriptors, ${idle} before`,
    kept: gateway.descriptors() <= idle,
  }
}

async function mostOf(measure: () => number, seconds: number): Promise<number> {
  let most = measure()
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(250)) {
    most = Math.max(most, measure())
  }
  return most
}
