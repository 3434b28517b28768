import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { asyncProperty, integer, assert as law } from 'fast-check'
import { startGateway } from '../support/gateway.ts'
import type { Gateway } from '../support/gateway.ts'
import { examples } from '../support/laws.ts'
import { startReplay } from '../support/replay-upstream.ts'
import type { Cutting, Replay } from '../support/replay-upstream.ts'
import { withShared } from '../support/shared.ts'
import { ask } from './client.ts'
import { expectAnswer, responsesOf } from './oracle.ts'
import { requestFor } from './requests.ts'
import { samples } from './samples.ts'
import type { Sample } from './samples.ts'

describe(
  'a stream that breaks',
  withShared(() => {
    let replay: Replay
    let gateway: Gateway
    before(async () => {
      replay = await startReplay()
      gateway = await startGateway({ GEMINI_API_KEY: 'test', GOOGLE_GEMINI_BASE_URL: replay.url })
    })
    after(async () => {
      await gateway.close()
      await replay.close()
    })

    /** Plays a broken stream; what the client got before it broke must be true. */
    async function error({ recording }: Sample, sse: string, cutting: Cutting) {
      replay.play({ response: { ...recording.response, sse } }, cutting)
      const responses = responsesOf(recording.response)
      const expected = expectAnswer(responses, 'beside')
      const wish = { thoughts: 'beside', stream: true, includeUsage: true } as const
      const reply = await ask(gateway.url, requestFor(recording, responses, wish))
      assert.ok(typeof expected === 'object')
      assert.ok(reply.error, `no error, but ${reply.status} ${reply.events.at(-1)}`)
      assert.deepEqual(reply.complaints, [])
      const content = reply.answer?.choices[0]?.content ?? ''
      assert.ok(expected.choices[0]?.content.startsWith(content), content)
      const finished = reply.answer?.choices.some(({ finishReason }) => finishReason !== null)
      assert.ok(!finished, 'it finished before it failed')
      return { ...reply.error, status: reply.status }
    }

    const endings = {
      'ends early': (n: number) => ({ endAt: n }),
      'is reset': (n: number) => ({ resetAt: n }),
    }
    for (const [how, ending] of Object.entries(endings)) {
      it(`is not taken for a finished one when it ${how}`, async () => {
        for (const sample of samples()) {
          const { sse } = sample.recording.response
          // Anywhere before the event that brings the finishReason.
          const positions = integer({ min: 0, max: Buffer.byteLength(beforeFinish(sse)) })
          await law(
            asyncProperty(positions, async (position) => {
              const { status, code } = await error(sample, sse, ending(position))
              assert.equal(status === 502 ? 'stream_interrupted' : code, 'stream_interrupted')
            }),
            { ...examples(4), endOnFailure: true },
          )
        }
      })
    }

    const overloaded = {
      error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' },
    }
    const spellings = {
      'an event': `data: ${JSON.stringify(overloaded)}\r\n\r\n`,
      'bare JSON': `${JSON.stringify(overloaded, null, 2)}\n`,
      'a list': `${JSON.stringify([overloaded])}\n`,
      'an event that holds a list': `data: ${JSON.stringify([overloaded])}\r\n\r\n`,
    }
    for (const [how, spelling] of Object.entries(spellings)) {
      it(`hands on the error that Google sends as ${how}`, async () => {
        for (const sample of samples()) {
          const before = beforeFinish(sample.recording.response.sse)
          const { message, code, status } = await error(sample, `${before}${spelling}`, {
            size: 50,
          })
          assert.equal(message, 'The model is overloaded.')
          assert.match(code ?? '', /overloaded/)
          // Where nothing went out before, the status may still say it.
          assert.ok(status === 200 || (status === 503 && before === ''))
        }
      })
    }
  }),
)

function beforeFinish(sse: string): string {
  return sse.split(/data:(?=[^\n]*"finishReason")/)[0] ?? ''
}
