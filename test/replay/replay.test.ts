import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import OpenAI from 'openai'
import { startGateway } from '../support/gateway.ts'
import { googleRequest } from '../support/openai-contract.ts'
import { startReplay } from '../support/replay-upstream.ts'
import type { Replay } from '../support/replay-upstream.ts'
import { readRecording, recordedGemini, someOfEach, withShared } from '../support/shared.ts'
import type { Entry, Recording } from '../support/shared.ts'
import { ask } from './client.ts'
import type { Reply } from './client.ts'
import { citationDifferences, differences, errorDifferences, unlike } from './differences.ts'
import type { Form } from './differences.ts'
import { expectError } from './error-oracle.ts'
import { mend } from './exceptions.ts'
import { expectAnswer, responsesOf } from './oracle.ts'
import type { Expected, Native, Thoughts } from './oracle.ts'
import { expectedCall, modelFor, requestFor } from './requests.ts'
import type { Backend, Wish } from './requests.ts'

const kinds = [
  'text',
  'thinking',
  'function-calls',
  'structured-output',
  'max-tokens',
  'blocked',
  'tool-results',
  'multi-candidate',
  'odd-finish',
  'edge',
  'code-execution',
  'grounding',
  'url-context',
  'image-out',
  'image-in',
  'document-in',
  'audio-in',
  'video-in',
  'cached-content-use',
  'logprobs',
  'audio-out',
  'errors',
].flatMap((kind) => [kind, `${kind}-stream`])

const environments = {
  'gemini-api': (url: string) => ({ GEMINI_API_KEY: 'test', GOOGLE_GEMINI_BASE_URL: url }),
  vertex: (url: string) => ({
    GOOGLE_CLOUD_PROJECT: 'test-project',
    GOOGLE_CLOUD_LOCATION: 'global',
    GOOGLE_VERTEX_BASE_URL: url,
    POLLUX_AUTH: 'passthrough',
  }),
} satisfies Record<Backend, (url: string) => Record<string, string>>

type Check = (bench: Bench, recording: Recording) => Promise<string[]>

/** A gateway, what stands behind it, and who asks. */
interface Bench {
  backend: Backend
  replay: Replay
  url: string
  headers: Record<string, string>
  sdk: OpenAI
  close: () => Promise<void>
}

describe(
  'a recording, replayed',
  { concurrency: true },
  withShared(() => {
    const recorded = someOfEach(recordedGemini(), ({ api, kind }) => `${api} ${kind}`)

    for (const backend of ['gemini-api', 'vertex'] as const) {
      describe(`behind ${backend}`, { concurrency: 1 }, () => {
        let bench: Bench
        const counts: string[] = []
        before(async () => {
          bench = await open(backend)
        })
        after(() => bench.close())

        /** Checks file after file, so that one run shows all that is wrong. */
        async function every(what: string, files: Entry[], check: Check) {
          const wrong: string[] = []
          for (const { path } of files) {
            const complaints = await check(bench, mend(path, readRecording(path)))
            if (complaints.length > 0) wrong.push(`${path}\n    ${brief(complaints, 4)}`)
          }
          const right = `${files.length - wrong.length} of ${files.length}`
          counts.push(`${what.padEnd(26)} ${right}`)
          assert.ok(wrong.length === 0, `${right} right\n  ${brief(wrong, 5)}`)
        }

        for (const kind of kinds) {
          const files = recorded.filter((entry) => entry.kind === kind && entry.api === backend)
          if (files.length === 0) continue
          it(`gives the client what the specification says: ${kind}`, () =>
            every(kind, files, kind === 'errors' ? checkError : checkAnswer))
        }

        const cited = recorded.filter(
          (entry) =>
            entry.api === backend && cites(responsesOf(readRecording(entry.path).response)),
        )
        it('annotates exactly what Gemini cites', () =>
          every('(annotations)', cited, checkCitations))

        it('was counted', (t) => t.diagnostic(`${backend}\n${counts.join('\n')}`))
      })
    }
  }),
)

