import { join } from 'node:path'
import { openChat, streamed } from './support/chat-client.ts'
import { type OpenGateway, startOpenGateway } from './support/inside.ts'
import { startServer } from './support/upstream-process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'a stream of very many events, in the memory that a short one takes'

const lengths: Record<Edition, number> = { short: 100_000, long: 2_000_000 }

/** How often the gateway is looked into while it streams. */
const looks = 10

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const words = lengths[edition]
  const google = await startServer(join(import.meta.dirname, 'support', 'long-google.ts'))
  const gateway = await startOpenGateway(google.url, { LOG_LEVEL: 'warn' })
  try {
    // What it takes to have streamed at all.
    for (let at = 0; at < 2; at += 1) await listen(gateway, 10_000)
    const before = await gateway.look()
    const { heard, done, heaps, most } = await listen(gateway, words)
    yield {
      promise: `${words} events come in order, and [DONE]`,
      seen: `${heard}${done ? '' : ', and no end'}`,
      kept: heard === words && done,
    }
    // What the first half may still be needed for is remembered: 400,000 characters, in two places.
    const [first, second] = [heaps.slice(0, looks / 2), heaps.slice(looks / 2)]
    const grown = Math.max(...second) - Math.max(...first)
    yield {
      promise:
        'the heap holds no more in the second half of them than in the first, but for 0.5 MiB',
      seen: `${grown.toFixed(2)} MiB more; ${heaps.map((heap) => heap.toFixed(1)).join(', ')}`,
      kept: heaps.length === looks && grown <= 0.5,
    }
    const held = Math.max(...heaps) - before.heap
    yield {
      promise: 'it holds at most 4 MiB more than between two streams',
      seen: `${held.toFixed(1)} MiB over ${before.heap.toFixed(1)}`,
      kept: held <= 4,
    }
    yield {
      promise: 'resident memory is at most 64 MiB over what streams of 10,000 have left',
      seen: `${(most - before.rss).toFixed(0)} MiB over ${before.rss.toFixed(0)}`,
      kept: most <= before.rss + 64,
    }
  } finally {
    gateway.kill()
    await google.close()
  }
}

interface Listened {
  /** Words that came in their order, up to the first that did not. */
  heard: number
  done: boolean
  /** MiB of living objects, from time to time. */
  heaps: number[]
  /** MiB of resident memory. */
  most: number
}

async function listen(gateway: OpenGateway, words: number): Promise<Listened> {
  const response = await openChat(gateway.url, streamed(`words: ${words}`))
  const listened: Listened = { heard: 0, done: false, heaps: [], most: 0 }
  let rest = ''
  for await (const piece of response.setEncoding('utf8')) {
    const lines = `${rest}${piece}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'data: [DONE]') listened.done = true
      else if (line.includes(`"content":" word ${listened.heard}"`)) listened.heard += 1
    }
    listened.most = Math.max(listened.most, gateway.rss())
    if (listened.heard < (words / looks) * (listened.heaps.length + 0.5)) continue
    listened.heaps.push((await gateway.look()).heap)
  }
  return listened
}
