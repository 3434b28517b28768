import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { startMetadataServer } from '../../src/emulator/metadata.ts'

const server = await startMetadataServer({ expiresIn: 300, project: 'p' })
after(() => server.close())

const google = { 'metadata-flavor': 'Google' }
const account = '/computeMetadata/v1/instance/service-accounts/default'

describe('the metadata server', () => {
  it('gives out a new token at each call, and counts', async () => {
    const before = server.calls['token'] ?? 0
    const first = JSON.parse((await get(`${account}/token`)).text)
    const second = JSON.parse((await get(`${account}/token`)).text)
    assert.deepEqual([first.expires_in, first.token_type], [300, 'Bearer'])
    assert.notEqual(first.access_token, second.access_token)
    assert.equal(server.tokens.at(-1), second.access_token)
    assert.equal(server.calls['token'], before + 2)
  })

  it('says who and where it is', async () => {
    for (const [path, text] of [
      ['/computeMetadata/v1/project/project-id', 'p'],
      ['/computeMetadata/v1/universe/universe-domain', 'googleapis.com'],
      [`${account}/email`, 'emulator@p.iam.gserviceaccount.com'],
    ] as const) {
      const reply = await get(path)
      assert.equal(reply.text, text)
      assert.equal(reply.flavor, 'Google')
    }
    assert.match((await get(`${account}/?recursive=true`)).text, /"email":"emulator@p/)
    assert.match((await get(`${account}/identity?audience=a`)).text, /^[\w-]+\.[\w-]+\.\w+$/)
    assert.equal((await get('/computeMetadata/v1/nothing')).status, 404)
  })

  it('speaks to those only who ask in its own way', async () => {
    const { status, text } = await get(`${account}/token`, {})
    assert.equal(status, 403)
    assert.match(text, /Metadata-Flavor/)
  })

  it('fails as long as it is told to', async () => {
    server.fail({ status: 500, times: 2 })
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await get(`${account}/token`)).status)
    assert.deepEqual(statuses, [500, 500, 200])
  })

  it('hangs, or is slow, until it is repaired', async () => {
    server.fail({ hang: true })
    await assert.rejects(get(`${account}/token`, google, 50))
    server.fail({ delay: 30 })
    const started = performance.now()
    assert.equal((await get(`${account}/token`)).status, 200)
    assert.ok(performance.now() - started >= 29)
    server.fail({})
    assert.equal((await get(`${account}/token`)).status, 200)
  })

  it('shortens the life of tokens', async () => {
    server.expireIn(1)
    assert.equal(JSON.parse((await get(`${account}/token`)).text).expires_in, 1)
  })
})

describe('the token endpoint', () => {
  it('takes a signed claim of a service account, or a refresh token', async () => {
    const assertion = 'eyJh.eyJp.c2ln'
    const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
    assert.ok((await exchange({ grant_type, assertion })).access_token)
    assert.ok((await exchange({ grant_type: 'refresh_token', refresh_token: 'r' })).access_token)
    assert.equal((await exchange({ grant_type, assertion: 'x' })).error, 'invalid_grant')
  })

  it('is where a service-account file of its own points to', async () => {
    const { token_uri, private_key, client_email } = server.serviceAccount()
    assert.equal(token_uri, `${server.url}/token`)
    assert.match(private_key ?? '', /^-----BEGIN PRIVATE KEY-----/)
    assert.equal(client_email, 'emulator@p.iam.gserviceaccount.com')
  })

  it('speaks to the library of Google as the metadata server does', async () => {
    process.env['GCE_METADATA_HOST'] = server.host
    try {
      const { Compute } = await import('google-auth-library')
      const { token } = await new Compute().getAccessToken()
      assert.equal(token, server.tokens.at(-1))
    } finally {
      delete process.env['GCE_METADATA_HOST']
    }
  })
})

async function get(path: string, headers: Record<string, string> = google, patience = 5000) {
  const signal = AbortSignal.timeout(patience)
  const response = await fetch(server.url + path, { headers, signal })
  const flavor = response.headers.get('metadata-flavor')
  return { status: response.status, flavor, text: await response.text() }
}

async function exchange(form: Record<string, string>) {
  const response = await fetch(`${server.url}/token`, {
    method: 'POST',
    body: new URLSearchParams(form),
  })
  return JSON.parse(await response.text())
}
