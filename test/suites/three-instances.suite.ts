import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { countsOf, playLoop } from '../support/forgetful-client.ts'
import { type Redis, startRedis, withoutRedis } from '../support/redis.ts'
import { type Balancer, canBalance, startBalancer } from './support/balancer.ts'
import {
  askChat,
  type AskOptions,
  chat,
  isComplete,
  type Outcome,
  streamed,
} from './support/chat-client.ts'
import { type GatewayProcess, startGatewayProcess } from './support/process.ts'
import { startEmulatorProcess } from './support/upstream-process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'three instances behind nginx with one Redis, of which any may be lost'

/** Each key is used for one question alone. */
const keys = {
  crowd: 'requests_per_minute: 100',
  alone: 'requests_per_minute: 100',
  busy: 'requests_per_minute: 1000000, tokens_per_minute: 1000000000, parallel_requests: 1000',
  places: 'parallel_requests: 12',
}
type Key = keyof typeof keys

interface Scene {
  gateways: GatewayProcess[]
  balancer: Balancer
  redis: Redis
}

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  if (withoutRedis !== undefined || !canBalance()) {
    const seen = `${withoutRedis ?? 'needs nginx'}: skipped`
    yield { promise: 'three instances are as good as one', seen, kept: true }
    return
  }
  const folder = mkdtempSync(join(tmpdir(), 'pollux-three-'))
  const lines = Object.entries(keys).map(
    ([name, limits]) => `  - { name: ${name}, key: key-of-${name}, ${limits} }`,
  )
  writeFileSync(join(folder, 'pollux.yaml'), `keys:\n${lines.join('\n')}\n`)
  const [emulator, redis] = await Promise.all([startEmulatorProcess(), startRedis()])
  const env = {
    REDIS_URL: redis.url,
    POLLUX_AUTH: 'keys',
    POLLUX_CONFIG: join(folder, 'pollux.yaml'),
    POLLUX_MAX_CONCURRENT: '1000',
    LOG_LEVEL: 'warn',
  }
  const gateways = await Promise.all([1, 2, 3].map(() => startGatewayProcess(emulator.url, env)))
  const balancer = await startBalancer(gateways.map(({ url }) => url))
  const scene = { gateways, balancer, redis }
  try {
    yield* exact(scene)
    yield* loops(scene, edition === 'short' ? 10 : 200)
    yield* withoutIt(scene, edition === 'short' ? 4_000 : 60_000)
    yield* lost(scene)
  } finally {
    await balancer.close()
    for (const gateway of gateways) gateway.kill()
    await redis.kill()
    await emulator.close()
    rmSync(folder, { recursive: true })
  }
}

/** Asks through nginx, on a connection of its own. */
function ask(
  { balancer }: Scene,
  key: Key,
  body: object,
  options: AskOptions = {},
): Promise<Outcome> {
  return askChat(balancer.url, body, { ...options, headers: toHeaders(key) })
}

function toHeaders(key: Key): Record<string, string> {
  return { authorization: `Bearer key-of-${key}` }
}

/** How often each status was the answer to as many requests at once. */
async function crowd(scene: Scene, key: Key, count: number): Promise<Map<number, number>> {
  const asked = Array.from({ length: count }, () => ask(scene, key, chat('Hi')))
  const groups = Map.groupBy(await Promise.all(asked), ({ status }) => status)
  return new Map([...groups].map(([status, outcomes]) => [status, outcomes.length]))
}

function told(counts: Map<number, number>): string {
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(', ')
}

async function* exact(scene: Scene): AsyncGenerator<Figure> {
  const counts = await crowd(scene, 'crowd', 1_000)
  const instances = new Set(scene.balancer.asked()).size
  yield {
    promise:
      'of 1,000 requests at once to three instances a limit of 100 a minute lets exactly 100 in',
    seen: `${told(counts)}; ${instances} instances`,
    kept: counts.get(200) === 100 && counts.get(429) === 900 && instances === 3,
  }
}

/** Clients that forget signatures, and Gemini 3, which refuses calls without. */
async function* loops(scene: Scene, times: number): AsyncGenerator<Figure> {
  const before = await dummies(scene)
  const since = scene.balancer.asked().length
  let [steps, failed] = [0, 0]
  for (let time = 0; time < times; time += 1) {
    const played = await loop(scene, time % 2 === 0)
    steps += played.length
    failed += played.filter(({ status }) => status !== 200).length
  }
  const placeholders = (await dummies(scene)) - before
  // nginx writes its lines when it has answered.
  await until(async () => scene.balancer.asked().length === since + steps, 2_000)
  const asked = scene.balancer.asked().slice(since)
  const stays = asked.filter((address, at) => address === asked[at - 1]).length
  yield {
    promise: 'a tool loop that changes instance at every step keeps its signatures',
    seen: `${times} loops, ${steps} steps, ${stays} of them where the one before was, ${failed} failures, ${placeholders} placeholders`,
    kept: failed + placeholders + stays === 0 && asked.length === steps && steps > 2 * times,
  }
}

