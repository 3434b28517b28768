import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import OpenAI, { APIError } from 'openai'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { startByHand } from '../../src/emulator/by-hand.ts'
import { createLog } from '../../src/log.ts'
import { startHttpPeer } from '../support/http-peer.ts'

// As Cloud Run hands it on where IAM has looked at it.
const idToken = 'eyJcanary.eyJpdentity.SIGNATURE_REMOVED_BY_GOOGLE'
const ours = 'sk-canary-of-ours'

const google = await startByHand()
google.answer((asked) => asked.usual())
const endpoint = await startHttpPeer()
const completion = { id: 'x', object: 'chat.completion', created: 1, model: 'own', choices: [] }
endpoint.answer((asked) => asked.json(200, completion))
const lines: string[] = []
const log = createLog('trace', { write: (line) => void lines.push(line) })
const upstream = {
  GEMINI_API_KEY: 'the-operators-key',
  GOOGLE_GEMINI_BASE_URL: google.url,
  POLLUX_ENDPOINTS: JSON.stringify({ own: { url: `${endpoint.url}/v1` } }),
}
const ports = { PORT: '0', HOST: '127.0.0.1', K_SERVICE: 'pollux', LOG_LEVEL: 'trace' }
const [keys, open] = await Promise.all(
  [{ POLLUX_AUTH: 'keys', POLLUX_API_KEYS: ours }, { POLLUX_AUTH: 'none' }].map((auth) =>
    startApp(readConfig({ ...upstream, ...ports, POLLUX_RETRIES: '0', ...auth }), log),
  ),
)
assert.ok(keys && open)
after(async () => {
  await Promise.all([keys, open].map((gateway) => gateway.close()))
  await Promise.all([google.close(), endpoint.close()])
})

/** What one of OpenAI's SDKs gets, whatever is in front. */
async function ask(
  { url }: { url: string },
  apiKey: string,
  defaultHeaders: Record<string, string> = {},
  model = 'gemini-2.5-flash',
): Promise<string> {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey, defaultHeaders, maxRetries: 0 })
  const asked = client.chat.completions.create({
    model,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  return asked.then(
    () => 'answered',
    (error: unknown) => (error instanceof APIError ? String(error.status) : String(error)),
  )
}

describe('behind IAM', () => {
  it('our key is found beside an ID token of Cloud Run’s own header', async () => {
    const beside = { 'X-Serverless-Authorization': `Bearer ${idToken}` }
    assert.equal(await ask(keys, ours, beside), 'answered')
    assert.equal(await ask(keys, 'sk-another', beside), '401')
  })

  for (const header of ['x-api-key', 'api-key', 'x-goog-api-key']) {
    it(`our key is found in ${header} where Authorization holds the ID token`, async () => {
      assert.equal(await ask(keys, idToken, { [header]: ours }), 'answered')
      assert.equal(await ask(keys, idToken, { [header]: 'sk-another' }), '401')
    })
  }

  it('an ID token is no key of ours, wherever it stands', async () => {
    assert.equal(await ask(keys, idToken), '401')
    const everywhere = { 'x-api-key': idToken, 'X-Serverless-Authorization': `Bearer ${ours}` }
    assert.equal(await ask(keys, idToken, everywhere), '401')
  })

  it('an ID token alone is enough where IAM alone decides', async () => {
    assert.equal(await ask(open, idToken), 'answered')
  })

  it('neither goes on, to Google or to an endpoint, or into the log', async () => {
    const both = { 'X-Serverless-Authorization': `Bearer ${idToken}`, 'x-api-key': ours }
    for (const gateway of [keys, open]) {
      for (const model of ['gemini-2.5-flash', 'own', 'no-such-model']) {
        await ask(gateway, idToken, both, model)
      }
    }
    const heads = [...google.requests, ...endpoint.requests].map(({ headers }) => headers)
    assert.ok(google.requests.length >= 2)
    assert.equal(endpoint.requests.length, 2)
    for (const headers of heads) {
      assert.doesNotMatch(JSON.stringify(headers), /canary|SIGNATURE|serverless/i)
    }
    assert.ok(lines.length > 0)
    assert.doesNotMatch(lines.join(''), /canary|SIGNATURE/)
  })
})