async function open(backend: Backend): Promise<Bench> {
  const replay = await startReplay()
  const gateway = await startGateway(environments[backend](replay.url))
  const apiKey = backend === 'vertex' ? 'ya29.test' : 'none'
  return {
    backend,
    replay,
    url: gateway.url,
    headers: { authorization: `Bearer ${apiKey}` },
    sdk: new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0, timeout: 20_000 }),
    close: async () => {
      await gateway.close()
      await replay.close()
    },
  }
}

async function checkAnswer(bench: Bench, recording: Recording): Promise<string[]> {
  const streamed = recording.op === 'streamGenerateContent'
  const responses = responsesOf(recording.response)
  const thinks = responses.some(({ candidates }) =>
    candidates?.some(({ content }) => content?.parts?.some((part) => part.thought)),
  )
  const wanted: Thoughts[] = thinks ? ['beside', 'hidden', { tag: 'think' }] : ['hidden']
  const complaints: string[] = []
  for (const thoughts of wanted) {
    const check = streamed ? checkStreamed : checkWhole
    const found = await check(bench, recording, responses, thoughts)
    complaints.push(...found.map((complaint) => `${nameOf(thoughts)}${complaint}`))
  }
  return complaints
}

async function checkWhole(
  bench: Bench,
  recording: Recording,
  responses: Native[],
  thoughts: Thoughts,
): Promise<string[]> {
  const expected = expectAnswer(responses, thoughts)
  const whole = await request(bench, recording, responses, { thoughts, stream: false })
  const wish = { thoughts, stream: true, includeUsage: true }
  const streamed = await request(bench, asStream(recording), responses, wish)
  const law =
    typeof expected === 'object' && whole.answer && streamed.answer
      ? unlike(whole.answer, streamed.answer)
      : []
  return [
    ...compare(expected, whole, 'whole'),
    ...compare(expected, streamed, 'streamed').map((complaint) => `as a stream: ${complaint}`),
    ...law,
  ]
}

async function checkStreamed(
  bench: Bench,
  recording: Recording,
  responses: Native[],
  thoughts: Thoughts,
): Promise<string[]> {
  const expected = expectAnswer(responses, thoughts)
  const wish = { thoughts, stream: true, includeUsage: true }
  const streamed = await request(bench, recording, responses, wish)
  const thrifty = await request(bench, recording, responses, { ...wish, includeUsage: false })
  const withoutUsage = typeof expected === 'string' ? expected : { ...expected, usage: undefined }
  return [
    ...compare(expected, streamed, 'streamed'),
    ...compare(withoutUsage, thrifty, 'streamed'),
    ...(typeof expected === 'string'
      ? []
      : await checkSdk(bench, recording, responses, wish, streamed)),
  ]
}

/** What OpenAI's own client makes of the stream must be what ours made of it. */
async function checkSdk(
  { sdk, replay }: Bench,
  recording: Recording,
  responses: Native[],
  wish: Wish,
  { answer }: Reply,
): Promise<string[]> {
  replay.play(recording)
  try {
    const final = await sdk.chat.completions
      .stream({ ...requestFor(recording, responses, wish), stream: true })
      .finalChatCompletion()
    assert.deepEqual(
      {
        choices: final.choices.map(({ index, finish_reason, message }) => ({
          index,
          finishReason: finish_reason,
          content: message.content ?? '',
          refusal: message.refusal ?? null,
          calls: (message.tool_calls ?? []).map((call) =>
            'function' in call
              ? { name: call.function.name, arguments: call.function.arguments }
              : call,
          ),
        })),
        tokens: final.usage?.total_tokens,
      },
      {
        choices: answer?.choices.map(({ index, finishReason, content, refusal, calls }) => ({
          index,
          finishReason,
          content: content ?? '',
          refusal,
          calls: calls.map((call) => ({ name: call.name, arguments: call.arguments })),
        })),
        tokens: answer?.usage?.total_tokens,
      },
    )
    return []
  } catch (error) {
    return [
      `openai's client: ${error instanceof Error ? error.message.slice(0, 400) : String(error)}`,
    ]
  }
}

