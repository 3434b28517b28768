import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { doctor } from '../../src/commands/doctor.ts'
import { loadConfig, readConfig } from '../../src/config.ts'
import { checkCredential } from '../../src/doctor/credential.ts'
import { examine } from '../../src/doctor/examine.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { checkGoogle } from '../../src/doctor/google.ts'
import { checkSurroundings } from '../../src/doctor/surroundings.ts'
import { checkVertexEndpoint } from '../../src/doctor/vertex-endpoint.ts'
import { startMetadataServer } from '../../src/emulator/metadata.ts'
import { startEmulator } from '../../src/emulator/server.ts'
import { developerGate, vertexGate } from '../../src/upstream/google.ts'
import { fixedToken } from '../../src/upstream/token.ts'
import { startChild } from '../support/child.ts'
import { startHttpPeer } from '../support/http-peer.ts'
import { freePort, takePort } from '../support/port.ts'

const google = await startEmulator()
/** Refuses as Google does, one of its reasons after the other. */
const refusing = await startHttpPeer()
const folder = mkdtempSync(join(tmpdir(), 'pollux-doctor-'))
after(async () => {
  await Promise.all([google.close(), refusing.close()])
  rmSync(folder, { recursive: true })
})

const model = 'gemini-2.5-flash'
const machine = { node: '26.10.0', memory: undefined, openFiles: 65_536 }

/** All that is found with this environment, as `about: says`. */
async function found(env: Record<string, string>): Promise<Finding[]> {
  const free = String(await freePort())
  return examine(readConfig({ PORT: free, ...env }), env, machine, model)
}

function toMend(findings: Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === 'mend').map(({ about }) => about)
}

const developer = { GEMINI_API_KEY: 'any', GOOGLE_GEMINI_BASE_URL: google.url }

describe('the doctor', () => {
  it('finds nothing to mend where all is well', async () => {
    const findings = await found(developer)
    assert.deepEqual(toMend(findings), [])
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict === 'good').map(({ about }) => about),
      ['port', 'Node', 'model', 'clock'],
    )
  })

  it('says what to do about all that it finds', async () => {
    const findings = await found({ HOST: '0.0.0.0', POLLUX_AUTH: 'none' })
    for (const { verdict, todo } of findings) assert.equal(verdict === 'good', todo === undefined)
    assert.deepEqual(toMend(findings), ['Gemini'])
  })

  it('tells of a port that is taken, and of an address of others', async () => {
    const taken = await takePort()
    const [first] = (await found({ ...developer, PORT: String(taken.port) })).filter(isIll)
    assert.match(first?.says ?? '', /in use/)
    await taken.free()
    const elsewhere = { ...developer, HOST: '192.0.2.1', POLLUX_AUTH: 'none' }
    assert.match((await found(elsewhere)).find(isIll)?.says ?? '', /does not have the address/)
  })

  it('tells of each key that Google does not know', async () => {
    const findings = await found({ ...developer, GEMINI_API_KEY: 'any,invalid' })
    const [key] = findings.filter(isIll)
    assert.deepEqual([key?.about, toMend(findings).length], ['API key', 1])
    assert.match(key?.says ?? '', /with key 2/)
  })

  it('tells of a model that is not there', async () => {
    const env = { PORT: '0', ...developer }
    const findings = await examine(readConfig(env), env, machine, 'gemini-9-none')
    assert.deepEqual(toMend(findings), ['model'])
  })

  it('tells of hosts that are not there', async () => {
    const nowhere = { ...developer, GOOGLE_GEMINI_BASE_URL: 'http://no-such-host.invalid' }
    assert.match((await found(nowhere)).find(isIll)?.says ?? '', /no address by the name/)
    const closed = { ...developer, GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${await freePort()}` }
    assert.match((await found(closed)).find(isIll)?.says ?? '', /takes no connection/)
  })

  it('tells of Redis, traces and servers of one’s own that do not answer', async () => {
    const port = await freePort()
    const findings = await found({
      ...developer,
      REDIS_URL: `redis://:canary@127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      POLLUX_ENDPOINTS: JSON.stringify({ own: { url: `http://127.0.0.1:${port}/v1` } }),
    })
    assert.deepEqual(toMend(findings), ['endpoint own', 'Redis'])
    assert.ok(findings.some(({ about, verdict }) => about === 'traces' && verdict === 'mind'))
    assert.doesNotMatch(JSON.stringify(findings), /canary/)
  })

  it('tells of a server of one’s own that refuses its key, or has another base URL', async () => {
    for (const [status, verdict, says] of [
      [401, 'mend', /refuses the key/],
      [404, 'mind', /no list of models/],
      [500, 'mind', /HTTP 500/],
      [200, 'good', /answers/],
    ] as const) {
      refusing.answer((asked) => asked.json(status, {}))
      const own = { url: `${refusing.url}/v1`, apiKey: 'canary' }
      const findings = await found({ ...developer, POLLUX_ENDPOINTS: JSON.stringify({ own }) })
      const finding = findings.find(({ about }) => about === 'endpoint own')
      assert.equal(finding?.verdict, verdict)
      assert.match(finding.says, says)
    }
  })
})

