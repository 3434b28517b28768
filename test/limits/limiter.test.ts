import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../src/errors.ts'
import {
  type Admission,
  isLimited,
  lazyLimiter,
  type Limited,
  type Limiter,
} from '../../src/limits/limiter.ts'

const unlimited: Limited = {
  name: 'ann',
  requestsPerMinute: undefined,
  tokensPerMinute: undefined,
  parallelRequests: undefined,
}
const log = { info: () => undefined, warn: () => undefined }

const alone = (windowSeconds = 60) => lazyLimiter({ redisUrl: undefined, log, windowSeconds })

/** What a limiter says to a request: an admission, or why not. */
function asked(limiter: Limiter, key: Limited, tokens = 1): Promise<Admission | ApiError> {
  return limiter.admit(key, tokens).catch((error: unknown) => {
    if (error instanceof ApiError) return error
    throw error
  })
}

async function refused(limiter: Limiter, key: Limited, tokens = 1): Promise<ApiError> {
  const answer = await asked(limiter, key, tokens)
  assert.ok(answer instanceof ApiError, 'it was let in')
  return answer
}

/** Which of them are let in, where all ask at the same time. */
async function letIn(limiter: Limiter, key: Limited, tokens: number[]): Promise<number[]> {
  const answers = await Promise.all(tokens.map((one) => asked(limiter, key, one)))
  return tokens.filter((_, at) => !(answers[at] instanceof ApiError))
}

describe('a limit of requests', () => {
  const key = { ...unlimited, requestsPerMinute: 3 }

  it('lets as many in as it says', async () => {
    const limiter = alone()
    assert.equal((await letIn(limiter, key, [1, 1, 1, 1, 1])).length, 3)
    assert.equal((await letIn(limiter, { ...key, name: 'bob' }, [1, 1, 1, 1])).length, 3)
    await limiter.close()
  })

  it('says what is left of it', async () => {
    const limiter = alone()
    const { headers } = await limiter.admit(key, 1)
    assert.deepEqual(headers, {
      'x-ratelimit-limit-requests': '3',
      'x-ratelimit-remaining-requests': '2',
      'x-ratelimit-reset-requests': '1m0s',
    })
    await limiter.close()
  })

  it('refuses in OpenAI’s words, with when to come back', async () => {
    const limiter = alone()
    await letIn(limiter, key, [1, 1, 1])
    const { status, message, headers, ...error } = await refused(limiter, key)
    assert.equal(status, 429)
    assert.deepEqual(
      [error.type, error.code, error.param],
      ['requests', 'rate_limit_exceeded', null],
    )
    const wait =
      /^Rate limit reached for ann on requests per min \(RPM\): Limit 3, Used 3, Requested 1\. Please try again in (.+)\.$/.exec(
        message,
      )?.[1]
    assert.equal(headers['x-ratelimit-reset-requests'], wait)
    assert.equal(headers['x-ratelimit-remaining-requests'], '0')
    const ms = Number(headers['retry-after-ms'])
    assert.ok(ms > 0 && ms <= 60_000, `${ms} ms`)
    assert.equal(headers['retry-after'], String(Math.ceil(ms / 1000)))
    await limiter.close()
  })

  it('is whole again when its minute is over', async () => {
    const limiter = alone(1)
    await letIn(limiter, key, [1, 1, 1])
    const { headers } = await refused(limiter, key)
    await sleep(Number(headers['retry-after-ms']) + 5)
    assert.equal((await letIn(limiter, key, [1, 1, 1, 1])).length, 3)
    await limiter.close()
  })

  it('may change while it is counted', async () => {
    const limiter = alone()
    await letIn(limiter, key, [1, 1, 1])
    assert.equal((await letIn(limiter, { ...key, requestsPerMinute: 5 }, [1, 1, 1])).length, 2)
    await limiter.close()
  })
})

