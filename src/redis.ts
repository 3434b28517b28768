import { createClient, ErrorReply, type RedisClientType } from '@redis/client'

/** What the connection has to say to the operator; no key, no value and no password is in it. */
export interface RedisLog {
  info(message: string): void
  warn(details: object, message: string): void
}

export interface RedisSettings {
  /** How long a request waits for Redis before it goes on without, in milliseconds. */
  answerMs: number
  /** How long a Redis that was silent too often is not asked, in milliseconds. */
  pauseMs: number
  /** How many commands may wait in this process. */
  mostCommands: number
}

/** One connection, which no request waits for when Redis is away. */
export interface Redis {
  client: RedisClientType
  /** What the question comes to, or `otherwise` where Redis is away, refuses, or is silent for too long. */
  ask<T>(question: () => Promise<T>, otherwise: T): Promise<T>
  /** Calls back whenever there is a new connection. */
  onReady(listener: () => void): void
  close(): void
}

/** So many failures in a row are an outage. */
const mostFailures = 3

/** Begins to connect, goes on trying, and does not wait for either. */
export function connectRedis(url: string, log: RedisLog, settings: RedisSettings): Redis {
  const { answerMs, pauseMs, mostCommands } = settings
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
    commandOptions: { timeout: 1_000 },
    socket: {
      connectTimeout: 2_000,
      reconnectStrategy: (tries) => Math.min(100 * 2 ** tries, 5_000),
    },
  })
  // The first attempt to connect alone is waited for: it began before there were requests.
  const tried = Promise.withResolvers<void>()
  // Told once for each outage, not at every attempt to connect.
  let away = false
  client.on('error', (error: Error) => {
    if (!away) log.warn({ reason: toReason(error) }, 'Redis is away')
    away = true
    tried.resolve()
  })
  client.on('ready', () => {
    if (away) log.info('Redis is back')
    away = false
    failures = 0
    pausedUntil = 0
    tried.resolve()
  })
  // Not awaited: the gateway serves without it until it is there.
  client.connect().catch(() => undefined)
  return {
    client,
    ask,
    onReady: (listener) => void client.on('ready', listener),
    close: () => client.destroy(),
  }

  async function ask<T>(question: () => Promise<T>, otherwise: T): Promise<T> {
    const isFirst = !client.isReady && !away
    if (away || performance.now() < pausedUntil) return otherwise
    // After a pause one question finds out for all others whether Redis is back.
    if (failures >= mostFailures) pausedUntil = performance.now() + pauseMs
    const silence = silentFor(answerMs)
    try {
      if (isFirst) await Promise.race([tried.promise, silence.promise])
      if (!client.isReady) return otherwise
      const answer = await Promise.race([question(), silence.promise])
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
      silence.end()
    }
  }
}

/** In so many turns of the event loop an answer that has come is read. */
const turns = 4

/**
 * Rejects after so long. The time is cut in pieces, so that a process which was busy for all of it
 * still looks for the answer before it calls Redis silent.
 */
function silentFor(ms: number): { promise: Promise<never>; end(): void } {
  const { promise, reject } = Promise.withResolvers<never>()
  let left = turns
  const timer = setInterval(() => {
    left -= 1
    if (left === 0) reject(new Error('silent'))
  }, ms / turns)
  return { promise, end: () => clearInterval(timer) }
}

/** Redis's own sentences may repeat the command, password and all; their first word is a code. */
function toReason(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'refused'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^\w{1,64}$/.test(code) ? code : 'silent'
}