describe('an endpoint on Vertex AI', () => {
  const headers = { authorization: 'Bearer canary' }
  const at = { project: 'harbour', location: 'us', endpoint: '7', host: undefined }
  const deployed = { deployedModels: [{ id: '1' }] }
  for (const [what, status, body, verdict, says] of [
    ['is there', 200, deployed, 'good', /with a model/],
    ['has no model', 200, { name: 'x' }, 'mend', /no model/],
    [
      'has a name of its own',
      200,
      { ...deployed, dedicatedEndpointEnabled: true, dedicatedEndpointDns: '7.example' },
      'mend',
      /dedicated DNS name/,
    ],
    ['is not there', 404, {}, 'mend', /no endpoint 7 in project harbour and location us/],
    ['may not be looked at', 403, {}, 'mind', /was not looked at/],
    ['refuses the credential', 401, {}, 'mend', /does not take the credential/],
    ['is out of order', 503, {}, 'mind', /was not looked at.*503/],
  ] as const) {
    it(`is looked up: it ${what}`, async () => {
      refusing.answer((asked) => asked.json(status, body))
      const finding = await checkVertexEndpoint('gemma', at, headers, refusing.url)
      assert.equal(finding.verdict, verdict)
      assert.match(finding.says, says)
      const { url } = refusing.requests.at(-1) ?? {}
      assert.equal(url, '/v1/projects/harbour/locations/us/endpoints/7')
    })
  }

  it('is looked at where there is nothing else, its credential first', async () => {
    const metadata = await startMetadataServer()
    const env = {
      POLLUX_ENDPOINTS: '{"gemma":{"endpoint":"7","project":"harbour","location":"us"}}',
      GCE_METADATA_HOST: metadata.host,
      HTTPS_PROXY: 'http://127.0.0.1:1',
      NODE_USE_ENV_PROXY: '1',
    }
    metadata.fail({ status: 404 })
    const ill = await examined(env)
    assert.equal(ill.exitCode, 1, ill.text)
    assert.match(ill.text, /✖ credential: There is no Google credential/)
    assert.doesNotMatch(ill.text, /Warning/)
    await metadata.close()
  })

  it('is not looked at where clients bring their own credentials, which is told', async () => {
    const findings = await found({
      POLLUX_AUTH: 'passthrough',
      POLLUX_ENDPOINTS: '{"gemma":{"endpoint":"7","project":"harbour","location":"us"}}',
    })
    assert.ok(findings.some(({ says }) => says.includes('was not looked at')))
  })
})

describe('models of the file', () => {
  it('are looked for too, each once, where they are', async () => {
    const path = file(
      'models.yaml',
      'models: { a: gemini-2.5-pro, b: [a, gemini-9-none], c: gemini/gemini-2.5-pro, "d*": gemini-2.5-flash }',
    )
    const env = { PORT: String(await freePort()), ...developer, POLLUX_CONFIG: path }
    const findings = await examine(await loadConfig(env), env, machine, model)
    assert.deepEqual(
      findings.filter(({ about }) => about === 'model').map(({ verdict, says }) => [verdict, says]),
      [
        ['good', `The Developer API serves ${model}.`],
        ['good', 'The Developer API serves gemini-2.5-pro.'],
        [
          'mend',
          'The Developer API has no model gemini-9-none, or does not let this project use it.',
        ],
      ],
    )
  })

  it('are looked for by such a name where it is asked for', async () => {
    const path = file('named.yaml', 'models: { fast: gemini-2.5-pro }')
    const env = { PORT: String(await freePort()), ...developer, POLLUX_CONFIG: path }
    const findings = await examine(await loadConfig(env), env, machine, 'fast')
    assert.deepEqual(
      findings.filter(({ about }) => about === 'model').map(({ says }) => says),
      ['The Developer API serves gemini-2.5-pro.'],
    )
  })
})

