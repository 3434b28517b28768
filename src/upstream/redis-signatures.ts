import { connectRedis, type RedisLog } from '../redis.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import {
  keptMs,
  memorySignatures,
  type Remembered,
  type SignatureStore,
  toKey,
} from './signatures.ts'

export interface Patience {
  /** How long a request waits for Redis before it goes on without; default 200. */
  answerMs: number
  /** How long a Redis that was silent too often is not asked; default 5,000. */
  pauseMs: number
}

/** Commands that may wait in this process; each of a remembered call holds its signature. */
const mostCommands = 1_000

const prefix = 'pollux:signature:'

/**
 * Shared through Redis, so that a tool loop may change instance at every step. The own memory stays
 * in front: it answers without a round trip, and alone where Redis is away.
 */
export async function redisSignatures(
  url: string,
  log: RedisLog,
  patience: Patience = { answerMs: 200, pauseMs: 5_000 },
): Promise<SignatureStore> {
  const memory = memorySignatures()
  const redis = connectRedis(url, log, { ...patience, mostCommands })
  return {
    async recall(ids) {
      const own = await memory.recall(ids)
      const missing = ids.filter((id) => !own.has(id))
      if (missing.length === 0) return own
      const keys = missing.map((id) => prefix + toKey(id))
      const values = await redis.ask(() => redis.client.mGet(keys), [])
      const shared = missing.flatMap((id, at) => {
        const known = toRemembered(values[at])
        return known === undefined ? [] : [[id, known] as const]
      })
      return new Map([...own, ...shared])
    },
    async remember(calls) {
      await memory.remember(calls)
      const expiration = { type: 'PX', value: keptMs } as const
      const writes = [...calls].map(
        ([id, known]) => [prefix + toKey(id), JSON.stringify(known)] as const,
      )
      await redis.ask(
        () =>
          Promise.all(writes.map(([key, value]) => redis.client.set(key, value, { expiration }))),
        [],
      )
    },
    async close() {
      redis.close()
      await memory.close()
    },
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
