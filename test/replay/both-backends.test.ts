import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Gateway } from '../support/gateway.ts'
import { startGateway } from '../support/gateway.ts'
import { googleRequest } from '../support/openai-contract.ts'
import type { Replay } from '../support/replay-upstream.ts'
import { startReplay } from '../support/replay-upstream.ts'
import type { Entry, Recording } from '../support/shared.ts'
import { readRecording, recordedGemini, someOfEach, withShared } from '../support/shared.ts'
import { ask } from './client.ts'
import type { Reply } from './client.ts'
import { differences, errorDifferences } from './differences.ts'
import type { Form } from './differences.ts'
import { expectError } from './error-oracle.ts'
import { mend } from './exceptions.ts'
import { expectAnswer, responsesOf } from './oracle.ts'
import type { Expected, Native } from './oracle.ts'
import { expectedCall, modelFor, requestFor } from './requests.ts'
import type { Backend } from './requests.ts'

/** One translator, two addresses: what one API said, the other might say tomorrow. */
const others: Record<Backend, Backend> = { 'gemini-api': 'vertex', vertex: 'gemini-api' }

const environments: Record<Backend, (url: string) => Record<string, string>> = {
  'gemini-api': (url) => ({ GEMINI_API_KEY: 'test', GOOGLE_GEMINI_BASE_URL: url }),
  vertex: (url) => ({
    GOOGLE_CLOUD_PROJECT: 'test-project',
    GOOGLE_CLOUD_LOCATION: 'global',
    GOOGLE_VERTEX_BASE_URL: url,
    POLLUX_AUTH: 'passthrough',
  }),
}

type Response = Recording['response']

describe(
  'a recording, replayed at the other API',
  withShared(() => {
    const recorded = someOfEach(recordedGemini(), ({ api, kind }) => `${api} ${kind}`)

    for (const home of ['gemini-api', 'vertex'] as const) {
      const backend = others[home]
      describe(`recorded at ${home}, answered at ${backend}`, { concurrency: 1 }, () => {
        let replay: Replay
        let gateway: Gateway
        const counts: string[] = []
        before(async () => {
          replay = await startReplay()
          gateway = await startGateway(environments[backend](replay.url))
        })
        after(async () => {
          await gateway.close()
          await replay.close()
        })

        async function play(recording: Recording, response: Response, stream: boolean) {
          replay.play({ response })
          const wish = { thoughts: 'beside', stream, includeUsage: true } as const
          const body = requestFor(recording, responsesOf(recording.response), wish)
          const reply = await ask(gateway.url, body, { authorization: 'Bearer ya29.test' })
          const { url, credential } = expectedCall(backend, modelFor(recording), stream)
          const [name, secret] = credential
          const upstream = replay.requests.flatMap((asked) => [
            ...googleRequest[backend](asked.body),
            ...(asked.url === url ? [] : [`asked upstream at ${asked.url}, not ${url}`]),
            ...(asked.headers[name] === secret ? [] : [`asked upstream without ${name}`]),
          ])
          return { ...reply, complaints: [...reply.complaints, ...upstream] }
        }

        async function check(path: string, form: Form): Promise<string[]> {
          const recording = mend(path, readRecording(path))
          const { response } = recording
          const stream = form === 'streamed'
          if (response.status !== 200) {
            const owner = backend === 'vertex' ? 'client' : 'gateway'
            const reply = await play(recording, response, stream)
            return [
              ...reply.complaints,
              ...errorDifferences(expectError(response.body, owner), reply),
            ]
          }
          const asked = stream ? asStream(response) : asWhole(response)
          const reply = await play(recording, asked, stream)
          return compare(expectAnswer(responsesOf(asked), 'beside'), reply, form)
        }

        for (const form of ['whole', 'streamed'] as const) {
          it(`gives the same right answers, ${form}`, async () => {
            const files = recorded.filter(
              ({ api, op }, at, all) =>
                api === home && (form === 'whole' || isStreamed(op) || isEarly(at, all)),
            )
            const right = new Map<string, [right: number, all: number]>()
            const wrong: string[] = []
            for (const { path, kind } of files) {
              const complaints = [...new Set(await check(path, form))]
              const name = kind.replace(/-stream$/, '')
              const [good, all] = right.get(name) ?? [0, 0]
              right.set(name, [good + (complaints.length === 0 ? 1 : 0), all + 1])
              if (complaints.length > 0)
                wrong.push([path, ...complaints.slice(0, 3)].join('\n    '))
            }
            const sum = `${files.length - wrong.length} of ${files.length} right`
            const table = [...right].map(([name, [good, all]]) => `${name} ${good}/${all}`)
            counts.push(`${form.padEnd(9)}${sum}: ${table.join(', ')}`)
            assert.ok(wrong.length === 0, `${sum}\n  ${wrong.slice(0, 6).join('\n  ')}`)
          })
        }

        it('was counted', (t) => t.diagnostic(`${home} at ${backend}\n${counts.join('\n')}`))
      })
    }
  }),
)

