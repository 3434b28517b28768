import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it, mock } from 'node:test'
import type { ApiError } from '../../src/errors.ts'
import { type IssuedToken, keptToken } from '../../src/upstream/token.ts'

const hour = 3_600_000
const minute = 60_000

/** Time stands still but for what a test lets pass. */
const clock = { begin: () => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 }) }

/** A source whose tokens are `t1`, `t2` …, each valid for an hour, until it is told otherwise. */
function source() {
  const failures: ApiError[] = []
  const desk = {
    calls: 0,
    fails: false,
    hangs: false,
    validMs: hour,
    fetch: async (): Promise<IssuedToken> => {
      desk.calls += 1
      if (desk.hangs) return new Promise(() => undefined)
      if (desk.fails) throw new Error('metadata: 500')
      return { token: `t${desk.calls}`, quotaProject: undefined, endsAt: Date.now() + desk.validMs }
    },
  }
  const tokens = keptToken({
    fetch: desk.fetch,
    onFailure: (failure) => failures.push(failure),
    now: Date.now,
    random: () => 0,
  })
  return { desk, tokens, failures, get: async () => (await tokens.get()).token }
}

/** Lets time pass, and whatever is due: by seconds, and the last of them in finer steps. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0;) {
    const step = left > 1_000 ? Math.min(left - 1_000, 1_000) : Math.min(left, 100)
    mock.timers.tick(step)
    left -= step
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve()
  }
}

describe('a token', () => {
  beforeEach(() => clock.begin())
  afterEach(() => mock.timers.reset())

  it('is fetched once for a thousand requests at a cold start', async () => {
    const { desk, get } = source()
    const tokens = await Promise.all(Array.from({ length: 1_000 }, get))
    assert.deepEqual([...new Set(tokens)], ['t1'])
    assert.equal(desk.calls, 1)
  })

  it('is renewed five minutes before its end, behind the back of the requests', async () => {
    const { desk, get } = source()
    await get()
    await pass(54 * minute)
    assert.equal(await get(), 't1')
    assert.equal(desk.calls, 1)
    await pass(minute)
    assert.equal(await get(), 't1')
    await pass(100)
    assert.equal(await get(), 't2')
    assert.equal(desk.calls, 2)
  })

  it('is used while its renewal fails: four minutes without a source cost nobody anything', async () => {
    const { desk, get, failures } = source()
    await get()
    await pass(55 * minute)
    desk.fails = true
    for (let seconds = 0; seconds < 240; seconds += 1) {
      assert.equal(await get(), 't1')
      await pass(1_000)
    }
    assert.ok(desk.calls < 100, `${desk.calls} calls`)
    assert.ok(failures.length > 0)
    desk.fails = false
    await pass(5_000)
    await get()
    await pass(100)
    assert.match(await get(), /^t\d+$/)
    assert.notEqual(await get(), 't1')
  })

  it('is used while its source hangs', async () => {
    const { desk, get } = source()
    await get()
    await pass(55 * minute)
    desk.hangs = true
    for (let seconds = 0; seconds < 240; seconds += 1) {
      assert.equal(await get(), 't1')
      await pass(1_000)
    }
    assert.ok(desk.calls < 60, `${desk.calls} calls`)
  })

  it('is not used in its last 30 s', async () => {
    const { desk, get } = source()
    desk.validMs = 10 * minute
    await get()
    await pass(10 * minute - 30_000)
    assert.equal(await get(), 't2')
    assert.equal(desk.calls, 2)
  })

  it('that cannot be had is a 503 at once for a moment, and is asked for again', async () => {
    const { desk, get, tokens } = source()
    desk.fails = true
    await assert.rejects(get(), { status: 503, code: 'credentials_unavailable' })
    await assert.rejects(get(), { status: 503 })
    assert.equal(desk.calls, 1)
    assert.equal(tokens.available(), false)
    desk.fails = false
    await pass(1_000)
    assert.equal(await get(), 't2')
    assert.equal(tokens.available(), true)
  })

  it('whose source hangs at a cold start is a 503 after 5 s', async () => {
    const { desk, get } = source()
    desk.hangs = true
    const refused = assert.rejects(get(), { status: 503 })
    await pass(5_000)
    await refused
  })

  it('that comes too late for a request is there for the next', async () => {
    const late = Promise.withResolvers<IssuedToken>()
    const tokens = keptToken({ fetch: () => late.promise, onFailure: () => undefined })
    const refused = assert.rejects(async () => tokens.get(), { status: 503 })
    await pass(5_000)
    await refused
    late.resolve({ token: 'late', quotaProject: undefined, endsAt: Date.now() + hour })
    await pass(100)
    assert.equal((await tokens.get()).token, 'late')
  })

  it('that was refused is fetched anew, once for all', async () => {
    const { desk, get, tokens } = source()
    await get()
    tokens.forget('t1')
    assert.deepEqual(await Promise.all([get(), get(), get()]), ['t2', 't2', 't2'])
    tokens.forget('t1')
    assert.equal(await get(), 't2')
    assert.equal(desk.calls, 2)
  })

  it('that a source gives again and again until shortly before its end is not asked for all the time', async () => {
    const { desk, get } = source()
    desk.validMs = 4 * minute
    for (let seconds = 0; seconds < 60; seconds += 1) {
      await get()
      await pass(1_000)
    }
    assert.ok(desk.calls <= 7, `${desk.calls} calls`)
  })

  it('that is missing makes readiness ask for it', async () => {
    const { desk, tokens } = source()
    desk.fails = true
    assert.equal(tokens.available(), false)
    await pass(1_000)
    assert.equal(tokens.available(), false)
    desk.fails = false
    await pass(2_000)
    tokens.available()
    await pass(100)
    assert.equal(tokens.available(), true)
  })
})
