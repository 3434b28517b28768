import { randomUUID } from 'node:crypto'
import type { Redis } from '../redis.ts'

/** Requests that run at the same time, by the name of their key. */
export interface Places {
  /** Takes one of so many places and gives what gives it back; undefined where all are taken. */
  enter(name: string, most: number): Left | Promise<Left>
}

type Left = (() => void) | undefined

export interface OwnPlaces extends Places {
  /** The requests that run in this process, by their key's name: those that came in elsewhere, too. */
  running: Map<string, Set<string>>
}

/** In this process alone. */
export function ownPlaces(): OwnPlaces {
  const running = new Map<string, Set<string>>()
  return {
    running,
    enter(name, most) {
      if ((running.get(name)?.size ?? 0) >= most) return undefined
      return occupy(running, name, randomUUID())
    },
  }
}

/** Two renewals may be lost before a place is. */
const renewals = 3

/**
 * Shared through Redis: a place is a lease there, which is renewed while its request runs, so that a
 * process that dies does not hold it for ever. What came in while Redis was away is told with the next
 * renewal. Rejects where Redis is away.
 */
export function sharedPlaces(
  redis: Redis,
  { running }: OwnPlaces,
  leaseMs: number,
): Places & { close(): void } {
  const { client } = redis
  const timer = setInterval(renew, leaseMs / renewals).unref()
  redis.onReady(renew)
  return {
    async enter(name, most) {
      const id = randomUUID()
      const entered = await redis.step(run(enterScript, name, [String(leaseMs), id, String(most)]))
      if (entered !== 1) return undefined
      const leave = occupy(running, name, id)
      return () => {
        leave()
        void redis.ask(() => client.zRem(toKey(name), id), 0)
      }
    },
    close: () => clearInterval(timer),
  }

  function renew(): void {
    for (const [name, ids] of running) {
      const words = [String(leaseMs), ...ids]
      void redis.ask<unknown>(() => run(renewScript, name, words), undefined)
    }
  }

  /** One step of Redis's own, on the places of one key. */
  function run(script: string, name: string, words: string[]): Promise<unknown> {
    return client.sendCommand(['EVAL', script, '1', toKey(name), ...words])
  }
}

function toKey(name: string): string {
  return `pollux:limit:parallel:${name}`
}

/** Redis's own clock, in milliseconds: those of several machines may differ. */
const now = `
local time = redis.call('time')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`

const enterScript = `${now}
redis.call('zremrangebyscore', KEYS[1], '-inf', now)
if redis.call('zcard', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('zadd', KEYS[1], now + ARGV[1], ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[1])
return 1
`

const renewScript = `${now}
for at = 2, #ARGV do redis.call('zadd', KEYS[1], now + ARGV[1], ARGV[at]) end
redis.call('pexpire', KEYS[1], ARGV[1])
return 1
`

function occupy(running: Map<string, Set<string>>, name: string, id: string): () => void {
  const ids = running.get(name) ?? new Set()
  running.set(name, ids.add(id))
  return () => {
    ids.delete(id)
    if (ids.size === 0 && running.get(name) === ids) running.delete(name)
  }
}
