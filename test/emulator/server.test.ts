import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { asking, readEvents, startClients, textOf } from './client.ts'

const { emulator, developer, vertex } = await startClients()
after(() => emulator.close())

describe('the routes', () => {
  it('answer at both doors', async () => {
    const question = asking('Say hello')
    assert.equal(textOf(await developer.whole('gemini-2.5-flash', question)), 'hello')
    assert.equal(textOf(await vertex.whole('gemini-2.5-flash', question)), 'hello')
  })

  it('answer at Vertex AI without a project, given a key', async () => {
    const path = '/v1/publishers/google/models/gemini-3.8-flash:generateContent'
    const response = await fetch(emulator.url + path, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'key' },
      body: JSON.stringify(asking('Say hello')),
    })
    assert.equal(response.status, 200)
  })

  it('have nothing anywhere else', async () => {
    const response = await fetch(`${emulator.url}/v2/models/gemini-2.5-flash:generateContent`)
    assert.equal(response.status, 404)
    assert.match(response.headers.get('content-type') ?? '', /^text\/html/)
    await response.text()
  })

  it('list the models by their full names', async () => {
    const headers = { 'x-goog-api-key': 'key' }
    const response = await fetch(`${emulator.url}/v1beta/models?pageSize=1000`, { headers })
    const { models }: { models: { name: string; thinking?: boolean }[] } = JSON.parse(
      await response.text(),
    )
    const names = models.map(({ name }) => name)
    assert.ok(names.includes('models/gemini-3.8-flash'))
    assert.ok(names.includes('models/gemini-3-pro-preview'))
    assert.ok(!names.includes('models/gemini-3-pro'))
    assert.equal(models.find(({ name }) => name === 'models/gemini-2.0-flash')?.thinking, undefined)
  })

  it('describe one model, or say that there is none', async () => {
    const headers = { 'x-goog-api-key': 'key' }
    const known = await fetch(`${emulator.url}/v1beta/models/gemini-2.5-pro`, { headers })
    assert.equal(JSON.parse(await known.text()).name, 'models/gemini-2.5-pro')
    const unknown = await fetch(`${emulator.url}/v1beta/models/gemini-1.0`, { headers })
    assert.equal(unknown.status, 404)
    assert.match(await unknown.text(), /Model is not found: models\/gemini-1.0 for api version/)
  })
})

describe('credentials', () => {
  const method = 'gemini-2.5-flash:generateContent'

  it('are missed in the words of each backend', async () => {
    const nobody = await developer.post(method, asking('Hi'), {})
    assert.equal(nobody.status, 403)
    assert.match(nobody.text, /Method doesn't allow unregistered callers/)
    const stranger = await vertex.post(method, asking('Hi'), {})
    assert.equal(stranger.status, 401)
    assert.match(stranger.text, /missing required authentication credential/)
  })

  it('that are invalid make a bad argument, not a missing identity', async () => {
    const { status, text } = await developer.post(method, asking('Hi'), {
      'x-goog-api-key': 'invalid',
    })
    assert.equal(status, 400)
    const { error } = JSON.parse(text)
    assert.equal(error.message, 'API key not valid. Please pass a valid API key.')
    assert.equal(error.details[0].reason, 'API_KEY_INVALID')
  })

  it('that expired are refused with 401', async () => {
    const { status, text } = await vertex.post(method, asking('Hi'), {
      authorization: 'Bearer expired',
    })
    assert.equal(status, 401)
    assert.equal(JSON.parse(text).error.status, 'UNAUTHENTICATED')
  })
})

describe('the framing', () => {
  it('of alt=sse is data lines that end in CRLF CRLF', async () => {
    const reply = await developer.post(
      'gemini-2.5-flash:streamGenerateContent?alt=sse',
      asking('Why?'),
    )
    assert.equal(reply.type, 'text/event-stream')
    assert.ok(readEvents<unknown>(reply.text).length > 1)
    assert.ok(!reply.text.includes('[DONE]'))
  })

  it('of $alt=sse is the same', async () => {
    const reply = await developer.post(
      'gemini-2.5-flash:streamGenerateContent?$alt=sse',
      asking('Hi'),
    )
    assert.equal(reply.type, 'text/event-stream')
    assert.ok(readEvents(reply.text).length > 0)
  })

  it('without alt=sse is one array, and so is its refusal', async () => {
    const method = 'gemini-2.5-flash:streamGenerateContent'
    const reply = await developer.post(method, asking('Why is the sky blue?'))
    assert.match(reply.type, /^application\/json/)
    assert.ok(JSON.parse(reply.text).length > 1)
    // Every object ends its line: some cut the array there.
    assert.match(reply.text, /^\[\{\n(.|\n)*?\n\}\n,\r\n\{\n(.|[\r\n])*\n\}\n\]\n$/)
    const refused = await developer.post(method, {})
    assert.equal(refused.status, 400)
    assert.equal(JSON.parse(refused.text)[0].error.code, 400)
  })

  it('of a refused SSE call is plain indented JSON under the name of an event stream', async () => {
    const reply = await developer.post('gemini-9:streamGenerateContent?alt=sse', asking('Hi'))
    assert.equal(reply.status, 404)
    assert.equal(reply.type, 'text/event-stream')
    assert.ok(reply.text.startsWith('{\n  "error": {\n    "code": 404,'))
  })

  it('keeps letters of more than one byte', async () => {
    const events = await developer.streamed('gemini-2.5-flash', asking('Say "Grüße 你好 👋🏽 ok"'))
    assert.equal(textOf(...events), 'Grüße 你好 👋🏽 ok')
  })
})

describe('refusals before the contract', () => {
  it('name an unknown model in the words of each backend', async () => {
    const here = await developer.refusal('gemini-9-flash', asking('Hi'))
    assert.match(here.message, /^models\/gemini-9-flash is not found for API version v1beta,/)
    const there = await vertex.refusal('gemini-9-flash', asking('Hi'))
    assert.match(
      there.message,
      /^Publisher Model `projects\/p\/locations\/global\/publishers\/google\/models\/gemini-9-flash` was not found/,
    )
    assert.equal(there.status, 'NOT_FOUND')
  })

  it('come for JSON that is none', async () => {
    const { status, text } = await developer.post(
      'gemini-2.5-flash:generateContent',
      '{"contents": [',
    )
    assert.equal(status, 400)
    assert.match(JSON.parse(text).error.message, /^Invalid JSON payload received. Unexpected end/)
  })
})

describe('the tier', () => {
  it('is told in a header by the Developer API', async () => {
    const body = asking('Hi', { serviceTier: 'flex' })
    const { headers } = await developer.post('gemini-3.8-flash:generateContent', body)
    assert.equal(headers.get('x-gemini-service-tier'), 'flex')
  })

  it('is told in the usage by Vertex AI', async () => {
    const { text } = await vertex.post('gemini-3.8-flash:generateContent', asking('Hi'), {
      authorization: 'Bearer token',
      'x-vertex-ai-llm-shared-request-type': 'priority',
    })
    assert.equal(JSON.parse(text).usageMetadata.trafficType, 'ON_DEMAND_PRIORITY')
  })
})
