import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Limited } from '../../src/limits/limiter.ts'
import { type LimiterProcess, startLimiter } from '../support/limiters.ts'
import { type Redis, startRedis, withoutRedis } from '../support/redis.ts'

let names = 0

/** A key that nobody has used before. */
function keyWith(limits: Partial<Limited>): Limited {
  names += 1
  const none = {
    requestsPerMinute: undefined,
    tokensPerMinute: undefined,
    parallelRequests: undefined,
  }
  return { ...none, name: `key ${names}`, ...limits }
}

/** So many requests of one token. */
const ones = (count: number) => Array.from({ length: count }, () => 1)

const sum = (numbers: number[]) => numbers.reduce((total, one) => total + one, 0)

describe('three processes that share a Redis', { skip: withoutRedis }, () => {
  let redis: Redis
  let instances: LimiterProcess[] = []

  before(async () => {
    redis = await startRedis()
    instances = await Promise.all([1, 2, 3].map(() => startLimiter(redis.url)))
  })
  afterEach(async () => {
    for (const instance of instances) await instance.settle()
  })
  after(async () => {
    for (const instance of instances) await instance.kill()
    redis.resume()
    await redis.kill()
  })

  /** How many of them come in, where all ask at the same time. */
  async function admitted(key: Limited, tokens: number[][]): Promise<number> {
    const outcomes = await Promise.all(
      instances.map((instance, at) => instance.admit(key, tokens[at] ?? [])),
    )
    return sum(outcomes.map(({ admitted }) => admitted))
  }

  it('let exactly 100 of 1,000 parallel requests in', async () => {
    const key = keyWith({ requestsPerMinute: 100 })
    assert.equal(await admitted(key, [ones(334), ones(333), ones(333)]), 100)
    assert.equal(await admitted(key, [ones(1), ones(1), ones(1)]), 0)
  })

  it('let as many tokens in as there are, and small requests where large ones do not fit', async () => {
    const key = keyWith({ tokensPerMinute: 1_000 })
    assert.equal(await admitted(key, [[900], [], []]), 1)
    assert.equal(await admitted(key, [[200, 200], [200], [50]]), 1)
    assert.equal(await admitted(key, [ones(30), ones(30), ones(30)]), 50)
  })

  it('settle exactly what was used, whoever asked', async () => {
    const key = keyWith({ tokensPerMinute: 1_000 })
    assert.equal(await admitted(key, [[400], [400], [200]]), 3)
    const counted = `pollux:limit:tokens:${key.name}`
    await Promise.all(instances.map((instance) => instance.settle(100)))
    await until(async () => (await redis.ask('GET', counted)) === '$3\r\n300\r\n')
    assert.equal(await admitted(key, [[701], [], []]), 0)
    assert.equal(await admitted(key, [[700], [], []]), 1)
    // It was more than was thought.
    await instances[0]?.settle(5_000)
    await until(async () => (await redis.ask('GET', counted)) === '$4\r\n5300\r\n')
    assert.equal(await admitted(key, [[1], [1], [1]]), 0)
  })

  it('count nothing of what they refuse', async () => {
    const key = keyWith({ requestsPerMinute: 10, tokensPerMinute: 100, parallelRequests: 2 })
    assert.equal(await admitted(key, [[100], [100, 100], [100, 100]]), 1)
    const counted = `pollux:limit:requests:${key.name}`
    await until(async () => (await redis.ask('GET', counted)) === '$1\r\n1\r\n')
    await until(async () => (await redis.ask('ZCARD', parallel(key))) === ':1\r\n')
  })

  it('never have more at once than may be, and fill every place that is given back', async () => {
    const key = keyWith({ parallelRequests: 5 })
    for (let round = 0; round < 5; round += 1) {
      assert.equal(await admitted(key, [ones(50), ones(50), ones(50)]), 5)
      for (const instance of instances) await instance.settle(0)
      await until(async () => (await redis.ask('ZCARD', parallel(key))) === ':0\r\n')
    }
  })

  it('get the places of a process that was killed back, and keep those of one that lives', async () => {
    const key = keyWith({ parallelRequests: 5 })
    const [mortal, living] = await Promise.all([
      startLimiter(redis.url, 2_000),
      startLimiter(redis.url, 2_000),
    ])
    assert.equal((await living.admit(key, ones(2))).admitted, 2)
    assert.equal((await mortal.admit(key, ones(9))).admitted, 3)
    await mortal.kill()
    assert.equal((await living.admit(key, ones(9))).admitted, 0)
    await until(async () => (await living.admit(key, [1])).admitted === 1)
    await sleep(2_500)
    assert.equal(await admitted(key, [ones(9), ones(9), ones(9)]), 2)
    assert.equal(await admitted(key, [ones(9), ones(9), ones(9)]), 0)
    await living.kill()
  })

  it('leave nothing in Redis for longer than a minute', async () => {
    for (const name of await redis.keys()) {
      assert.match(name, /^pollux:limit:/)
      const left = Number(/^:(-?\d+)/.exec(await redis.ask('PTTL', name))?.[1])
      assert.ok(left > 0 && left <= 60_000, `${name} is kept for ${left} ms`)
    }
  })

  it('are each limited alone while it is away, and know what it had let in', async () => {
    const [one, other] = instances
    assert.ok(one && other)
    const key = keyWith({ requestsPerMinute: 100 })
    assert.equal((await one.admit(key, ones(60))).admitted, 60)
    await redis.kill()
    assert.equal((await one.admit(key, ones(60))).admitted, 40)
    assert.equal((await other.admit(key, ones(150))).admitted, 100)
    await redis.restart()
    // Its minute begins anew, and is shared again.
    await until(async () => (await shares(one)) && (await shares(other)), 15_000)
    const outcomes = await Promise.all([one.admit(key, ones(150)), other.admit(key, ones(150))])
    assert.equal(sum(outcomes.map(({ admitted }) => admitted)), 100)
  })

  it('tell it of the requests that still run when it is back', async () => {
    const [one, other] = instances
    assert.ok(one && other)
    const key = keyWith({ parallelRequests: 5 })
    assert.equal((await one.admit(key, ones(2))).admitted, 2)
    await redis.kill()
    assert.equal((await one.admit(key, ones(9))).admitted, 3)
    await redis.restart()
    await until(async () => (await redis.ask('ZCARD', parallel(key))) === ':5\r\n', 15_000)
    await until(() => shares(other), 15_000)
    assert.equal((await other.admit(key, ones(9))).admitted, 0)
    await one.settle(0)
    await until(async () => (await other.admit(key, [1])).admitted === 1)
  })

  it('do without it where it hangs', async () => {
    const [one] = instances
    assert.ok(one)
    const key = keyWith({ requestsPerMinute: 20, tokensPerMinute: 20, parallelRequests: 20 })
    await until(() => shares(one), 15_000)
    redis.pause()
    for (let n = 0; n < 10; n += 1)
      assert.equal((await one.admit(key, [1, 1, 1])).admitted, n < 6 ? 3 : n === 6 ? 2 : 0)
    redis.resume()
  })

  /** Whether a process counts in Redis. */
  async function shares(instance: LimiterProcess): Promise<boolean> {
    const key = keyWith({ requestsPerMinute: 1 })
    await instance.admit(key, [1])
    return (await redis.ask('EXISTS', `pollux:limit:requests:${key.name}`)) === ':1\r\n'
  }
})

const parallel = ({ name }: Limited) => `pollux:limit:parallel:${name}`

async function until(is: () => Promise<boolean>, ms = 5_000): Promise<void> {
  const signal = AbortSignal.timeout(ms)
  while (!(await is())) {
    signal.throwIfAborted()
    await sleep(100)
  }
}