function cites(responses: Native[]): boolean {
  const expected = expectAnswer(responses, 'hidden')
  return (
    typeof expected === 'object' && expected.choices.some(({ citations }) => citations.length > 0)
  )
}

async function checkCitations(bench: Bench, recording: Recording): Promise<string[]> {
  const responses = responsesOf(recording.response)
  const stream = recording.op === 'streamGenerateContent'
  const complaints: string[] = []
  // Tags shift every offset.
  for (const thoughts of ['hidden', { tag: 'think' }] as const) {
    const expected = expectAnswer(responses, thoughts)
    const { answer } = await request(bench, recording, responses, { thoughts, stream })
    if (typeof expected === 'object' && answer)
      complaints.push(...citationDifferences(expected, answer))
  }
  return complaints
}

async function checkError(bench: Bench, recording: Recording): Promise<string[]> {
  const owner = bench.backend === 'vertex' ? 'client' : 'gateway'
  const expected = expectError(recording.response.body, owner)
  const stream = recording.op === 'streamGenerateContent'
  const reply = await request(bench, recording, [], { thoughts: 'hidden', stream })
  return [...reply.complaints, ...errorDifferences(expected, reply)]
}

/** Plays, asks, and looks at both sides of the gateway. */
async function request(
  { replay, url, headers, backend }: Bench,
  recording: Recording,
  responses: Native[],
  wish: Wish,
): Promise<Reply> {
  replay.play(recording)
  const reply = await ask(url, requestFor(recording, responses, wish), headers)
  const { url: path, credential } = expectedCall(backend, modelFor(recording), wish.stream)
  const [name, secret] = credential
  const upstream = replay.requests.flatMap((asked) => [
    ...googleRequest[backend](asked.body).map((complaint) => `sent upstream: ${complaint}`),
    ...(asked.url === path ? [] : [`asked upstream at ${asked.url}, not ${path}`]),
    ...(asked.headers[name] === secret ? [] : [`asked upstream without ${name}: ${secret}`]),
  ])
  const silence = replay.requests.length === 0 ? ['never asked upstream'] : []
  return { ...reply, complaints: [...reply.complaints, ...upstream, ...silence] }
}

function compare(expected: Expected, reply: Reply, form: Form): string[] {
  const { complaints, answer, error, status } = reply
  if (expected === 'bad gateway' || expected === 'stream interrupted') {
    // Nothing was sent yet, so the status can still say it; else the last event must.
    const said = status === 502 || (form === 'streamed' && error?.code === 'stream_interrupted')
    // Only mocks of an SDK lack the reason in a whole answer, and its JSON came to its end.
    const whole = form === 'whole' && expected === 'stream interrupted'
    const answered = whole && answer?.choices.every(({ finishReason }) => finishReason === 'stop')
    return said || answered
      ? complaints
      : [...complaints, `${expected}: got ${status} ${error?.code}`]
  }
  if (error) return [...complaints, `refused: ${status} ${error.code} ${error.message}`]
  return [...complaints, ...(answer ? differences(expected, answer, form) : [])]
}

/** The first few, each once: one fault shows in many places. */
function brief(complaints: string[], few: number): string {
  const all = [...new Set(complaints)]
  const more = all.length > few ? [`… and ${all.length - few} more`] : []
  return [...all.slice(0, few), ...more].join('\n    ')
}

/** A whole answer as a stream of one event. */
function asStream(recording: Recording): Recording {
  const { status, headers, body } = recording.response
  const { 'x-gemini-service-tier': tier } = headers
  return {
    ...recording,
    response: {
      status,
      headers: tier === undefined ? {} : { 'x-gemini-service-tier': tier },
      sse: `data: ${JSON.stringify(body)}\r\n\r\n`,
    },
  }
}

function nameOf(thoughts: Thoughts): string {
  if (typeof thoughts === 'object') return 'tagged thoughts: '
  return thoughts === 'beside' ? 'thoughts beside: ' : ''
}
