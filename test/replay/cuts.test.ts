import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { asyncProperty, integer, assert as law, uniqueArray } from 'fast-check'
import { startGateway } from '../support/gateway.ts'
import type { Gateway } from '../support/gateway.ts'
import { examples } from '../support/laws.ts'
import { bytesOf, startReplay } from '../support/replay-upstream.ts'
import type { Cutting, Replay } from '../support/replay-upstream.ts'
import { withShared } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'
import { ask } from './client.ts'
import { dataOf, responsesOf } from './oracle.ts'
import { requestFor } from './requests.ts'
import { samples } from './samples.ts'

const framings: Record<string, (data: string) => string> = {
  'LF, no space': (data) => `data:${data}\n\n`,
  'CR LF': (data) => `data: ${data}\r\n\r\n`,
  CR: (data) => `data: ${data}\r\r`,
  'comments and other fields': (data) => `: waiting\n\nid: 1\nevent: message\ndata: ${data}\n\n`,
}

describe(
  'a stream that the network cuts',
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

    async function chunks(recording: Recording, cutting: Cutting): Promise<string[]> {
      replay.play(recording, cutting)
      const wish = { thoughts: 'beside', stream: true, includeUsage: true } as const
      const body = requestFor(recording, responsesOf(recording.response), wish)
      const { events, status, complaints } = await ask(gateway.url, body)
      assert.equal(status, 200)
      assert.deepEqual(complaints, [])
      // The clock may tick between two runs, and ids that Gemini does not give are made anew.
      return events.map((event) =>
        event
          .replace(/"created":\d+/, '"created":0')
          .replaceAll(/"(call_|chatcmpl-)[\w-]+"/g, '"$1"'),
      )
    }

    for (const { what, recording } of samples()) {
      it(`says the same wherever it is cut: ${what}`, async () => {
        const whole = await chunks(recording, 'whole')
        const { length } = bytesOf(recording.response)
        const cuts = uniqueArray(integer({ min: 1, max: length - 1 }), { maxLength: 40 })
        await law(
          asyncProperty(cuts, async (at) => {
            assert.deepEqual(await chunks(recording, { at }), whole)
          }),
          // Each run is a request: shrinking could take minutes, and the cuts are few anyway.
          { ...examples(8), endOnFailure: true },
        )
      })
    }

    it('says the same when every byte comes alone', async () => {
      const shortest = samples()
        .map(({ recording }) => recording)
        .reduce((a, b) => (a.response.sse.length <= b.response.sse.length ? a : b))
      assert.deepEqual(await chunks(shortest, { size: 1 }), await chunks(shortest, 'whole'))
    })

    for (const [name, framed] of Object.entries(framings)) {
      it(`says the same however its events are framed: ${name}`, async () => {
        for (const { recording } of samples()) {
          const { response } = recording
          const sse = dataOf(response.sse).map(framed).join('')
          const reframed = { ...recording, response: { ...response, sse } }
          const whole = await chunks(recording, 'whole')
          assert.deepEqual(await chunks(reframed, { size: 7 }), whole)
        }
      })
    }
  }),
)
