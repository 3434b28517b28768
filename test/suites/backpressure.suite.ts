import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { hear, openChat, streamed } from './support/chat-client.ts'
import { type Sample, slope } from './support/figures.ts'
import { type Inside, startOpenGateway } from './support/inside.ts'
import { numbered } from './support/numbered.ts'
import { heldUp, startEndlessGoogle } from './support/upstream-process.ts'
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
  long: { clients: 400, filling: 200, seconds: 60, flat: 20 },
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
    await Promise.all(Array.from({ length: clients }, () => readWhole(gateway.url, 250)))
    const before = await gateway.look()
    const base = before.rss

    const endless = clients - patient
    const responses = await Promise.all(
      Array.from({ length: endless }, () => open(gateway.url, 'Go on.')),
    )
    let [most, fares] = [0, await heldUp(google)]
    await until(async () => {
      most = Math.max(most, gateway.rss())
      fares = await heldUp(google)
      return fares.everHeld >= endless
    }, filling * 1000)
    const samples: Sample[] = []
    let writtenBefore: number | undefined
    const begun = performance.now()
    for (let at = 0; at < seconds; at = (performance.now() - begun) / 1000) {
      samples.push({ at, value: gateway.rss() })
      if (at >= flat) writtenBefore ??= (await heldUp(google)).written
      await sleep(250)
    }
    const { written, everHeld } = await heldUp(google)
    const more = (written - (writtenBefore ?? Number.NaN)) / 2 ** 20

    yield {
      promise: `the model is held back on every stream that is not read, and writes <= 0.1 MiB to each after ${flat} s`,
      seen: `${everHeld} of ${endless}, after ${(fares.written / endless / 2 ** 20).toFixed(1)} MiB each; then ${more.toFixed(1)} MiB`,
      kept: everHeld === endless && more <= clients * 0.1,
    }
    most = Math.max(most, ...samples.map(({ value }) => value))
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
    // What the allocator keeps of freed pages for the next time is not the process's to give back.
    const held = (inside: Inside) => inside.heap + inside.outside
    let left = await gateway.look()
    await until(async () => held((left = await gateway.look())) <= held(before) + 10, 10_000)
    yield {
      promise: 'heap and buffers are back at what they were + 10 MiB within 10 s',
      seen: `${held(left).toFixed(0)} MiB, ${held(before).toFixed(0)} before; resident ${left.rss.toFixed(0)} MiB, ${base.toFixed(0)} before`,
      kept: held(left) <= held(before) + 10,
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

/** Whether something came true in time. */
async function until(isTrue: () => Promise<boolean>, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end; await sleep(50)) {
    if (await isTrue()) return true
  }
  return false
}
