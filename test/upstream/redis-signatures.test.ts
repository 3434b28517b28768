import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { type Emulator, startEmulator } from '../../src/emulator/server.ts'
import { redisSignatures } from '../../src/upstream/redis-signatures.ts'
import { type Child, servedBy, startChild } from '../support/child.ts'
import { type Counts, countsOf, playLoop } from '../support/forgetful-client.ts'
import { type Redis, startRedis, withoutRedis } from '../support/redis.ts'

const model = 'gemini-3-flash-preview'
const statuses = (steps: { status: number }[]) => steps.map(({ status }) => status)

describe('two gateways that share a Redis', { skip: withoutRedis }, () => {
  let redis: Redis
  let emulator: Emulator
  let children: Child[] = []
  let urls: string[] = []

  before(async () => {
    ;[emulator, redis] = await Promise.all([startEmulator(), startRedis()])
    const env = {
      GEMINI_API_KEY: 'any',
      GOOGLE_GEMINI_BASE_URL: emulator.url,
      REDIS_URL: redis.url,
      LOG_LEVEL: 'warn',
    }
    children = [startChild(env), startChild(env)]
    urls = await Promise.all(children.map(servedBy))
    await shared()
  })
  after(async () => {
    for (const child of children) child.kill()
    redis.resume()
    await redis.kill()
    await emulator.close()
  })

  const inTurn = (step: number) => urls[step % urls.length] ?? ''

  async function counts(): Promise<Counts> {
    const all = await Promise.all(urls.map(countsOf))
    const sum = (source: keyof Counts) => all.reduce((total, one) => total + one[source], 0)
    return { client: sum('client'), store: sum('store'), dummy: sum('dummy') }
  }

  /** Plays loops until one needs no placeholder: both gateways have found Redis. */
  async function shared(): Promise<void> {
    for (let tries = 0; tries < 40; tries += 1) {
      const before = await counts()
      const steps = await playLoop(inTurn, { model })
      assert.deepEqual(statuses(steps), [200, 200, 200, 200])
      if ((await counts()).dummy === before.dummy) return
      await sleep(100)
    }
    throw new Error('They did not find Redis within 4 s.')
  }

  for (const stream of [false, true]) {
    it(`serve a loop that changes between them at every step, ${stream ? 'streamed' : 'whole'}`, async () => {
      const before = await counts()
      const steps = await playLoop(inTurn, { model, stream })
      const now = await counts()
      assert.deepEqual(statuses(steps), [200, 200, 200, 200])
      assert.deepEqual(
        steps.map(({ calls }) => calls.length),
        [2, 2, 2, 0],
      )
      assert.equal(now.store - before.store, 6)
      assert.equal(now.dummy, before.dummy)
      assert.equal(now.client, before.client)
    })
  }

  it('find each other’s calls by ids that the client has changed', async () => {
    const before = await counts()
    const steps = await playLoop(inTurn, {
      model,
      rewrite: (id) => id.replaceAll('_', '-').slice(0, 40),
    })
    assert.deepEqual(statuses(steps), [200, 200, 200, 200])
    assert.equal((await counts()).dummy, before.dummy)
  })

  it('keep nothing for longer than six hours, and nothing that was said', async () => {
    const keys = await redis.keys()
    assert.ok(keys.length > 0)
    for (const key of keys) {
      assert.match(key, /^pollux:/)
      const left = Number(/^:(-?\d+)/.exec(await redis.ask('PTTL', key))?.[1])
      assert.ok(left > 0 && left <= 6 * 60 * 60 * 1000, `${key} is kept for ${left} ms`)
      assert.doesNotMatch(await redis.ask('GET', key), /Paris|Rome|get_weather|city/)
    }
  })

  it('fail no request while Redis hangs, and wait for it but shortly', async () => {
    redis.pause()
    const start = performance.now()
    const steps = await playLoop(inTurn, { model, question: 'The weather in Paris and Rome?' })
    const took = performance.now() - start
    redis.resume()
    assert.deepEqual(statuses(steps), [200, 200])
    // The first waits to have its calls remembered, the second to have them recalled.
    assert.ok(took < 2_000, `${took} ms`)
    await shared()
  })

  it('fail no request when Redis dies in the middle, and share again when it is back', async () => {
    const before = await counts()
    const steps = await playLoop(inTurn, {
      model,
      before: (step) => (step === 1 ? redis.kill() : step === 3 ? redis.restart() : undefined),
    })
    assert.deepEqual(statuses(steps), [200, 200, 200, 200])
    const now = await counts()
    // What the other gateway knows is out of reach; what the own memory holds is not.
    assert.ok(now.dummy > before.dummy)
    assert.ok(now.store > before.store)
    await shared()
  })

  it('say nothing of keys, signatures or calls in their logs', () => {
    for (const child of children) {
      assert.match(child.output(), /Redis/)
      assert.doesNotMatch(child.output(), /signature:|call_|Paris/)
    }
  })
})

