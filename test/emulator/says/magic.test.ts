import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, finishOf, partsOf, readEvents, startClients, textOf } from '../client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const model = 'gemini-2.5-flash'

describe('magic words', () => {
  it('block the prompt: no candidates, a reason, and at Vertex AI a sentence', async () => {
    const here = await developer.whole(model, asking('[[blocked]] Tell me'))
    assert.deepEqual(here.promptFeedback, { blockReason: 'PROHIBITED_CONTENT' })
    assert.equal(here.candidates, undefined)
    assert.equal(here.usageMetadata.candidatesTokenCount, undefined)
    const [event, ...rest] = await vertex.streamed(model, asking('[[blocked]] Tell me'))
    assert.ok(event?.promptFeedback?.blockReasonMessage)
    assert.deepEqual(rest, [])
  })

  it('break off for safety after some text', async () => {
    const events = await developer.streamed(model, asking('[[safety]] Why is the sky blue?'))
    assert.ok(textOf(...events).length > 0)
    const [last] = events.at(-1)?.candidates ?? []
    assert.equal(last?.finishReason, 'SAFETY')
    assert.equal(last?.content, undefined)
    assert.ok(last?.safetyRatings?.some(({ blocked }) => blocked))
  })

  it('answer nothing at all', async () => {
    const response = await vertex.whole('gemini-3.8-flash', asking('[[empty]] Hello'))
    assert.equal(finishOf(response), 'STOP')
    assert.deepEqual(partsOf([response]), [])
  })

  it('botch a call', async () => {
    const [event] = await developer.streamed(model, asking('[[malformed]] Hello'))
    assert.equal(event?.candidates?.[0]?.finishReason, 'MALFORMED_FUNCTION_CALL')
    assert.ok(event?.candidates?.[0]?.finishMessage)
  })

  for (const [code, status] of [
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
    [504, 'DEADLINE_EXCEEDED'],
    [403, 'PERMISSION_DENIED'],
  ] as const) {
    it(`refuse with ${code}`, async () => {
      const error = await developer.refusal(model, asking(`[[error:${code}]] Hello`))
      assert.deepEqual([error.code, error.status], [code, status])
    })
  }

  for (const [word, range] of [
    ['error:200', '400 to 599'],
    ['error:7', '400 to 599'],
    ['error:1000', '400 to 599'],
    ['error:teapot', '400 to 599'],
    ['slow:soon', '0 to 600000'],
    ['slow:9999999999', '0 to 600000'],
  ] as const) {
    it(`say what is wrong with [[${word}]]`, async () => {
      const { code, message } = await developer.refusal(model, asking(`[[${word}]] Hello`))
      assert.equal(code, 400)
      assert.equal(
        message,
        `The emulator cannot read the fault "${word.replace(':', '=')}": it needs a whole number from ${range}.`,
      )
    })
  }

  it('refuse with 429 and say when to come again', async () => {
    const { status, details } = await vertex.refusal(model, asking('[[error:429]] Hello'))
    assert.equal(status, 'RESOURCE_EXHAUSTED')
    assert.equal(details?.[0]?.['retryDelay'], '2s')
  })

  it('fail in the middle of a stream, after two events', async () => {
    const method = `${model}:streamGenerateContent?alt=sse`
    const { status, text } = await developer.post(
      method,
      asking('[[midstream-error]] Why the sky?'),
    )
    assert.equal(status, 200)
    const events = readEvents<{ error?: { code: number } }>(text)
    assert.deepEqual(
      events.map(({ error }) => error?.code),
      [undefined, undefined, 503],
    )
  })

  it('wait between the events', async () => {
    const started = performance.now()
    const events = await developer.streamed(model, asking('[[slow:30]] Say one two'))
    assert.equal(events.length, 2)
    assert.ok(performance.now() - started >= 29)
  })

  it('stop waiting when the client hangs up', async () => {
    const left = new AbortController()
    const url = `${emulator.url}/v1beta/models/${model}:streamGenerateContent?alt=sse`
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(asking('[[slow:60000]] Why is the sky blue?')),
      signal: left.signal,
    })
    const reader = response.body?.getReader()
    await reader?.read()
    const waiting = timers()
    left.abort()
    await assert.rejects(async () => reader?.read())
    assert.ok(await fewerTimersThan(waiting))
    assert.equal(textOf(await developer.whole(model, asking('Say hi'))), 'hi')
  })
})

// Waits for the emulator to drop the timer it was waiting on.
async function fewerTimersThan(before: number): Promise<boolean> {
  for (let turn = 0; turn < 1000; turn++) {
    if (timers() < before) return true
    await new Promise(setImmediate)
  }
  return false
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
}
