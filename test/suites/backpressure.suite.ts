import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { hear, openChat, streamed } from './support/chat-client.ts'
import { inParallel, type Sample, slope } from './support/figures.ts'
import { type Inside, startOpenGateway } from './support/inside.ts'
import { numbered } from './support/numbered.ts'
import {
  type Held,
  heldUp,
  startEndlessGoogle,
  type UpstreamProcess,
} from './support/upstream-process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'clients that stop reading, while the model writes without end'

/** Events of an answer that is longer than all buffers between the model and the client. */
const long = 5_000

/** How many of the clients read on after the pause. */
const patient = 4

/** How long those wait before they do, in seconds. */
const pause = 10

/** Times are in seconds. */
interface Size {
  clients: number
  /** How long it may take until all buffers are full. */
  filling: number
  /** How long they are then left alone. */
  seconds: number
  /** From which on memory must be flat. */
  flat: number
}

const sizes: Record<Edition, Size> = {
  short: { clients: 100, filling: 30, seconds: 10, flat: 5 },
  long: { clients: 400, filling: 200, seconds: 60, flat: 5 },
}

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const { clients, filling, seconds, flat } = sizes[edition]
  const google = await startEndlessGoogle()
  const gateway = await startOpenGateway(google.url, {
    LOG_LEVEL: 'warn',
    POLLUX_MAX_CONCURRENT: '1000',
  })
  try {
    // What as many clients cost that do read.
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(Array.from({ length: clients }, () => readWhole(gateway.url, 250)))
    }
    const before = await gateway.look()
    const base = before.rss

    const endless = clients - patient
    const responses: IncomingMessage[] = []
    // Some at a time: who all come at once are another matter.
    await inParallel(Array(endless).keys(), 20, async () => {
      responses.push(await open(gateway.url, 'Go on.'))
    })
    const { held, ...filled } = await fullBuffers(google, gateway.rss, endless, filling)
    const samples: Sample[] = []
    let writtenBefore: number | undefined
    const begun = performance.now()
    for (let at = 0; at < seconds; at = (performance.now() - begun) / 1000) {
      samples.push({ at, value: gateway.rss() })
      if (at >= flat) writtenBefore ??= (await heldUp(google)).written
      await sleep(250)
    }
    const { written } = await heldUp(google)
    const more = (written - (writtenBefore ?? Number.NaN)) / 2 ** 20

    yield {
      promise: `the model is held back on every stream that is not read, and writes <= 0.1 MiB to each after ${flat} s`,
      seen: `${held.everHeld} of ${endless}, after ${(held.written / endless / 2 ** 20).toFixed(1)} MiB each; then ${more.toFixed(1)} MiB`,
      kept: held.everHeld === endless && more <= clients * 0.1,
    }
    const most = Math.max(filled.most, ...samples.map(({ value }) => value))
    yield {
      promise: `memory <= base + 1 MiB for each of ${clients} clients that do not read for ${seconds} s and more`,
      seen: `+${(most - base).toFixed(0)} MiB over ${base.toFixed(0)}`,
      kept: most <= base + clients,
    }
    const growth = slope(samples.filter(({ at }) => at >= flat))
    yield {
      promise: `it grows by < 1 MiB/s after ${flat} s`,
      seen: `${growth.toFixed(2)} MiB/s`,
      kept: growth < 1,
    }

    // Only now: what fills their buffers would count as written to the others.
    const patients = Array.from({ length: patient }, () => readAfter(pause, gateway.url, long))
    const whole = (await Promise.all(patients)).filter(Boolean).length
    yield {
      promise: `a client that reads on after ${pause} s gets the whole stream as it was written`,
      seen: `${whole} of ${patient}`,
      kept: whole === patient,
    }

    for (const response of responses) response.destroy()
    const since = performance.now()
    const gone = await until(async () => (await heldUp(google)).streams === 0, 5_000)
    yield {
      promise: 'the model’s connections are gone 2 s after the clients',
      seen: gone ? `${(performance.now() - since).toFixed(0)} ms` : 'still there after 5 s',
      kept: gone && performance.now() - since < 2_000,
    }
    let left = await gateway.look()
    await until(async () => inUse((left = await gateway.look())) <= inUse(before) + 10, 10_000)
    yield {
      promise: 'heap and buffers are back at what they were + 10 MiB within 10 s',
      seen: `${inUse(left).toFixed(0)} MiB, ${inUse(before).toFixed(0)} before; resident ${left.rss.toFixed(0)} MiB, ${base.toFixed(0)} before`,
      kept: inUse(left) <= inUse(before) + 10,
    }
    const next = await readWhole(gateway.url, 250)
    yield {
      promise: 'the next client is served as ever',
      seen: next ? 'a whole stream' : 'a broken stream',
      kept: next,
    }
  } finally {
    gateway.kill()
    await google.close()
  }
}

/** MiB. What the allocator keeps of freed pages for the next time is not the process's to give back. */
function inUse({ heap, outside }: Inside): number {
  return heap + outside
}

function open(url: string, prompt: string): Promise<IncomingMessage> {
  return openChat(url, streamed(prompt))
}

async function readWhole(url: string, events: number): Promise<boolean> {
  return isWhole(await open(url, `events: ${events}`), events)
}

async function readAfter(seconds: number, url: string, events: number): Promise<boolean> {
  const response = await open(url, `events: ${events}`)
  await sleep(seconds * 1000)
  return isWhole(response, events)
}

/** Reads an answer to its end: is it every event, in order? */
async function isWhole(response: IncomingMessage, events: number): Promise<boolean> {
  const pieces: Buffer[] = []
  try {
    for await (const piece of response) pieces.push(piece)
  } catch {
    return false
  }
  const { content, finishes, done } = hear(Buffer.concat(pieces).toString())
  const all = Array.from({ length: events }, (_, at) => numbered(at))
  return done && finishes.join() === 'stop' && content === all.join('')
}

interface Filled {
  /** The most memory on the way there, in MiB. */
  most: number
  held: Held
}

/** Waits until nobody reads, nothing is written any more, and all buffers in between are full. */
async function fullBuffers(
  google: UpstreamProcess,
  rss: () => number,
  clients: number,
  seconds: number,
): Promise<Filled> {
  const end = performance.now() + seconds * 1000
  let most = rss()
  let held = await heldUp(google)
  for (let quiet = 0; quiet < 3 && performance.now() < end;) {
    const { written } = held
    for (let at = 0; at < 4; at += 1) {
      await sleep(250)
      most = Math.max(most, rss())
    }
    held = await heldUp(google)
    quiet = held.everHeld >= clients && held.written - written < 2 ** 20 ? quiet + 1 : 0
  }
  return { most, held }
}

/** Whether something came true in time. */
async function until(isTrue: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50)) {
    if (await isTrue()) return true
  }
  return false
}
