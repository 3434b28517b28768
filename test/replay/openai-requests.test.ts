import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Gateway } from '../support/gateway.ts'
import { startGateway } from '../support/gateway.ts'
import { googleRequest, openaiError } from '../support/openai-contract.ts'
import type { Replay } from '../support/replay-upstream.ts'
import { startReplay } from '../support/replay-upstream.ts'
import type { Recording } from '../support/shared.ts'
import { isRecord, readRecording, readShared, someOfEach, withShared } from '../support/shared.ts'
import { brokenTurnRules } from '../support/turn-rules.ts'

/** A request that somebody once sent to OpenAI, or to Gemini behind OpenRouter. */
interface Sent {
  path: string
  kind: string
  body: Record<string, unknown>
  /** What came back then. */
  status: number
  /** OpenAI's own word for what was wrong. */
  complaint: string
}

const models = ['gemini-2.5-flash', 'gemini-3-flash-preview']

/**
 * What Gemini cannot do, or no gateway could: by the end of the path, and why. Everything else must
 * be accepted.
 */
const impossible: Record<string, string> = {
  'audio-out/openai-chat-completions-post-a0ea5208.json': 'mp3 would need an encoder (§4.8)',
  'matrix-direct-uploaded-file-document-openai-chat-1.json': 'a file at OpenAI (§3.4)',
  'matrix-tool-return-content-uploaded-file-document-openai-chat-1.json': 'a file at OpenAI (§3.4)',
}

describe(
  'a request that was once sent to OpenAI',
  withShared(() => {
    let replay: Replay
    let gateway: Gateway
    const sent = someOfEach(recordedRequests(), kindOf)
    const table: string[] = []
    before(async () => {
      replay = await startReplay()
      gateway = await startGateway({
        POLLUX_AUTH: 'passthrough',
        GOOGLE_CLOUD_PROJECT: 'p',
        GOOGLE_GEMINI_BASE_URL: replay.url,
        GOOGLE_VERTEX_BASE_URL: replay.url,
      })
    })
    after(async () => {
      await gateway.close()
      await replay.close()
    })

    /** What is wrong with the way this request went; nothing, or its refusal, where that is right. */
    async function complain(one: Sent, provider: 'gemini' | 'vertex', model: string) {
      replay.play({ response: plainAnswer(one.body) })
      const response = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.token' },
        body: JSON.stringify({ ...one.body, model: `${provider}/${model}` }),
      })
      const text = await response.text()
      if (response.status !== 200) {
        const said: unknown = JSON.parse(text)
        const wrong = [...openaiError(said), ...(response.status === 400 ? [] : ['is no 400'])]
        return { wrong, refused: `${response.status} ${text.slice(0, 200)}` }
      }
      const contract = googleRequest[provider === 'vertex' ? 'vertex' : 'gemini-api']
      const rules = { signed: model.startsWith('gemini-3'), prefill: true }
      const wrong = replay.requests.flatMap(({ body }) => [
        ...contract(body),
        ...brokenTurnRules(isRecord(body) ? body.contents : undefined, rules),
      ])
      if (!text.includes('Certainly')) wrong.push(`the answer is ${text.slice(0, 200)}`)
      if (replay.requests.length === 0) wrong.push('nothing went upstream')
      return { wrong, refused: undefined }
    }

    for (const provider of ['gemini', 'vertex'] as const) {
      for (const model of models) {
        it(`is accepted for ${model} at ${provider}, and goes on as Google takes it`, async () => {
          const wrong: string[] = []
          const counts = { accepted: 0, rightlyRefused: 0 }
          for (const one of sent) {
            const found = await complain(one, provider, model)
            const reason = reasonToRefuse(one.path)
            if (found.refused === undefined) {
              counts.accepted += 1
              if (reason !== undefined) found.wrong.push(`was accepted, in spite of: ${reason}`)
            } else if (reason !== undefined || isClientsFault(one)) counts.rightlyRefused += 1
            else found.wrong.push(`was refused: ${found.refused}`)
            if (found.wrong.length > 0) {
              wrong.push(`${one.path}\n    ${[...new Set(found.wrong)].slice(0, 3).join('\n    ')}`)
            }
          }
          table.push(
            `${provider.padEnd(7)} ${model.padEnd(23)} ${counts.accepted} accepted, ${counts.rightlyRefused} rightly refused, ${wrong.length} wrong, of ${sent.length}`,
          )
          assert.ok(
            wrong.length === 0,
            `${wrong.length} wrong\n  ${wrong.slice(0, 8).join('\n  ')}`,
          )
        })
      }
    }

    it('was counted', (t) => {
      const faulty = sent.filter(isClientsFault)
      const lines = faulty.map(({ status, path, complaint }) => `${status} ${path}: ${complaint}`)
      const known = Object.entries(impossible).map(([path, reason]) => `… ${path}: ${reason}`)
      const heads = [
        'OpenAI refused, and the gateway may:',
        'the gateway refuses, and may:',
      ] as const
      t.diagnostic(['', ...table, heads[0], ...lines, heads[1], ...known].join('\n'))
    })
  }),
)

function reasonToRefuse(path: string): string | undefined {
  return Object.entries(impossible).find(([end]) => path.endsWith(end))?.[1]
}

/** What the gateway may refuse is of a kind of its own. */
function kindOf({ path, kind }: Sent): string {
  return reasonToRefuse(path) ?? kind
}

/** Everything with a body, in the order of the index. */
function recordedRequests(): Sent[] {
  return readShared('recordings', 'INDEX.jsonl')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): { path: string; kind: string; group: string; op: string } => JSON.parse(line))
    .filter(
      ({ group, op }) => /^(openai|openrouter-gemini)$/.test(group) && op === 'chat.completions',
    )
    .flatMap(({ path, kind }) => {
      const { request, response } = readRecording(path)
      const body = request?.body
      return isRecord(body)
        ? [{ path, kind, body, status: response.status, complaint: complaintIn(response) }]
        : []
    })
}

function complaintIn({ body }: Recording['response']): string {
  const error = isRecord(body) && isRecord(body.error) ? body.error : {}
  return typeof error.message === 'string' ? error.message.slice(0, 120) : ''
}

/** A bad key, an unknown model and a full house say nothing of the body. */
function isClientsFault({ status }: Sent): boolean {
  return status === 400 || status === 422
}

/** A few words, in the form that was asked for. */
function plainAnswer({ stream }: Record<string, unknown>): Recording['response'] {
  const answer = {
    candidates: [
      {
        content: { role: 'model', parts: [{ text: 'Certainly.' }] },
        finishReason: 'STOP',
        index: 0,
      },
    ],
    usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 },
    responseId: 'answer',
  }
  return stream === true
    ? { status: 200, headers: {}, sse: `data: ${JSON.stringify(answer)}\r\n\r\n` }
    : { status: 200, headers: {}, body: answer }
}
