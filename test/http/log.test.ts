import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { googleError, said } from '../support/gemini.ts'
import { isRecord } from '../support/shared.ts'

const lines: string[] = []
const log = createLog('trace', { write: (line) => void lines.push(line) })
const google = await startEmulator()
const env = {
  GEMINI_API_KEY: 'canary-own-key',
  GOOGLE_GEMINI_BASE_URL: google.url,
  POLLUX_RETRIES: '0',
}
const gateway = await startApp(readConfig({ PORT: '0', LOG_LEVEL: 'trace', ...env }), log)
after(async () => {
  await gateway.close()
  await google.close()
})

const model = 'gemini-2.5-flash'
const messages = [{ role: 'user', content: 'canary-prompt' }]
const tools = [{ type: 'function', function: { name: 'canary-tool', parameters: {} } }]

async function post(body: object, path = '/v1/chat/completions', method = 'POST'): Promise<number> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      authorization: 'Bearer canary-key',
      'user-agent': 'canary-agent',
    },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(5_000),
  })
  await response.text()
  return response.status
}

/** The log of what happens, once its last line is there. */
async function loggedBy(scene: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  lines.length = 0
  await scene()
  await sleep(30)
  assert.notEqual(lines.length, 0)
  return lines.map((line) => {
    const entry: unknown = JSON.parse(line)
    assert.ok(isRecord(entry))
    return entry
  })
}

describe('the log, at its most talkative', () => {
  const refused: [what: string, body: object][] = [
    ['role', { messages: [{ role: 'canary-role', content: 'x' }] }],
    ['part type', { messages: [{ role: 'user', content: [{ type: 'canary-part' }] }] }],
    ['tool name', { messages, tools: [...tools, ...tools] }],
    ['tool choice', { messages, tools, tool_choice: { function: { name: 'canary-choice' } } }],
    ['tool type', { messages, tools: [{ type: 'canary-type' }] }],
    ['model', { model: 'canary-model', messages }],
    ['resource', { model: 'projects/canary/locations/us/publishers/google/models/x', messages }],
    ['format', { messages, response_format: { type: 'canary-format' } }],
    ['reference', { messages, response_format: schemaOf({ $ref: 'https://canary.example' }) }],
    ['media', { messages: [{ role: 'user', content: [imageAt('canary://x')] }] }],
  ]
  for (const [what, body] of refused) {
    it(`has nothing of a request that is refused for its ${what}`, async () => {
      google.play([{ answer: { error: { code: 400, message: 'canary' } } }])
      const entries = await loggedBy(() => post({ model, ...body }))
      assert.doesNotMatch(lines.join(''), /canary/i)
      const failed = entries.find(({ message }) => message === 'request failed')
      assert.ok(failed && [400, 404].includes(Number(failed.status)), lines.join(''))
    })
  }

  it('has nothing of paths but their pattern', async () => {
    for (const path of [
      '/v1/models/canary-model',
      '/v1/canary?key=canary',
      '/v1/projects/canary/locations/canary/endpoints/canary/chat/completions',
      '/v1/projects/canary/locations/canary/endpoints/openapi/models',
    ]) {
      const entries = await loggedBy(() => post({}, path, path.includes('chat') ? 'POST' : 'GET'))
      assert.doesNotMatch(lines.join(''), /canary/i)
      assert.equal(entries.at(-1)?.status, 404)
    }
  })

  for (const [status, word] of [
    [400, 'FAILED_PRECONDITION'],
    [403, 'PERMISSION_DENIED'],
    [429, 'RESOURCE_EXHAUSTED'],
    [500, 'INTERNAL'],
    [503, 'UNAVAILABLE'],
  ] as const) {
    it(`has of Google’s ${status} the status word, and not the sentence`, async () => {
      const error = { code: status, status: word, message: 'Invalid value, "canary-prompt"' }
      const details = [{ '@type': 'x', fieldViolations: [{ description: 'canary-prompt' }] }]
      google.play([{ answer: { error: { ...error, details } } }])
      const entries = await loggedBy(() => post({ model, messages }))
      assert.doesNotMatch(lines.join(''), /canary/i)
      const failed = entries.find(({ message }) => message === 'request failed')
      assert.equal(failed?.googleStatus, word)
      assert.equal(typeof failed.code, 'string')
    })
  }

  it('has nothing of a stream that fails, but its code', async () => {
    const overloaded = googleError(503, 'UNAVAILABLE', 'Over: canary-prompt')
    google.play([{ answer: { events: [said('canary-answer'), overloaded] } }])
    const entries = await loggedBy(() => post({ model, messages, stream: true }))
    assert.doesNotMatch(lines.join(''), /canary/i)
    const failed = entries.find(({ message }) => message === 'stream failed')
    assert.equal(failed?.code, 'server_is_overloaded')
  })

  it('has the network’s error with its stack where Google is out of reach', async () => {
    google.play([{ answer: { fault: 'reset-before-headers' } }])
    const entries = await loggedBy(() => post({ model, messages }))
    assert.doesNotMatch(lines.join(''), /canary/i)
    const failed = entries.find(({ severity }) => severity === 'ERROR')
    assert.equal(failed?.status, 502)
    const { error } = failed
    assert.ok(isRecord(error) && Array.isArray(error.stack) && error.stack.length > 0)
    assert.equal(typeof error.type, 'string')
  })
})

function schemaOf(schema: object): object {
  return { type: 'json_schema', json_schema: { name: 'x', schema } }
}

function imageAt(url: string): object {
  return { type: 'image_url', image_url: { url } }
}