/** The reason among the details of a refusal. */
function reason(word: string): object[] {
  return [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: word }]
}

describe('what Google refuses', () => {
  const rows: [about: string, status: number, word: string, message: string, details?: object[]][] =
    [
      [
        'API key',
        400,
        'INVALID_ARGUMENT',
        'API key not valid. Please pass a valid API key.',
        reason('API_KEY_INVALID'),
      ],
      [
        'API key',
        403,
        'PERMISSION_DENIED',
        'Requests to this API are blocked.',
        reason('API_KEY_SERVICE_BLOCKED'),
      ],
      ['API key', 403, 'PERMISSION_DENIED', 'Your API key was reported as leaked.'],
      ['region', 400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'],
      [
        'API',
        403,
        'PERMISSION_DENIED',
        'Vertex AI API has not been used in project harbour before or it is disabled.',
        reason('SERVICE_DISABLED'),
      ],
      [
        'billing',
        403,
        'PERMISSION_DENIED',
        'This API method requires billing to be enabled.',
        reason('BILLING_DISABLED'),
      ],
      [
        'project',
        403,
        'PERMISSION_DENIED',
        'Permission denied on resource project harbour.',
        reason('CONSUMER_INVALID'),
      ],
      [
        'perimeter',
        403,
        'PERMISSION_DENIED',
        'Request is prohibited by organization’s policy.',
        reason('SECURITY_POLICY_VIOLATED'),
      ],
      [
        'role',
        403,
        'PERMISSION_DENIED',
        "Permission 'aiplatform.endpoints.predict' denied on resource.",
        reason('IAM_PERMISSION_DENIED'),
      ],
      ['credential', 401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'],
      ['location', 400, 'INVALID_ARGUMENT', 'Unsupported region for Vertex AI, select from [...]'],
      [
        'model',
        404,
        'NOT_FOUND',
        'Publisher Model was not found or your project does not have access to it.',
      ],
      ['quota', 429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.'],
      ['model', 503, 'UNAVAILABLE', 'The service is currently unavailable.'],
      ['model', 400, 'INVALID_ARGUMENT', 'Something that nobody has heard of.'],
    ]
  for (const [about, status, word, message, details = []] of rows) {
    it(`is a matter of the ${about}: ${message}`, async () => {
      refusing.answer((asked) =>
        asked.json(status, { error: { code: status, status: word, message, details } }),
      )
      const settings = {
        project: 'harbour',
        location: 'global',
        baseUrl: refusing.url,
        apiVersion: 'v1',
      }
      const gate = vertexGate(settings, fixedToken('token'))
      const [finding] = await checkGoogle({
        gate,
        place: 0,
        name: 'Vertex AI in global',
        model,
        headers: { authorization: 'Bearer canary' },
        project: 'harbour',
      })
      assert.equal(finding?.about, about)
      assert.notEqual(finding.verdict, 'good')
      assert.ok((finding.todo ?? '').length > 10)
      assert.equal(finding.verdict === 'mind', status === 429 || status === 503)
    })
  }

  it('may be nothing but another clock', async () => {
    refusing.answer((asked) => asked.json(200, { totalTokens: 1 }))
    for (const [off, says] of [
      [600_000, /600 s ahead/],
      [-7_200_000, /7200 s behind/],
    ] as const) {
      const gate = developerGate({ apiKeys: ['any'], baseUrl: refusing.url })
      const asked = { gate, place: 0, name: 'x', model, headers: {}, project: undefined }
      const findings = await checkGoogle(asked, () => Math.floor(Date.now() / 1000) * 1000 + off)
      const clock = findings.find(({ about }) => about === 'clock')
      assert.equal(clock?.verdict, 'mend')
      // A second may have passed.
      assert.match(
        clock.says.replace(/(599|601) s/, '600 s').replace(/(7199|7201) s/, '7200 s'),
        says,
      )
    }
  })
})

/** A file of credentials, and where it is. */
function file(name: string, content: string): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('Google’s credential', () => {
  for (const [what, value, says] of [
    ['the JSON in place of its path', '{"private_key":"canary"}', /holds the credential itself/],
    ['a file that is not there', '/nonexistent/canary.json', /no file that can be read/],
    ['a file that is no JSON', file('text', 'canary'), /no credential of Google/],
    [
      'the file of an OAuth client',
      file('client', '{"installed":{"client_secret":"canary"}}'),
      /no credential of Google/,
    ],
  ] as const) {
    it(`is not had with ${what}`, async () => {
      const { token, findings } = await checkCredential(
        { GOOGLE_APPLICATION_CREDENTIALS: value },
        'harbour',
      )
      assert.equal(token, undefined)
      assert.match(findings[0]?.says ?? '', says)
      assert.doesNotMatch(JSON.stringify(findings), /canary/)
    })
  }

  it('comes from the metadata server, and is told where it cannot', async () => {
    const metadata = await startMetadataServer()
    const env = {
      GOOGLE_CLOUD_PROJECT: 'emulator',
      GOOGLE_VERTEX_BASE_URL: google.url,
      GCE_METADATA_HOST: metadata.host,
    }
    const well = await examined(env)
    assert.equal(well.exitCode, 0, well.text)
    assert.match(well.text, /✔ credential: The metadata server gives a token/)
    assert.match(well.text, /✔ model: Vertex AI in global serves gemini-2\.5-flash/)
    metadata.fail({ status: 404 })
    const ill = await examined(env)
    assert.equal(ill.exitCode, 1, ill.text)
    assert.match(ill.text, /✖ credential: There is no Google credential/)
    await metadata.close()
  })
})

describe('the surroundings', () => {
  const config = readConfig({ ...developer, POLLUX_API_KEYS: 'sk-canary' })
  for (const [what, given, about] of [
    ['an old Node', { ...machine, node: '24.16.0' }, 'Node'],
    ['a container of little memory', { ...machine, memory: 256 * 1024 ** 2 }, 'memory'],
    ['few open files', { ...machine, openFiles: 256 }, 'open files'],
  ] as const) {
    it(`are looked at: ${what}`, () => {
      const findings = checkSurroundings(config, given)
      assert.deepEqual(
        findings.filter(({ verdict }) => verdict !== 'good').map((finding) => finding.about),
        [about],
      )
    })
  }

  it('count keys as they are', () => {
    for (const [keys, says] of [
      ['a', '1 key is valid.'],
      ['a,b', '2 keys are valid.'],
    ]) {
      const findings = checkSurroundings(
        readConfig({ ...developer, POLLUX_API_KEYS: keys }),
        machine,
      )
      assert.equal(findings.find(({ about }) => about === 'keys')?.says, says)
    }
  })

  it('are good where there is enough', () => {
    const findings = checkSurroundings(config, { ...machine, memory: 512 * 1024 ** 2 })
    assert.deepEqual(
      findings.filter(({ verdict }) => verdict !== 'good'),
      [],
    )
  })
})

describe('the command', () => {
  it('tells mistakes of the configuration, and nothing else', async () => {
    const { text, exitCode } = await doctor.run({
      words: [],
      env: { PORT: 'x', LOG_LEVEL: 'loud' },
    })
    assert.equal(exitCode, 1)
    assert.match(text, /PORT/)
    assert.match(text, /LOG_LEVEL/)
  })

  it('answers in JSON, and refuses words that it does not know', async () => {
    const env = { ...developer, PORT: String(await freePort()) }
    const { text, exitCode } = await doctor.run({ words: ['--json', '--model', model], env })
    const told: unknown = JSON.parse(text)
    assert.equal(exitCode, 0, text)
    assert.ok(told !== null && typeof told === 'object' && 'ok' in told && told.ok === true)
    const wrong = await doctor.run({ words: ['--modle', 'x'], env })
    assert.equal(wrong.exitCode, 2)
  })
})

function isIll({ verdict }: Finding): boolean {
  return verdict === 'mend'
}

/** What the process says, where the library reads the environment itself. */
async function examined(
  env: Record<string, string>,
): Promise<{ text: string; exitCode: number | null }> {
  const child = startChild(env, 'doctor')
  const exitCode = await child.exited(20_000)
  return { text: child.output(), exitCode }
}