function isStreamed(op: string): boolean {
  return op === 'streamGenerateContent'
}

/** A few whole answers of each kind are enough as streams: all of them are, at their own API. */
function isEarly(at: number, all: Entry[]): boolean {
  const { kind, api } = all[at] ?? {}
  return all.slice(0, at).filter((one) => one.kind === kind && one.api === api).length < 12
}

function asStream(response: Response): Response {
  if (response.sse !== undefined) return response
  const { status, headers, body } = response
  const { 'x-gemini-service-tier': tier } = headers
  return {
    status,
    headers: tier === undefined ? {} : { 'x-gemini-service-tier': tier },
    sse: responsesIn(body)
      .map((one) => `data: ${JSON.stringify(one)}\r\n\r\n`)
      .join(''),
  }
}

function responsesIn(body: unknown): unknown[] {
  return Array.isArray(body) ? body : [body]
}

/** The events of a stream in one response, as the other method would have given them. */
function asWhole(response: Response): Response {
  if (response.sse === undefined && !Array.isArray(response.body)) return response
  const events = responsesOf(response)
  const candidates = events.flatMap((event) => event.candidates ?? [])
  const groups = Map.groupBy(candidates, ({ index = 0 }) => index)
  const merged = {
    ...Object.assign({}, ...events),
    ...(candidates.length > 0 && { candidates: [...groups].map(([, group]) => join(group)) }),
    usageMetadata: Object.assign({}, ...events.map(({ usageMetadata }) => usageMetadata)),
  }
  const id = events.find(({ responseId }) => responseId)?.responseId
  const { headers, status } = response
  const { 'x-gemini-service-tier': tier } = headers
  return {
    status,
    headers: tier === undefined ? {} : { 'x-gemini-service-tier': tier },
    body: { ...merged, responseId: id, createTime: events[0]?.createTime },
  }
}

type Candidate = NonNullable<Native['candidates']>[number]

function join(pieces: Candidate[]): Candidate {
  const parts = pieces.flatMap(({ content }) => content?.parts ?? [])
  const tokens = pieces.flatMap(({ logprobsResult }) => logprobsResult ?? [])
  return {
    ...Object.assign({}, ...pieces),
    content: { role: 'model', parts },
    ...(tokens.length > 0 && {
      logprobsResult: {
        chosenCandidates: tokens.flatMap(({ chosenCandidates }) => chosenCandidates ?? []),
        topCandidates: tokens.flatMap(({ topCandidates }) => topCandidates ?? []),
      },
    }),
  }
}

function compare(expected: Expected, reply: Reply, form: Form): string[] {
  const { complaints, answer, error, status } = reply
  if (typeof expected === 'string') {
    const said = status === 502 || (form === 'streamed' && error?.code === 'stream_interrupted')
    // A whole answer came to its end, though its reason was lost.
    const answered =
      form === 'whole' &&
      expected === 'stream interrupted' &&
      answer?.choices.every(({ finishReason }) => finishReason === 'stop') === true
    return said || answered ? complaints : [...complaints, `${expected}: got ${status}`]
  }
  if (error) return [...complaints, `refused: ${status} ${error.code} ${error.message}`]
  return [...complaints, ...(answer ? differences(expected, answer, form) : ['no answer'])]
}
