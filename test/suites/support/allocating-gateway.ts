import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { join } from 'node:path'
import type { Heap } from './allocated-hook.ts'
import { askChat, chat, streamed } from './chat-client.ts'
import { exactly } from './counted.ts'
import { endWithUs } from './ends-with-us.ts'
import { importing } from './inside.ts'

/** What the gateway must not allocate more for than it does, network and all. */
export const gatewayWorks = {
  'a whole answer': { unit: 'request', units: 1, body: chat('words: 1') },
  'a stream of 100 events': { unit: 'event', units: 100, body: streamed('words: 100') },
} as const

/** Until all is compiled and every cache has what it needs. */
const warmUps = 60
/** One look costs some kB, so it is taken of several requests. */
const perLook = 10
const looks = 15

/** Bytes that a gateway allocates for each of its works, the median of some looks. */
export async function allocatedByGateway(google: string): Promise<number[]> {
  const gateway = await startCountedGateway(google)
  // One connection, so that none has to be opened in between.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const ask = async (body: object, times: number) => {
    for (let at = 0; at < times; at += 1) {
      const { status, broken } = await askChat(gateway.url, body, { agent })
      assert.deepEqual({ status, broken }, { status: 200, broken: undefined })
    }
  }
  try {
    const bodies = Object.values(gatewayWorks).map(({ body }) => body)
    for (const body of bodies) await ask(body, warmUps)
    const found: number[] = []
    for (const body of bodies) {
      await gateway.look('clean')
      const looking = await median(() => gateway.grown(async () => undefined))
      const together = await median(() => gateway.grown(() => ask(body, perLook)))
      found.push((together - looking) / perLook)
    }
    return found
  } finally {
    agent.destroy()
    gateway.kill()
  }
}

/** Of those looks between which no garbage was collected, which are nearly all. */
async function median(measure: () => Promise<number | undefined>): Promise<number> {
  const values: number[] = []
  for (let at = 0; at < looks; at += 1) {
    const value = await measure()
    if (value !== undefined) values.push(value)
  }
  assert(values.length > looks / 2, 'garbage was collected again and again')
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

async function startCountedGateway(google: string) {
  const program = join(import.meta.dirname, '..', '..', '..', 'src', 'main.js')
  const hook = importing('allocated-hook.ts')
  const child = spawn(process.execPath, ['--expose-gc', ...exactly, hook, program], {
    env: {
      PATH: process.env.PATH ?? '',
      HOME: '/nonexistent',
      PORT: '0',
      GEMINI_API_KEY: 'emulated-key',
      GOOGLE_GEMINI_BASE_URL: google,
      POLLUX_MAX_LAG_MS: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  endWithUs(child)
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout?.on('data', (piece) => {
      said += String(piece)
      const served = /Pollux serves .* at (\S+)\/v1 from/.exec(said)?.[1]
      if (served !== undefined) resolve(served)
    })
    child.once('exit', () => reject(new Error(`The gateway did not start: ${said}`)))
  })
  const look = async (wish = 'as it is'): Promise<Heap> => {
    child.send(wish)
    const [heap] = await once(child, 'message')
    return heap
  }
  return {
    url,
    look,
    /** By how much the heap grows meanwhile; undefined where garbage was collected. */
    async grown(run: () => Promise<void>): Promise<number | undefined> {
      const before = await look()
      await run()
      const after = await look()
      return after.collections === 0 ? after.used - before.used : undefined
    },
    kill: () => void child.kill('SIGKILL'),
  }
}
