import { createClient, ErrorReply, type RedisClientType } from '@redis/client'

/** What the connection has to say to the operator; no key, no value and no password is in it. */
export interface RedisLog {
  info(message: string): void
  warn(details: object, message: string): void
}

export interface RedisSettings {
  /** How long Redis may say nothing before requests go on without it, in milliseconds. */
  answerMs: number
  /** How long a Redis that was silent too often is not asked, in milliseconds. */
  pauseMs: number
  /** How many commands may wait in this process. */
  mostCommands: number
}

/** One connection, which no request waits for when Redis is away. */
export interface Redis {
  /** For commands, inside a question. */
  client: RedisClientType
  /** What the question comes to, or `otherwise` where Redis is away, refuses, or is silent for too long. */
  ask<T>(question: () => Promise<T>, otherwise: T): Promise<T>
  /** A step of a question that has several: tells that Redis is not silent. */
  step<T>(command: Promise<T>): Promise<T>
  /** Calls back whenever there is a new connection. */
  onReady(listener: () => void): void
  close(): void
}

/** So many failures in a row are an outage; those of one moment are one. */
const mostFailures = 3

/** Begins to connect, goes on trying, and does not wait for either. */
export function connectRedis(url: string, log: RedisLog, settings: RedisSettings): Redis {
  const { answerMs, pauseMs, mostCommands } = settings
  // Between two questions: how many had no answer since the last that had one, when the last of them
  // ended, and the time before which there shall be none.
  let failures = 0
  let failedAt = 0
  let pausedUntil = 0
  const client: RedisClientType = createClient({
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
  const ear = listening(answerMs)
  return {
    client,
    ask,
    step: async (command) => {
      const answer = await command
      ear.heard()
      return answer
    },
    onReady: (listener) => void client.on('ready', listener),
    close: () => client.destroy(),
  }

  async function ask<T>(question: () => Promise<T>, otherwise: T): Promise<T> {
    const askedAt = performance.now()
    if (away || askedAt < pausedUntil) return otherwise
    // After a pause one question finds out for all others whether Redis is back.
    if (failures >= mostFailures) pausedUntil = askedAt + pauseMs
    const silence = ear.listen()
    try {
      if (!client.isReady) await Promise.race([tried.promise, silence.promise])
      if (!client.isReady) return otherwise
      const answer = await Promise.race([question(), silence.promise])
      ear.heard()
      failures = 0
      pausedUntil = 0
      return answer
    } catch (error) {
      if (askedAt >= failedAt) fail(error)
      return otherwise
    } finally {
      silence.end()
    }
  }

  function fail(error: unknown): void {
    failures += 1
    failedAt = performance.now()
    if (failures >= mostFailures) pausedUntil = failedAt + pauseMs
    // Once for each outage.
    if (failures === mostFailures) log.warn({ reason: toReason(error) }, 'Redis does not answer')
  }
}

/** The time of silence is cut in so many pieces. */
const quietTurns = 5

/** An answer may take longer where others come; but not longer than so many pieces. */
const mostTurns = 20

/** Somebody who waits for an answer. */
interface Listener {
  /** Rejects where it has been silent for too long. */
  promise: Promise<never>
  end(): void
}

/**
 * Tells a silent Redis from a busy one, or from a process that is busy itself: silence is counted
 * in turns of the event loop, of which each reads the answers that have come, and only since the last
 * answer to anybody.
 */
function listening(ms: number) {
  const waiting = new Map<(error: Error) => void, { turns: number }>()
  let quiet = 0
  let timer: NodeJS.Timeout | undefined
  return {
    heard: () => void (quiet = 0),
    listen(): Listener {
      const { promise, reject } = Promise.withResolvers<never>()
      if (waiting.size === 0) quiet = 0
      waiting.set(reject, { turns: 0 })
      timer ??= setInterval(turn, ms / quietTurns)
      return { promise, end: () => end(reject) }
    },
  }

  function turn(): void {
    quiet += 1
    const isSilent = quiet >= quietTurns
    for (const [reject, listener] of waiting) {
      listener.turns += 1
      if (isSilent || listener.turns >= mostTurns) reject(new Error('silent'))
    }
  }

  function end(reject: (error: Error) => void): void {
    waiting.delete(reject)
    if (waiting.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Redis's own sentences may repeat the command, password and all; their first word is a code. */
function toReason(error: unknown): string {
  if (error instanceof ErrorReply) return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'refused'
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^\w{1,64}$/.test(code) ? code : 'silent'
}
