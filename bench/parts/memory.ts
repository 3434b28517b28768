import { setTimeout as sleep } from 'node:timers/promises'
import { cases, idle } from '../cases.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { hold, load } from '../load.ts'
import { rssOf } from '../process.ts'
import { toError } from '../too-slow.ts'
import { startUpstream } from '../upstream.ts'

/** Resident memory of one process, in kB. */
export interface Memory {
  name: string
  /** Before its first request. */
  fresh: number
  /** After a second of requests as fast as it takes them, and some rest. */
  warm: number
  /** For each open stream, by how many are open. */
  perStream: Map<number, number>
  /** Why it was not measured to the end. */
  sentOff?: Error
}

const unary = cases.find(({ name }) => name === 'unary') ?? idle

/** One process, before an upstream of its own, that nobody else asks. */
export async function measureMemory(contestant: Contestant, streams: number[]): Promise<Memory> {
  const upstream = await startUpstream()
  const most = Math.max(...streams)
  const running = await contestant.start({ upstream: upstream.port, open: most + 1000 })
  const memory: Memory = { name: contestant.name, fresh: 0, warm: 0, perStream: new Map() }
  const held: { release(): Promise<void> }[] = []
  try {
    await sleep(3_000)
    memory.fresh = rssOf(running.pid)
    await load(contestant, running, unary, { seconds: 1 })
    await sleep(restMs)
    memory.warm = rssOf(running.pid)
    let open = 0
    for (const count of streams) {
      const connections = count - open
      held.push(await hold(contestant, running, idle, { connections, ramp: connections / 1000 }))
      open = count
      await sleep(restMs)
      memory.perStream.set(count, (rssOf(running.pid) - memory.warm) / count)
    }
  } catch (error) {
    memory.sentOff = toError(error)
    console.error(`✖ ${contestant.name}: ${memory.sentOff.message}`)
  }
  running.stop()
  for (const one of held) await one.release()
  upstream.stop()
  return memory
}

/** What the garbage collector has, by itself, to come to rest. */
const restMs = 10_000