function loop({ balancer }: Scene, stream: boolean) {
  const headers = { ...toHeaders('busy'), connection: 'close' }
  return playLoop(() => balancer.url, { model: 'gemini-3-pro-preview', stream, headers })
}

/** How often Google's placeholder stood in for a signature. */
async function dummies({ gateways }: Scene): Promise<number> {
  const counts = await Promise.all(gateways.map(({ url }) => countsOf(url)))
  return counts.reduce((sum, { dummy }) => sum + dummy, 0)
}

/** Redis is killed, and started again empty, while everything goes on. */
async function* withoutIt(scene: Scene, ms: number): AsyncGenerator<Figure> {
  const { gateways, redis } = scene
  const over = new AbortController()
  const seen = { requests: 0, failed: 0, loops: 0, brokenLoops: 0 }
  const traffic = Promise.all([
    ...Array.from({ length: 12 }, async (_, at) => {
      while (!over.signal.aborted) {
        const body = at % 2 === 0 ? streamed('Explain the sea. [[slow:5]]') : chat('Hi')
        const outcome = await ask(scene, 'busy', body)
        const fine = at % 2 === 0 ? isComplete(outcome) : outcome.status === 200
        seen.requests += 1
        if (!fine) seen.failed += 1
      }
    }),
    (async () => {
      while (!over.signal.aborted) {
        const steps = await loop(scene, true)
        seen.loops += 1
        if (steps.some(({ status }) => status !== 200)) seen.brokenLoops += 1
      }
    })(),
  ])
  await sleep(ms / 4)
  await redis.kill()
  for (const gateway of gateways) await gateway.until('Redis is away')
  const alone = await crowd(scene, 'alone', 600)
  await sleep(ms / 4)
  await redis.restart()
  await sleep(ms / 2)
  over.abort()
  await traffic
  yield {
    promise: 'Redis killed and started again in the middle: no request fails',
    seen: `${seen.failed} of ${seen.requests} requests, ${seen.brokenLoops} of ${seen.loops} tool loops`,
    kept: seen.failed + seen.brokenLoops === 0 && seen.requests > 50 && seen.loops > 2,
  }
  const admitted = alone.get(200) ?? 0
  yield {
    promise: 'meanwhile each instance keeps the limit by itself: 100 each, not more',
    seen: told(alone),
    kept: admitted === 300 && alone.get(429) === 300,
  }
  yield await sharedAgain(scene)
}

/** From the return of Redis until all three count there again. */
async function sharedAgain(scene: Scene): Promise<Figure> {
  const since = performance.now()
  const counter = 'pollux:limit:requests:busy'
  for (;;) {
    const before = Number(await stored(scene, counter))
    for (let at = 0; at < 3; at += 1) await ask(scene, 'busy', chat('Hi'))
    const counted = Number(await stored(scene, counter)) - before
    const took = (performance.now() - since) / 1000
    if (counted === 3 || took > 10) {
      return {
        promise: 'when it is back all three share again, within 10 s',
        seen: `${counted} of 3 requests counted there ${took.toFixed(1)} s after the load`,
        kept: counted === 3,
      }
    }
    await sleep(200)
  }
}

async function stored({ redis }: Scene, name: string): Promise<string> {
  return /\r\n(\d+)\r\n/.exec(await redis.ask('GET', name))?.[1] ?? '0'
}

/** An instance is killed while it streams. */
async function* lost(scene: Scene): AsyncGenerator<Figure> {
  const [victim] = scene.gateways
  const leaving = new AbortController()
  const endless = streamed('Explain the sea. [[fault:stall@2]]')
  let [begun, broken] = [0, 0]
  const running = Array.from({ length: 12 }, async () => {
    const heard = once(() => (begun += 1))
    await ask(scene, 'places', endless, { signal: leaving.signal, heard })
    if (!leaving.signal.aborted) broken += 1
  })
  const enter = async () => (await ask(scene, 'places', chat('Hi'))).status === 200
  // Whoever asks before they have begun takes a place of theirs.
  await until(async () => begun === 12, 10_000)
  const full = begun === 12 && !(await enter())
  victim?.process.kill('SIGKILL')
  await victim?.exited()
  const killed = performance.now()
  const others = await crowd(scene, 'busy', 60)
  yield {
    promise:
      'an instance is killed: its streams break off, whoever comes then is answered by the others',
    seen: `${broken} of 12 streams broke off; ${told(others)}`,
    kept: full && broken > 0 && broken < 12 && others.get(200) === 60,
  }
  const free = await until(enter, 20_000)
  const took = (performance.now() - killed) / 1000
  leaving.abort()
  await Promise.all(running)
  yield {
    promise: 'the places that it held among parallel requests are free 15 s later',
    seen: `${free ? 'free' : 'taken'} after ${took.toFixed(1)} s`,
    kept: free && took < 17,
  }
}

/** Does something the first time. */
function once(does: () => unknown): () => void {
  let done = false
  return () => {
    if (!done) does()
    done = true
  }
}

/** Whether it becomes true in time. */
async function until(is: () => Promise<boolean>, ms: number): Promise<boolean> {
  const end = performance.now() + ms
  while (performance.now() < end) {
    if (await is()) return true
    await sleep(200)
  }
  return false
}
