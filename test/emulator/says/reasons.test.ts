import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { blockReasons, endings } from '../../../src/emulator/says/reasons.ts'
import { asking, callsOf, finishOf, startClients, textOf } from '../client.ts'
import { contractNames, readContract } from '../shared.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

const model = 'gemini-2.5-flash'
const clients = { 'gemini-api': developer, vertex }

describe('an answer ends on demand', () => {
  for (const backend of ['gemini-api', 'vertex'] as const) {
    it(`for every reason ${backend} has`, async () => {
      for (const reason of Object.keys(endings).filter((one) =>
        isIn(one, backend, 'finishReason'),
      )) {
        const body = asking(`[[finish:${reason}]] Why is the sky blue?`)
        assert.equal(finishOf(await clients[backend].whole(model, body)), reason)
        assert.equal(finishOf(...(await clients[backend].streamed(model, body))), reason)
      }
    })

    it(`or never begins, for every reason ${backend} has`, async () => {
      for (const reason of Object.keys(blockReasons).filter((one) =>
        isIn(one, backend, 'blockReason'),
      )) {
        const body = asking(`[[block:${reason}]] Hi`)
        const { promptFeedback, candidates } = await clients[backend].whole(model, body)
        assert.deepEqual([promptFeedback?.blockReason, candidates], [reason, undefined])
      }
    })
  }

  it('knows every reason of the contracts', () => {
    for (const backend of ['gemini-api', 'vertex'] as const) {
      const finish = reasonsOf(backend, 'finishReason') ?? []
      assert.deepEqual(
        finish.filter((reason) => !(reason in endings)),
        [],
      )
      const block = reasonsOf(backend, 'blockReason') ?? []
      assert.deepEqual(
        block.filter((reason) => !(reason in blockReasons) && !reason.endsWith('UNSPECIFIED')),
        [],
      )
    }
  })

  it('looks like it', async () => {
    const recited = await developer.streamed(
      model,
      asking('[[finish:RECITATION]] Why is the sky blue?'),
    )
    assert.ok(recited.at(-1)?.candidates?.[0]?.citationMetadata?.citationSources)
    assert.ok(textOf(...recited).length > 0)
    const stray = await vertex.whole(model, asking('[[finish:UNEXPECTED_TOOL_CALL]] Hi'))
    assert.equal(callsOf(stray)[0]?.[0], 'undeclared_function')
    const { text } = await developer.post(
      `${model}:generateContent`,
      asking('[[finish:SOMETHING_NEW]] Why?'),
    )
    assert.equal(JSON.parse(text).candidates[0].finishReason, 'SOMETHING_NEW')
  })
})

type Backend = keyof typeof clients

function isIn(reason: string, backend: Backend, field: string): boolean {
  return reasonsOf(backend, field)?.includes(reason) ?? true
}

function reasonsOf(backend: Backend, field: string): string[] | undefined {
  const contract = readContract(`${contractNames[backend]}.GenerateContentResponse`)
  const found = new RegExp(`"${field}":\\{[^{}]*?"enum":\\[([^\\]]*)\\]`).exec(
    JSON.stringify(contract ?? {}),
  )
  return found ? JSON.parse(`[${found[1]}]`) : undefined
}
