import { createClient, ErrorReply } from '@redis/client'
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
  info(message: string): void
  warn(details: object, message: string): void
}

export interface Patience {
  /** How long a request waits for Redis before it goes on without; default 200. */
  answerMs: number
  /** How long a Redis that was silent too often is not asked; default 5,000. */
  pauseMs: number
}

/** So many failures in a row are an outage. */
const mostFailures = 3

/** Commands that may wait in this process; each of a remembered call holds its signature. */
const mostCommands = 1_000

const prefix = 'pollux:signature:'

/**
 * Shared through Redis, so that a tool loop may change instance at every step. The own memory stays
 * in front: it answers without a round trip, and alone where Redis is away.
 */
export async function redisSignatures(
  url: string,
  log: StoreLog,
  { answerMs, pauseMs }: Patience = { answerMs: 200, pauseMs: 5_000 },
): Promise<SignatureStore> {
  const memory = memorySignatures()
  // Between two questions: how many had no answer since the last that had one, and the time before
  // which there shall be none.
  let failures = 0
  let pausedUntil = 0
  const client = createClient({
    url,
    // A request must not wait for a connection that is not there.
    disableOfflineQueue: true,
    // One that is there may hang: what nobody waits for any more must not pile up.
    commandsQueueMaxLength: mostCommands,
    commandOptions: { timeout: answerMs },
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5_000),
    },
  })
  // Told once for each outage, not at every attempt to connect.
  let away = false
  client.on('error', (error: Error) => {
    if (!away) log.warn({ reason: toReason(error) }, 'Redis is away')
    away = true
  })
  client.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
  })
  // Not awaited: the gateway serves without it until it is there.
  client.connect().catch(() => undefined)
  return {
    async recall(ids) {
      const own = await memory.recall(ids)
      const missing = ids.filter((id) => !own.has(id))
      if (missing.length === 0) return own
      const keys = missing.map((id) => prefix + toKey(id))
      const values = await patiently(() => client.mGet(keys), [])
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
      await patiently(
        () => Promise.all(writes.map(([key, value]) => client.set(key, value, { expiration }))),
        [],
      )
    },
    async close() {
      client.destroy()
      await memory.close()
    },
  }

  async function patiently<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
    if (!client.isReady || performance.now() < pausedUntil) return otherwise
    // After a pause one question finds out for all others whether Redis is back.
    if (failures >= mostFailures) pausedUntil = performance.now() + pauseMs
    const silent = Promise.withResolvers<never>()
    const timer = setTimeout(() => silent.reject(new Error('silent')), answerMs)
    try {
      const answer = await Promise.race([ask(), silent.promise])
      failures = 0
      pausedUntil = 0
      return answer
    } catch (error) {
      failures += 1
      if (failures >= mostFailures) pausedUntil = performance.now() + pauseMs
      // Once for each outage.
      if (failures === mostFailures) log.warn({ reason: toReason(error) }, 'Redis does not answer')
      return otherwise
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Redis's own sentences may repeat the command, password and all; their first word is a code. */
function toReason(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'refused'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^\w{1,64}$/.test(code) ? code : 'silent'
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
