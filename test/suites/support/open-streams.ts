import assert from 'node:assert/strict'
import { once } from 'node:events'
import { join } from 'node:path'
import { openChat, streamed } from './chat-client.ts'
import { startOpenGateway } from './inside.ts'
import { startServer } from './upstream-process.ts'

/** What a gateway holds for a stream that has begun and fallen silent, in kB. */
export interface Held {
  heap: number
  /** In buffers, beside the heap. */
  outside: number
}

/** So that none is turned away. */
const roomy = { POLLUX_MAX_CONCURRENT: '1000', POLLUX_MAX_LAG_MS: '0' }

const question = 'a word, then silence'
const picture = { url: `data:image/png;base64,${'A'.repeat(2 ** 20)}` }
const pictured = [
  { type: 'text', text: question },
  { type: 'image_url', image_url: picture },
]

/** A stream that began with a short question, and one that began with a picture of a megabyte. */
export async function heldByOpenStreams(): Promise<{ short: Held; pictured: Held }> {
  const google = await startServer(join(import.meta.dirname, 'long-google.ts'))
  const gateway = await startOpenGateway(google.url, { ...roomy, LOG_LEVEL: 'warn' })
  const left = new AbortController()
  try {
    const held = async (body: object, count: number): Promise<Held> => {
      // What is compiled or made for all of them comes with the first.
      await openMany(gateway.url, body, count, left.signal)
      const before = await gateway.look()
      await openMany(gateway.url, body, count, left.signal)
      const after = await gateway.look()
      const toKb = (mebibytes: number) => (mebibytes * 2 ** 20) / 1000 / count
      return { heap: toKb(after.heap - before.heap), outside: toKb(after.outside - before.outside) }
    }
    return {
      short: await held(streamed(question), 400),
      pictured: await held(
        { ...streamed(question), messages: [{ role: 'user', content: pictured }] },
        20,
      ),
    }
  } finally {
    left.abort()
    gateway.kill()
    await google.close()
  }
}

/** Resolves when each of them has begun. */
async function openMany(
  url: string,
  body: object,
  count: number,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const response = await openChat(url, body, { signal })
    assert.equal(response.statusCode, 200)
    // That nobody listens any more is no failure.
    response.on('error', () => undefined)
    await once(response, 'data')
  }
}
