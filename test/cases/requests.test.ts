import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import { toGemini } from '../../src/translate/chat/request.ts'
import type { Translation } from '../../src/translate/chat/request.ts'
import type { Provider } from '../../src/translate/gemini.ts'
import { googleRequest } from '../support/openai-contract.ts'
import { isRecord, withShared } from '../support/shared.ts'

/** What a client says and what Gemini must hear; or what the client is told instead. */
interface Case {
  to: { provider: Provider; model: string }
  /** Signatures that the gateway kept, by call id. */
  remembered?: Record<string, string>
  request?: object
  /** Several ways to say the same. */
  requests?: object[]
  /** The expected request, as far as its keys go; `…word…` stands for any text with the word in it. */
  gemini?: Record<string, unknown>
  /** Paths that the request must not have. */
  absent?: string[]
  headers?: Record<string, string>
  repaired?: string[]
  ignored?: string[]
  error?: { status: number; param?: string; says?: string }
}

const folder = join(import.meta.dirname, 'requests')
const cases = readdirSync(folder).map((file) => {
  const shown: Case = JSON.parse(readFileSync(join(folder, file), 'utf8'))
  return { sentence: file.replace(/\.json$/, '').replaceAll('-', ' '), shown }
})

describe('a request', () => {
  for (const { sentence, shown } of cases) {
    it(sentence, () => {
      for (const request of requestsOf(shown)) {
        if (shown.error === undefined) checkTranslation(shown, request)
        else checkRefusal(shown, request)
      }
    })
  }
})

describe(
  'a request passes the contract of its backend where',
  withShared(() => {
    for (const { sentence, shown } of cases.filter((one) => one.shown.error === undefined)) {
      it(sentence, () => {
        const contract = googleRequest[shown.to.provider === 'vertex' ? 'vertex' : 'gemini-api']
        for (const request of requestsOf(shown)) {
          assert.deepEqual(contract(onTheWire(translate(shown, request))), [])
        }
      })
    }
  }),
)

function requestsOf({ to, request = {}, requests = [request] }: Case): object[] {
  const messages = [{ role: 'user', content: 'Hi' }]
  return requests.map((one) => ({ model: to.model, messages, ...one }))
}

function translate({ to, remembered = {} }: Case, request: object): Translation {
  return toGemini(request, {
    ...to,
    thoughts: 'reasoning_content',
    remembered: new Map(Object.entries(remembered)),
  })
}

function onTheWire({ request }: Translation): Record<string, unknown> {
  return JSON.parse(JSON.stringify(request))
}

function checkTranslation(shown: Case, request: object): void {
  const translation = translate(shown, request)
  const sent = onTheWire(translation)
  for (const [key, expected] of Object.entries(shown.gemini ?? {})) {
    assert.deepEqual(
      sent[key],
      filledIn(expected, sent[key]),
      `${key} of ${JSON.stringify(request)}`,
    )
  }
  for (const path of shown.absent ?? []) {
    assert.equal(at(sent, path), undefined, `${path} is there`)
  }
  const { headers, repairs, ignored } = translation
  if (shown.headers) assert.deepEqual(headers, shown.headers)
  if (shown.repaired) assert.deepEqual(repairs.toSorted(), shown.repaired.toSorted())
  if (shown.ignored) assert.deepEqual(ignored.toSorted(), shown.ignored.toSorted())
}

function checkRefusal(shown: Case, request: object): void {
  const { status, param, says = '' } = shown.error ?? {}
  assert.throws(
    () => translate(shown, request),
    (error) => {
      if (!(error instanceof ApiError)) throw error
      assert.equal(error.status, status)
      assert.equal(error.type, 'invalid_request_error')
      if (param !== undefined) assert.equal(error.param, param)
      assert.ok(error.message.includes(says), `"${error.message}" does not say "${says}"`)
      return true
    },
    `nothing is refused in ${JSON.stringify(request)}`,
  )
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inner, key) => (isRecord(inner) ? inner[key] : undefined), value)
}

/** The expected value, with each `…word…` replaced by what is there, if that has the word in it. */
function filledIn(expected: unknown, actual: unknown): unknown {
  if (typeof expected === 'string') {
    const word = /^…(.+)…$/s.exec(expected)?.[1]
    return word !== undefined && typeof actual === 'string' && actual.includes(word)
      ? actual
      : expected
  }
  if (Array.isArray(expected)) {
    return expected.map((item, n) => filledIn(item, Array.isArray(actual) ? actual[n] : undefined))
  }
  if (!isRecord(expected)) return expected
  return Object.fromEntries(
    Object.entries(expected).map(([key, value]) => [
      key,
      filledIn(value, isRecord(actual) ? actual[key] : undefined),
    ]),
  )
}
