import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Emulator, startEmulator } from '../../src/emulator/server.ts'
import { type Child, servedBy, startChild } from '../support/child.ts'
import { type Redis, startRedis, withoutRedis } from '../support/redis.ts'

const keys = `
keys:
  - { name: crowd, key: sk-for-the-crowd, requests_per_minute: 100 }
  - { name: outage, key: sk-for-the-outage, requests_per_minute: 1000000, tokens_per_minute: 100000000, parallel_requests: 1000 }
  - { name: probe, key: sk-for-a-probe, requests_per_minute: 1000000 }
`

describe('three gateways that share a Redis', { skip: withoutRedis }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-limits-'))
  let redis: Redis
  let emulator: Emulator
  let children: Child[] = []
  let urls: string[] = []

  before(async () => {
    const path = join(folder, 'pollux.yaml')
    writeFileSync(path, keys)
    ;[emulator, redis] = await Promise.all([startEmulator(), startRedis()])
    const env = {
      GEMINI_API_KEY: 'any',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      REDIS_URL: redis.url,
      POLLUX_AUTH: 'keys',
      POLLUX_CONFIG: path,
      LOG_LEVEL: 'warn',
    }
    children = [startChild(env), startChild(env), startChild(env)]
    urls = await Promise.all(children.map(servedBy))
  })
  after(async () => {
    for (const child of children) child.kill()
    await redis.kill()
    await emulator.close()
    rmSync(folder, { recursive: true })
  })

  async function ask(n: number, key: string): Promise<number> {
    const response = await fetch(`${urls[n % 3]}/v1/chat/completions`, {
      method: 'POST',
      signal: AbortSignal.timeout(30_000),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: '{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"Hello!"}]}',
    })
    await response.arrayBuffer()
    return response.status
  }

  /** How often each status was the answer to so many parallel requests. */
  async function askAtOnce(count: number, key: string): Promise<Record<number, number>> {
    const statuses = await Promise.all(Array.from({ length: count }, (_, n) => ask(n, key)))
    const counted: Record<number, number> = {}
    for (const status of statuses) counted[status] = (counted[status] ?? 0) + 1
    return counted
  }

  it('let exactly 100 of 1,000 parallel requests in', async () => {
    assert.deepEqual(await askAtOnce(1_000, 'sk-for-the-crowd'), { 200: 100, 429: 900 })
  })

  it('fail no request when Redis dies and comes back in the middle', async () => {
    const statuses = new Set<number>()
    const asking = (async () => {
      for (let n = 0; n < 40; n += 1) {
        for (const status of Object.keys(await askAtOnce(9, 'sk-for-the-outage'))) {
          statuses.add(Number(status))
        }
        await sleep(10)
      }
    })()
    await sleep(100)
    await redis.kill()
    await sleep(200)
    await redis.restart()
    await asking
    assert.deepEqual([...statuses], [200])
    for (const child of children) await child.until('Redis is away')
    const signal = AbortSignal.timeout(10_000)
    while (!(await redis.keys()).includes('pollux:limit:requests:probe')) {
      signal.throwIfAborted()
      await askAtOnce(3, 'sk-for-a-probe')
      await sleep(100)
    }
  })
})
