import { createClient } from '@redis/client'
import { isObject, tryParseJson } from '../translate/json.ts'
import {
  keptMs,
  memorySignatures,
  type Remembered,
  type SignatureStore,
  toKey,
} from './signatures.ts'

/** What the store has to say to the operator; no key and no signature is in it. */
export interface StoreLog {
  warn(details: object, message: string): void
}

/** How long a request waits for Redis before it goes on without. */
const patienceMs = 200

const prefix = 'pollux:signature:'

/**
 * Shared through Redis, so that a tool loop may change instance at every step. The own memory stays
 * in front: it answers without a round trip, and alone where Redis is away.
 */
export async function redisSignatures(url: string, log: StoreLog): Promise<SignatureStore> {
  const memory = memorySignatures()
  const client = createClient({
    url,
    // A request must not wait for a connection that is not there.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5_000),
    },
  })
  client.on('error', (error: Error) => log.warn({ error: error.message }, 'Redis is away'))
  // Not awaited: the gateway serves without it until it is there.
  client.connect().catch(() => undefined)
  return {
    async recall(ids) {
      const own = await memory.recall(ids)
      const missing = ids.filter((id) => !own.has(id))
      if (missing.length === 0 || !client.isReady) return own
      const keys = missing.map((id) => prefix + toKey(id))
      const values = await patiently(client.mGet(keys), [])
      const shared = missing.flatMap((id, at) => {
        const known = toRemembered(values[at])
        return known === undefined ? [] : [[id, known] as const]
      })
      return new Map([...own, ...shared])
    },
    async remember(calls) {
      await memory.remember(calls)
      if (!client.isReady) return
      const writes = [...calls].map(([id, known]) =>
        client.set(prefix + toKey(id), JSON.stringify(known), {
          expiration: { type: 'PX', value: keptMs },
        }),
      )
      await patiently(Promise.all(writes), [])
    },
    async close() {
      client.destroy()
      await memory.close()
    },
  }

  async function patiently<T>(work: Promise<T>, otherwise: T): Promise<T> {
    const { promise, resolve } = Promise.withResolvers<T>()
    const timer = setTimeout(() => resolve(otherwise), patienceMs)
    const safe = work.catch((error: unknown) => {
      log.warn({ error: String(error) }, 'Redis did not answer')
      return otherwise
    })
    return Promise.race([safe, promise]).finally(() => clearTimeout(timer))
  }
}

function toRemembered(value: unknown): Remembered | undefined {
  const parsed = typeof value === 'string' ? tryParseJson(value) : undefined
  if (!isObject(parsed)) return undefined
  const { signature, nativeId } = parsed
  return {
    signature: typeof signature === 'string' ? signature : undefined,
    nativeId: typeof nativeId === 'string' ? nativeId : undefined,
  }
}
