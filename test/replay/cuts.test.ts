import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assert as law, asyncProperty, integer, uniqueArray } from 'fast-check'
import { startGateway } from '../support/gateway.ts'
import { bytesOf, startReplay } from '../support/replay-upstream.ts'
import type { Cutting, Replay } from '../support/replay-upstream.ts'
import { readRecording, recordedGemini, unlessShared } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'
import { ask } from './client.ts'
import { responsesOf } from './oracle.ts'
import { requestFor } from './requests.ts'

describe('a stream that the network cuts', { skip: unlessShared }, () => {
  let replay: Replay
  let gateway: Awaited<ReturnType<typeof startGateway>>

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

  for (const [what, recording] of samples()) {
    it(`says the same wherever it is cut: ${what}`, async () => {
      const whole = await chunks(recording, 'whole')
      const { length } = bytesOf(recording.response)
      const cuts = uniqueArray(integer({ min: 1, max: length - 1 }), { maxLength: 40 })
      await law(
        asyncProperty(cuts, async (at) => {
          assert.deepEqual(await chunks(recording, { at }), whole)
        }),
        // Each run is a request: shrinking could take minutes, and the cuts are few anyway.
        { numRuns: 25, endOnFailure: true },
      )
    })
  }

  it('says the same when every byte comes alone', async () => {
    const shortest = samples()
      .map(([, recording]) => recording)
      .reduce((a, b) => (sizeOf(a) <= sizeOf(b) ? a : b))
    assert.deepEqual(await chunks(shortest, { size: 1 }), await chunks(shortest, 'whole'))
  })
})

/** The shortest recorded stream of each sort that a careless reader breaks. */
function samples(): [string, Recording][] {
  const streams = recordedGemini()
    .filter(({ op, status }) => op === 'streamGenerateContent' && status === 200)
    .filter(({ kind }) => /^(text|thinking|function-calls)-stream$/.test(kind))
    .map(({ path, kind }) => ({ kind, recording: readRecording(path) }))
    .filter(({ recording }) => sizeOf(recording) > 0)
    .toSorted((a, b) => sizeOf(a.recording) - sizeOf(b.recording))
  const sorts: [string, (stream: (typeof streams)[number]) => boolean][] = [
    ['a call', ({ kind }) => kind === 'function-calls-stream'],
    ['arguments in pieces', ({ recording }) => /"partialArgs"/.test(recording.response.sse ?? '')],
    ['thoughts', ({ recording }) => /"thought": ?true/.test(recording.response.sse ?? '')],
    // oxlint-disable-next-line no-control-regex -- beyond ASCII is the point
    ['letters beyond ASCII', ({ recording }) => /[^\x00-\x7f]/.test(recording.response.sse ?? '')],
    ['text', ({ kind }) => kind === 'text-stream'],
  ]
  return sorts.flatMap(([what, fits]) => {
    const found = streams.find(fits)
    return found ? [[what, found.recording] as [string, Recording]] : []
  })
}

function sizeOf({ response }: Recording): number {
  return response.sse?.length ?? 0
}
