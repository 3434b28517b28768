import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { checkRequest, readRequest } from '../../src/emulator/contract.ts'
import { modelNamed } from '../../src/emulator/models.ts'
import { recordings } from './shared.ts'

// Where the emulator is stricter than Google was on the day: a field the published contract does
// not have.
const stricter = ['Unknown name "file_data" at']

describe('the contract', () => {
  it('takes the requests Google took', { skip: !existsSync(recordings) }, () => {
    const refused = taken().flatMap(({ file, model: id, api, body }) => {
      const model = modelNamed(id)
      const backend = api === 'vertex' ? 'vertex' : 'gemini-api'
      if (!model) return []
      try {
        checkRequest({ request: readRequest(body, backend), backend, model })
        return []
      } catch (error) {
        return [`${file}: ${String(error)}`]
      }
    })
    const unexpected = refused.filter((line) => !stricter.some((known) => line.includes(known)))
    assert.deepEqual(unexpected, [])
    assert.ok(refused.length < 10, `${refused.length} refused`)
  })
})

function taken(): { file: string; model: string; api: string; body: unknown }[] {
  return globSync(`${recordings}/*/*/*.json`).flatMap((file) => {
    const { op, request, response, model, api } = JSON.parse(readFileSync(file, 'utf8'))
    const generates = op === 'generateContent' || op === 'streamGenerateContent'
    return generates && request?.body && response.status === 200
      ? [{ file, model, api, body: request.body }]
      : []
  })
}