describe('a Redis that is not there', () => {
  it('is done without', async () => {
    const warnings: string[] = []
    const warn = (_: object, message: string) => void warnings.push(message)
    const store = await redisSignatures('redis://127.0.0.1:1', { info: () => undefined, warn })
    await store.remember(new Map([['call_1', { signature: 's' }]]))
    assert.deepEqual(
      [...(await store.recall(['call_1', 'call_2']))],
      [['call_1', { signature: 's' }]],
    )
    await store.close()
  })
})

describe('a Redis that holds rubbish', { skip: withoutRedis }, () => {
  it('is not believed', async () => {
    const redis = await startRedis()
    const store = await redisSignatures(redis.url, { info: () => undefined, warn: () => undefined })
    try {
      const rubbish = ['no json', '[]', 'null', '{"signature":7}', '{"nativeId":{}}', '']
      for (let tries = 0; (await redis.keys()).length === 0 && tries < 100; tries += 1) {
        await sleep(20)
        await store.remember(new Map([['call_probe', { signature: 's' }]]))
      }
      assert.ok((await redis.keys()).length > 0, 'it never reached Redis')
      const ids = rubbish.map((_, at) => `call_rubbish${at}`)
      for (const [at, value] of rubbish.entries()) {
        await redis.ask('SET', `pollux:signature:rubbish${at}`, value)
      }
      const found = await store.recall(ids)
      for (const known of found.values()) {
        assert.deepEqual(known, { signature: undefined, nativeId: undefined })
      }
    } finally {
      await store.close()
      await redis.kill()
    }
  })
})

/** How many questions of a request a Redis was ever sent. */
async function questionsTo(redis: Redis): Promise<number> {
  const told = await redis.ask('INFO', 'commandstats')
  return Number(/cmdstat_mget:calls=(\d+)/.exec(told)?.[1] ?? 0)
}

/** What a request remembers of one call. */
function callOf(n: number) {
  return new Map([[`call_${n}`, { signature: 's'.repeat(8_000) }]])
}

describe('a Redis that hangs', { skip: withoutRedis }, () => {
  const patience = { answerMs: 50, pauseMs: 400 }

  /** A store that has found its Redis. */
  async function hanging() {
    const redis = await startRedis()
    const warnings: object[] = []
    const warn = (details: object, message: string) => void warnings.push({ ...details, message })
    const store = await redisSignatures(redis.url, { info: () => undefined, warn }, patience)
    const other = await redisSignatures(redis.url, { info: () => undefined, warn }, patience)
    while (!(await other.recall(['call_0'])).has('call_0')) {
      await store.remember(callOf(0))
      await sleep(20)
    }
    const before = await questionsTo(redis)
    redis.pause()
    return {
      redis,
      store,
      warnings,
      /** How many questions it was sent since; it wakes to tell. */
      asked: async () => {
        redis.resume()
        return (await questionsTo(redis)) - before
      },
      end: async () => {
        redis.resume()
        await Promise.all([store.close(), other.close()])
        await redis.kill()
      },
    }
  }

  it('is waited for three times and then left alone, and the log says so once', async () => {
    const { store, warnings, asked, end } = await hanging()
    /** Asks so many at once; resolves with how many went on without waiting. */
    const quickOf = async (count: number) => {
      let quick = 0
      const all = Array.from({ length: count }, async (_, n) => {
        await store.recall([`call_unknown${n}`])
        quick += 1
      })
      // In one turn of the event loop nobody can have waited, however long it takes.
      await turn()
      const soon = quick
      await Promise.all(all)
      return soon
    }
    try {
      const start = performance.now()
      for (let n = 0; n < 3; n += 1) assert.equal(await quickOf(1), 0)
      const took = performance.now() - start
      // A busy machine makes it longer; a client that had its own way would wait a second each time.
      assert.ok(took >= 140 && took < 2_500, `${took} ms`)
      assert.equal(await quickOf(50), 50)
      assert.deepEqual(warnings, [{ reason: 'silent', message: 'Redis does not answer' }])
      // After each pause one question finds out, and the others do not wait for it.
      await sleep(patience.pauseMs + 50)
      assert.equal(await quickOf(20), 19)
      assert.equal(await quickOf(20), 20)
      assert.equal(warnings.length, 1)
      assert.equal(await asked(), 4)
    } finally {
      await end()
    }
  })

  it('holds no more than so many commands back in this process', async () => {
    const { redis, store, end } = await hanging()
    try {
      const start = performance.now()
      await Promise.all(Array.from({ length: 2_000 }, (_, n) => store.remember(callOf(n + 1))))
      assert.ok(performance.now() - start < 10_000)
      redis.resume()
      await sleep(300)
      const kept = (await redis.keys()).length
      assert.ok(kept <= 1_001, `${kept} came through`)
    } finally {
      await end()
    }
  })

  it('is asked again when it is back', async () => {
    const { redis, store, end } = await hanging()
    try {
      for (let n = 0; n < 5; n += 1) await store.recall([`call_unknown${n}`])
      redis.resume()
      await redis.ask('SET', 'pollux:signature:back', '{"signature":"b"}')
      const signal = AbortSignal.timeout(5_000)
      while (!(await store.recall(['call_back'])).has('call_back')) {
        signal.throwIfAborted()
        await sleep(20)
      }
    } finally {
      await end()
    }
  })
})