// Two of them wait for the next minute, which is a second.
describe('a limit of tokens', { concurrency: true }, () => {
  const key = { ...unlimited, tokensPerMinute: 1_000 }

  it('lets small requests in where a large one does not fit', async () => {
    const limiter = alone()
    assert.deepEqual(await letIn(limiter, key, [900, 200, 50, 60, 50]), [900, 50, 50])
    const { message } = await refused(limiter, key, 200)
    assert.match(message, /on tokens per min \(TPM\): Limit 1000, Used 1000, Requested 200\. /)
    await limiter.close()
  })

  for (const [what, tokens, left] of [
    ['gives back what was not used', 300, 700],
    ['counts what was used beyond the estimate', 950, 50],
    ['gives all back where no model was asked', 0, 1_000],
    ['keeps the estimate where nobody knows', undefined, 400],
    ['keeps the estimate where the usage is no number', Number.NaN, 400],
  ] as const) {
    it(what, async () => {
      const limiter = alone()
      const admission = await limiter.admit(key, 600)
      admission.settle(tokens)
      admission.settle(0)
      const probe = await limiter.admit(key, 0)
      assert.equal(probe.headers['x-ratelimit-remaining-tokens'], String(left))
      await limiter.close()
    })
  }

  it('gives nothing of a minute that is over to the next', async () => {
    const limiter = alone(1)
    const admission = await limiter.admit(key, 900)
    await sleep(1_050)
    await limiter.admit(key, 600)
    admission.settle(0)
    assert.deepEqual(await letIn(limiter, key, [401, 400]), [400])
    await limiter.close()
  })

  it('counts what an answer used beyond its estimate when it is known', async () => {
    const limiter = alone(1)
    const admission = await limiter.admit(key, 100)
    await sleep(1_050)
    admission.settle(700)
    assert.deepEqual(await letIn(limiter, key, [401, 400]), [400])
    await limiter.close()
  })

  it('says at once that a request is larger than a whole minute', async () => {
    const limiter = alone()
    const { status, type, code, message, headers } = await refused(limiter, key, 1_001)
    assert.deepEqual([status, type, code], [429, 'tokens', 'rate_limit_exceeded'])
    assert.match(
      message,
      /^Request too large for ann on tokens per min \(TPM\): Limit 1000, Requested 1001\. /,
    )
    assert.deepEqual(headers, { 'x-should-retry': 'false' })
    assert.deepEqual(await letIn(limiter, key, [1_000]), [1_000])
    await limiter.close()
  })
})

describe('a limit of parallel requests', () => {
  const key = { ...unlimited, parallelRequests: 2 }

  it('lets the next in when one has ended, however it ended', async () => {
    const limiter = alone()
    const first = await limiter.admit(key, 1)
    await limiter.admit(key, 1)
    const { status, type, message, headers } = await refused(limiter, key)
    assert.deepEqual([status, type, headers['retry-after']], [429, 'requests', '1'])
    assert.equal(
      message,
      'Rate limit reached for ann on parallel requests: Limit 2, Used 2, Requested 1. Please try again in 1s.',
    )
    first.settle(undefined)
    first.settle(undefined)
    assert.equal((await letIn(limiter, key, [1, 1])).length, 1)
    await limiter.close()
  })
})

describe('several limits of a key', () => {
  it('count nothing of a request that one of them refuses', async () => {
    const limiter = alone()
    const key = { ...unlimited, requestsPerMinute: 2, tokensPerMinute: 10, parallelRequests: 2 }
    await limiter.admit(key, 8)
    for (let n = 0; n < 5; n += 1) await refused(limiter, key, 5)
    const { headers } = await limiter.admit(key, 2)
    assert.equal(headers['x-ratelimit-remaining-requests'], '0')
    assert.equal(headers['x-ratelimit-remaining-tokens'], '0')
    await limiter.close()
  })
})

describe('a key without limits', () => {
  it('is nothing to ask a limiter about', () => {
    assert.equal(isLimited(unlimited), false)
    assert.equal(isLimited({ ...unlimited, parallelRequests: 1 }), true)
  })

  it('is let in all the same', async () => {
    const limiter = alone()
    assert.deepEqual((await limiter.admit(unlimited, 1e12)).headers, {})
    await limiter.close()
  })
})
