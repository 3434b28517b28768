import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { fetchGoogleToken } from '../../src/upstream/credentials.ts'
import { type Child, servedBy, startChild } from '../support/child.ts'
import { type Asked, startByHand } from '../../src/emulator/by-hand.ts'
import { startMetadataServer } from '../../src/emulator/metadata.ts'
import { type PeerAsked, startHttpPeer } from '../support/http-peer.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { postAll } from '../support/raw-client.ts'

const google = await startByHand()
/** Google's Security Token Service. */
const sts = await startHttpPeer()
const folder = mkdtempSync(join(tmpdir(), 'pollux-token-'))
after(async () => {
  await Promise.all([google.close(), sts.close()])
  rmSync(folder, { recursive: true })
})

// Workload identity: the one kind of credential file whose token endpoint the library lets a file
// choose. (A service account's `token_uri` it does not read: it always asks oauth2.googleapis.com.)
const credentials = join(folder, 'credentials.json')
const subject = join(folder, 'subject')
writeFileSync(subject, 'who-i-am')
writeFileSync(
  credentials,
  JSON.stringify({
    type: 'external_account',
    audience:
      '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${sts.url}/token`,
    credential_source: { file: subject },
    quota_project_id: 'billed-project',
  }),
)

const question = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'Hi' }] }

/** Gives tokens `t1`, `t2` …, each for an hour. */
function giveToken(asked: PeerAsked): void {
  asked.json(200, {
    access_token: `t${sts.requests.length}`,
    expires_in: 3600,
    token_type: 'Bearer',
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  })
}

function answer(asked: Asked): void {
  asked.usual()
}

async function ask({
  url,
}: {
  url: string
}): Promise<{ status: number; text: string; headers: Headers }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(question),
    signal: AbortSignal.timeout(15_000),
  })
  return { status: response.status, text: await response.text(), headers: response.headers }
}

describe('a token from a credential file', () => {
  const names = ['GOOGLE_APPLICATION_CREDENTIALS', 'GOOGLE_CLOUD_PROJECT'] as const
  const kept = names.map((name) => [name, process.env[name]] as const)
  let gateway: Gateway

  before(() => {
    process.env.GOOGLE_APPLICATION_CREDENTIALS = credentials
    // Where it is not set, Google's library asks a Google service for it.
    process.env.GOOGLE_CLOUD_PROJECT = 'p'
  })
  after(() => {
    for (const [name, value] of kept) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
  beforeEach(async () => {
    google.requests.length = 0
    google.answer(answer)
    sts.requests.length = 0
    sts.answer(giveToken)
    gateway = await startGateway({
      GOOGLE_CLOUD_PROJECT: 'p',
      GOOGLE_VERTEX_BASE_URL: google.url,
      POLLUX_MAX_CONCURRENT: '2000',
    })
  })
  afterEach(() => gateway.close())

  it('goes upstream as Authorization, with the project that pays', async () => {
    assert.equal((await ask(gateway)).status, 200)
    const [{ headers, url } = assert.fail()] = google.requests
    assert.equal(headers.authorization, 'Bearer t1')
    assert.equal(headers['x-goog-user-project'], 'billed-project')
    assert.equal(
      url,
      '/v1beta1/projects/p/locations/global/publishers/google/models/gemini-2.5-flash:generateContent',
    )
  })

  it('is fetched once for 60 requests at a cold start', async () => {
    const answers = await postAll(
      `${gateway.url}/v1/chat/completions`,
      Array.from({ length: 60 }, () => question),
      { sockets: 60 },
    )
    assert.equal(answers.filter(({ status }) => status === 200).length, 60)
    assert.equal(sts.requests.length, 1)
    assert.deepEqual(
      [...new Set(google.requests.map(({ headers }) => headers.authorization))],
      ['Bearer t1'],
    )
  })

  it('that Google refuses is fetched anew, and the request sent once more', async () => {
    google.answer((asked) => {
      if (asked.headers.authorization === 'Bearer t1') asked.refuse(401)
      else asked.usual()
    })
    assert.equal((await ask(gateway)).status, 200)
    assert.equal(sts.requests.length, 2)
    assert.deepEqual(
      google.requests.map(({ headers }) => headers.authorization),
      ['Bearer t1', 'Bearer t2'],
    )
    await ask(gateway)
    assert.equal(sts.requests.length, 2)
  })

  it('that Google refuses to many at once is fetched anew once for all', async () => {
    let refused = 0
    google.answer((asked) => {
      if (asked.headers.authorization !== 'Bearer t1') return asked.usual()
      // Refusals that trickle in must not throw away the new token again and again.
      refused += 1
      setTimeout(() => asked.refuse(401), refused * 5)
    })
    const answers = await Promise.all(Array.from({ length: 40 }, () => ask(gateway)))
    assert.equal(answers.filter(({ status }) => status === 200).length, 40)
    assert.equal(sts.requests.length, 2)
  })

  it('that Google refuses twice is the operator’s to mend: 502 after two tries', async () => {
    google.answer((asked) => asked.refuse(401, 'No, projects/123 t1.'))
    const { status, text } = await ask(gateway)
    assert.equal(status, 502)
    assert.match(text, /"code":"upstream_authentication_error"/)
    assert.doesNotMatch(text, /123/)
    assert.equal(google.requests.length, 2)
  })

  it('that cannot be had is a 503 with a code, until shortly after it can', async () => {
    sts.answer((asked) => asked.json(400, { error: 'invalid_grant' }))
    const { status, text, headers } = await ask(gateway)
    assert.equal(status, 503)
    assert.match(text, /"code":"credentials_unavailable"/)
    assert.doesNotMatch(text, /invalid_grant|who-i-am|127\.0\.0\.1/)
    assert.ok(Number(headers.get('retry-after')) > 0)
    assert.equal(google.requests.length, 0)
    sts.answer(giveToken)
    const repaired = performance.now()
    while ((await ask(gateway)).status !== 200) assert.ok(performance.now() - repaired < 2_000)
  })

  it('is never an empty one', async () => {
    sts.answer((asked) => asked.json(200, { access_token: '', expires_in: 3600 }))
    await assert.rejects(fetchGoogleToken('p'), /empty token/)
  })
})

describe('a token from the metadata server', async () => {
  const metadata = await startMetadataServer({ project: 'p' })
  let child: Child
  let url: string

  before(async () => {
    google.requests.length = 0
    google.answer(answer)
    child = startChild({
      GCE_METADATA_HOST: metadata.host,
      GOOGLE_CLOUD_PROJECT: 'p',
      GOOGLE_CLOUD_LOCATION: 'europe-west4',
      GOOGLE_VERTEX_BASE_URL: google.url,
    })
    url = await servedBy(child)
  })
  after(async () => {
    child.kill()
    await metadata.close()
  })

  it('is fetched with the first request, once, and not at the start', async () => {
    assert.equal(metadata.calls.token, undefined)
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask({ url })))
    assert.equal(answers.filter(({ status }) => status === 200).length, 100)
    assert.equal(metadata.calls.token, 1)
    const [{ headers, url: path } = assert.fail()] = google.requests
    assert.equal(headers.authorization, `Bearer ${metadata.tokens[0]}`)
    assert.match(path, /\/projects\/p\/locations\/europe-west4\//)
  })

  it('stays out of the log', () => {
    assert.doesNotMatch(child.output(), /Bearer|ya29/)
  })
})
