import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLog } from '../../src/log.ts'
import { isRecord } from '../support/shared.ts'
import { startVllm } from '../support/vllm.ts'
import { scrape, valueOf } from './scrape.ts'

const folder = mkdtempSync(join(tmpdir(), 'pollux-names-'))
const path = join(folder, 'pollux.yaml')
const vllm = await startVllm()
writeFileSync(
  path,
  `
models:
  mine/*: own
  broken: [lost]
endpoints:
  own: { url: '${vllm.url}/v1', model: gemma-2-9b-it }
  lost: { url: 'http://127.0.0.1:9/v1', model: lost-gemma }
  on-vertex: { endpoint: '123', model: gemma-2-9b-it }
prices:
  gemma-2-9b-it: { input: 10, output: 10 }
  cheap: { input: 0, output: 0 }
`,
)
const lines: Record<string, unknown>[] = []
const log = createLog('info', {
  write(line) {
    const entry: unknown = JSON.parse(line)
    if (isRecord(entry) && entry.path !== undefined) lines.push(entry)
  },
})
const config = await loadConfig({
  PORT: '0',
  POLLUX_AUTH: 'passthrough',
  POLLUX_CONFIG: path,
  POLLUX_METRICS_PORT: '0',
  POLLUX_MAX_LAG_MS: '0',
  POLLUX_RETRIES: '0',
  GOOGLE_CLOUD_PROJECT: 'p',
  GOOGLE_CLOUD_LOCATION: 'us-central1',
  GOOGLE_VERTEX_BASE_URL: vllm.url,
})
const cheap = { input: 0, cachedInput: 0, output: 0 }
const gateway = await startApp(
  {
    ...config,
    models: [...config.models, { name: 'cheap', targets: ['own'], defaults: {}, price: cheap }],
  },
  log,
)
after(async () => {
  await gateway.close()
  await vllm.close()
  rmSync(folder, { recursive: true })
})

const usual = '/v1/chat/completions'
const atEndpoint = '/v1/projects/p/locations/us-central1/endpoints/123/chat/completions'

/** What the client gets for this model, and the line of the log about it. */
async function ask(model: string, at = usual) {
  const response = await fetch(gateway.url + at, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer ya29.client-token' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }] }),
    signal: AbortSignal.timeout(10_000),
  })
  const answer: unknown = await response.json()
  while (lines.length === 0) await sleep(5)
  return { status: response.status, answer, line: lines.splice(0).at(-1) ?? {} }
}

const count = 'gen_ai_server_request_duration_seconds_count'

describe('a name that a client chose', () => {
  it('is counted under the pattern that it matched', async () => {
    for (const name of ['mine/canary-a', 'mine/canary-b', `mine/${'x'.repeat(200)}`]) {
      const { status, line } = await ask(name)
      assert.deepEqual([status, line.model], [200, name])
    }
    const families = await scrape(gateway.metricsUrl)
    assert.equal(valueOf(families, count, { gen_ai_original_model: 'mine/*' }), 3)
    assert.doesNotMatch(JSON.stringify([...families]), /canary|xxx/)
  })

  it('is counted, logged and paid for as the operator’s at the path of an endpoint', async () => {
    const { answer, line } = await ask('cheap', atEndpoint)
    assert.ok(isRecord(answer))
    assert.equal(answer.model, 'cheap')
    assert.equal(line.model, 'on-vertex')
    assert.ok(Number(line.costUsd) > 0)
    const families = await scrape(gateway.metricsUrl)
    assert.equal(valueOf(families, count, { gen_ai_original_model: 'on-vertex' }), 1)
    assert.equal(valueOf(families, count, { gen_ai_original_model: 'cheap' }), 0)
  })

  for (const [where, at] of [
    ['anywhere', usual],
    ['at the path of an endpoint', atEndpoint],
  ] as const) {
    it(`is refused where it is long, ${where}`, async () => {
      const long = await ask(`mine/${'x'.repeat(252)}`, at)
      assert.equal(long.status, 400)
      assert.ok(isRecord(long.answer) && isRecord(long.answer.error))
      assert.equal(long.answer.error.param, 'model')
      assert.ok(JSON.stringify(long.line).length < 1_000)
      assert.equal((await ask(`mine/${'x'.repeat(251)}`, at)).status, 200)
    })
  }
})

describe('a name that the operator chose', () => {
  it('is counted as such where nobody has ever answered to it', async () => {
    assert.equal((await ask('broken')).status, 502)
    const families = await scrape(gateway.metricsUrl)
    const labels = { gen_ai_original_model: 'broken', gen_ai_request_model: 'lost-gemma' }
    assert.equal(valueOf(families, count, labels), 1)
  })
})
