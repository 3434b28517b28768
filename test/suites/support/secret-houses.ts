import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../../src/emulator/server.ts'
import { connectRaw } from '../../support/raw-client.ts'
import { startRedis, withoutRedis } from '../../support/redis.ts'
import { brokenCredentials, credentialOf, serviceAccount } from './credentials.ts'
import { inParallel } from './figures.ts'
import { openGoogleDoor } from './google-door.ts'
import { type Form, type Mirror, startMirror } from './mirror.ts'
import { type GatewayProcess, startGatewayProcess } from './process.ts'
import { emulatedAsks, keyedAsks, mirroredAsk, mirroredAsks, refusedAsks } from './secret-asks.ts'
import { startTalkativeRedis } from './talkative-redis.ts'
import type { Ask, Witness } from './witness.ts'

/** A gateway, what stands behind it, and which secrets that may see. */
export interface House {
  name: string
  gateway: GatewayProcess
  mirror: Mirror | undefined
  own: string[]
}

/** What houses are built of, and what has to be closed after them. */
export class Scene {
  readonly witness: Witness
  readonly folder: string
  // Whatever a house has opened, in that order.
  #open: (() => unknown)[] = []

  constructor(witness: Witness, folder: string) {
    this.witness = witness
    this.folder = folder
  }

  /** Has something closed when all is over. */
  closing(close: () => unknown): void {
    this.#open.push(close)
  }

  async close(): Promise<void> {
    for (const close of this.#open.toReversed()) await close()
  }

  async mirror(): Promise<Mirror> {
    const mirror = await startMirror(() => this.witness.secrets.make('an access token', 'ya29.'))
    this.closing(() => mirror.close())
    return mirror
  }

  async gateway(upstream: string, env: Record<string, string>): Promise<GatewayProcess> {
    const gateway = await startGatewayProcess(upstream, {
      LOG_LEVEL: 'trace',
      POLLUX_RETRIES: '0',
      POLLUX_CONNECT_TIMEOUT_SECONDS: '1',
      POLLUX_FIRST_BYTE_TIMEOUT_SECONDS: '1',
      POLLUX_IDLE_TIMEOUT_SECONDS: '1',
      POLLUX_HEARTBEAT_SECONDS: '1',
      POLLUX_DRAIN_SECONDS: '1',
      POLLUX_MAX_LAG_MS: '0',
      ...env,
    })
    this.closing(() => gateway.kill())
    return gateway
  }

  async ask(gateway: GatewayProcess, asks: Ask[]): Promise<void> {
    await inParallel(asks, 16, async (ask) => void (await this.witness.ask(gateway.url, ask)))
  }
}

/** Each kind of gateway, and all that is asked of it. */
export const houses: ((scene: Scene) => Promise<House>)[] = [
  withKeys,
  withForeignKey,
  passingThrough,
  onVertex,
  withCredential('a person of a workforce'),
  withCredential('a service account'),
  withCredential('a person'),
  withBrokenCredentials,
  withPastedCredential,
  onMetadata,
  emulated,
]

/** A key of Google's kind, clients with keys, an endpoint with its own, a Redis with a password. */
async function withKeys(scene: Scene): Promise<House> {
  const { secrets } = scene.witness
  const mirror = await scene.mirror()
  const [key, filed] = [
    secrets.make('a client’s key', 'sk-'),
    secrets.make('a key from the file', 'sk-'),
  ]
  const keyFile = join(scene.folder, 'keys')
  writeFileSync(keyFile, `# keys\n${filed}\n`)
  const password = secrets.make('the password of Redis')
  const redis = withoutRedis === undefined ? await startRedis() : undefined
  scene.closing(() => redis?.kill())
  await redis?.ask('CONFIG', 'SET', 'requirepass', password)
  const gateway = await scene.gateway(mirror.url, {
    POLLUX_RETRIES: '1',
    POLLUX_BODY_LIMIT: '131072',
    POLLUX_API_KEYS: key,
    POLLUX_API_KEYS_FILE: keyFile,
    GEMINI_API_KEY: secrets.make('a Gemini key that is not used', 'AIza'),
    GOOGLE_API_KEY: [1, 2].map(() => secrets.make('the Gemini key', 'AIzaSy')).join(','),
    REDIS_URL: (redis?.url ?? 'redis://127.0.0.1:1').replace('//', `//:${password}@`),
    POLLUX_ENDPOINTS: JSON.stringify({
      local: { url: `${mirror.url}/v1`, apiKey: secrets.make('an endpoint’s key', 'sk-') },
    }),
  })
  const headers = {
    authorization: `Bearer ${key}`,
    cookie: `session=${secrets.make('a cookie')}`,
    'user-agent': secrets.make('a user agent'),
    referer: `https://x/${secrets.make('a referer')}`,
    'x-forwarded-for': secrets.make('a forwarded address'),
    traceparent: `00-${secrets.make('a trace')}-01`,
  }
  await scene.ask(gateway, [
    ...mirroredAsks('gemini-2.5-flash', headers),
    ...mirroredAsks('local', { 'x-api-key': filed }),
    ...refusedAsks({ 'api-key': key }),
    ...keyedAsks(secrets.make('a key that does not fit', 'sk-')),
  ])
  await sendRubbish(gateway, secrets.make('a key in rubbish', 'sk-'))
  await redis?.kill()
  await scene.ask(gateway, mirroredAsks('gemini-2.5-flash', headers).slice(0, 4))
  return { name: 'with keys', gateway, mirror, own: ['the Gemini key', 'an endpoint’s key'] }
}

/** A key that does not look like Google's, and a Redis that repeats its password. */
async function withForeignKey(scene: Scene): Promise<House> {
  const { secrets } = scene.witness
  const mirror = await scene.mirror()
  const redis = await startTalkativeRedis()
  scene.closing(() => redis.close())
  const gateway = await scene.gateway(mirror.url, {
    GEMINI_API_KEY: secrets.make('a key for another server'),
    POLLUX_ENDPOINTS: JSON.stringify({
      local: { url: `${mirror.url}/v1`, apiKey: secrets.make('an endpoint’s odd key') },
    }),
    REDIS_URL: `redis://default:${secrets.make('the password of an old Redis')}@127.0.0.1:${redis.port}`,
  })
  await scene.ask(gateway, [
    ...mirroredAsks('gemini-2.5-flash', {}),
    ...mirroredAsks('local', {}).filter(({ what }) => what.includes('code')),
  ])
  const own = ['a key for another server', 'an endpoint’s odd key']
  return { name: 'with a foreign key', gateway, mirror, own }
}

async function passingThrough(scene: Scene): Promise<House> {
  const { secrets } = scene.witness
  const mirror = await scene.mirror()
  const redis = withoutRedis === undefined ? await startRedis() : undefined
  scene.closing(() => redis?.kill())
  await redis?.ask('CONFIG', 'SET', 'requirepass', secrets.make('the password of a Redis'))
  const wrong = secrets.make('the wrong password of a Redis')
  const gateway = await scene.gateway(mirror.url, {
    GEMINI_API_KEY: '',
    POLLUX_AUTH: 'passthrough',
    REDIS_URL: (redis?.url ?? 'redis://127.0.0.1:1').replace('//', `//:${wrong}@`),
  })
  const own = ['a client’s own Gemini key', 'a client’s own token', 'a client’s own odd token']
  const [key = '', token = '', odd = ''] = own.map((name, at) =>
    secrets.make(name, ['AIzaSy', 'ya29.', ''][at]),
  )
  await scene.ask(gateway, [
    ...mirroredAsks('gemini-2.5-flash', { authorization: `Bearer ${key}` }),
    ...mirroredAsks('gemini-2.5-flash', { authorization: `Bearer ${token}` }).slice(20),
    ...mirroredAsks('gemini-2.5-flash', { 'x-goog-api-key': odd }).slice(20),
  ])
  return { name: 'passing through', gateway, mirror, own }
}

/** Tokens for workload identity, and the endpoints that they open. */
async function onVertex(scene: Scene): Promise<House> {
  const mirror = await scene.mirror()
  const what = 'workload identity'
  const env = await toFile(scene, mirror, what)
  const gateway = await scene.gateway(mirror.url, {
    ...env,
    POLLUX_FAILOVER_LOCATIONS: 'us-central1',
    POLLUX_ENDPOINTS: JSON.stringify({
      gemma: { endpoint: '1234567890', location: 'us-central1' },
    }),
  })
  await askForTokens(scene, gateway, mirror, what)
  await scene.ask(gateway, [
    ...mirroredAsks('gemini-2.5-flash', {}),
    ...mirroredAsks('gemma', {}).slice(20),
    ...mirroredAsks('meta/llama-3.3-70b-instruct-maas', {}).slice(20),
  ])
  return { name: 'on Vertex AI', gateway, mirror, own: ['an access token'] }
}

/** Another kind of credential file, and each way in which a token can be refused. */
function withCredential(what: string): (scene: Scene) => Promise<House> {
  return async (scene) => {
    const mirror = await scene.mirror()
    const env = await toFile(scene, mirror, what)
    const gateway = await scene.gateway(mirror.url, env)
    await askForTokens(scene, gateway, mirror, what)
    for (const { body } of mirror.received) {
      // Whoever has this may be us for an hour.
      const signature = new URLSearchParams(body).get('assertion')?.split('.')[2]
      if (signature !== undefined) scene.witness.secrets.add('a signed assertion', signature)
    }
    return { name: `as ${what}`, gateway, mirror, own: ['an access token'] }
  }
}

/** Files that are no credentials, though there are secrets in them. */
async function withBrokenCredentials(scene: Scene): Promise<House> {
  const mirror = await scene.mirror()
  const file = join(scene.folder, 'broken.json')
  const gateway = await scene.gateway(mirror.url, {
    ...vertex(mirror),
    GOOGLE_APPLICATION_CREDENTIALS: file,
  })
  for (const { what, text } of brokenCredentials(scene.witness.secrets)) {
    writeFileSync(file, text)
    await scene.ask(gateway, [{ ...mirroredAsk('gemini-2.5-flash', 'answer'), what }])
    // The next attempt is not made before.
    await sleep(longestBackOffMs)
  }
  return { name: 'with broken credentials', gateway, mirror, own: [] }
}

const longestBackOffMs = 1_000

/** The environment in which a credential of this kind can be used. */
async function toFile(scene: Scene, mirror: Mirror, what: string) {
  const { folder, witness } = scene
  const door = await openGoogleDoor('oauth2.googleapis.com', mirror.serve, folder)
  scene.closing(() => door?.close())
  const file = join(folder, `${what}.json`)
  writeFileSync(file, credentialOf(what, witness.secrets, mirror.url, folder))
  return {
    ...vertex(mirror),
    // Where there is no door, nothing gets out.
    ...(door?.env ?? { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' }),
    GOOGLE_APPLICATION_CREDENTIALS: file,
  }
}

const tokenForms: Form[] = ['refusal', 'plain', 'broken', 'odd', 'gone', 'answer']

/** Asks until the gateway has asked for a token in each form: after a failure it waits for a while. */
async function askForTokens(
  scene: Scene,
  gateway: GatewayProcess,
  mirror: Mirror,
  what: string,
): Promise<void> {
  const count = () => mirror.received.filter(({ url }) => url.includes('token')).length
  for (const form of tokenForms) {
    mirror.tokenForm = form
    const before = count()
    for (let tries = 0; tries < 20 && count() === before; tries += 1) {
      if (tries > 0) await sleep(longestBackOffMs / 10)
      await scene.ask(gateway, [
        { ...mirroredAsk('gemini-2.5-flash', 'answer'), what: `${what}, tokens ${form}` },
      ])
    }
  }
}

function vertex(mirror: Mirror): Record<string, string> {
  return { GEMINI_API_KEY: '', GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_VERTEX_BASE_URL: mirror.url }
}

/** Somebody took the variable for the file's content. */
async function withPastedCredential(scene: Scene): Promise<House> {
  const mirror = await scene.mirror()
  const gateway = await scene.gateway(mirror.url, {
    ...vertex(mirror),
    GOOGLE_APPLICATION_CREDENTIALS: JSON.stringify(serviceAccount(scene.witness.secrets)),
  })
  await scene.ask(gateway, mirroredAsks('gemini-2.5-flash', {}).slice(0, 2))
  return { name: 'with a pasted credential', gateway, mirror, own: [] }
}

async function onMetadata(scene: Scene): Promise<House> {
  const mirror = await scene.mirror()
  const gateway = await scene.gateway(mirror.url, {
    ...vertex(mirror),
    GCE_METADATA_HOST: mirror.url.replace('http://', ''),
  })
  await askForTokens(scene, gateway, mirror, 'the machine')
  return { name: 'on metadata', gateway, mirror, own: ['an access token'] }
}

async function emulated(scene: Scene): Promise<House> {
  const emulator = await startEmulator()
  scene.closing(() => emulator.close())
  const gateway = await scene.gateway(emulator.url, {
    GEMINI_API_KEY: scene.witness.secrets.make('the emulator’s key', 'AIzaSy'),
  })
  await scene.ask(gateway, [
    ...emulatedAsks({}),
    ...['[[slow:300]] Explain OWN', 'OWN'].map((text) => ({
      what: 'somebody who leaves',
      body: (own: string) => ({
        model: 'gemini-2.5-flash',
        stream: true,
        messages: [{ role: 'user', content: text.replace('OWN', own) }],
      }),
      leaveAfterMs: 200,
    })),
  ])
  return { name: 'before the emulator', gateway, mirror: undefined, own: ['the emulator’s key'] }
}

/** What is no HTTP, or hardly. */
async function sendRubbish({ url }: GatewayProcess, key: string): Promise<void> {
  const auth = `authorization: Bearer ${key}`
  const post = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${auth}\r\n`
  const rubbish = [
    `${key}\r\n\r\n`,
    `GET /${key} HTTP/9.9\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\n${auth}\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization : Bearer ${key}\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\n${auth}\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`,
    `GET /v1/models HTTP/1.1\r\nhost: x\r\n${auth}\r\nx: \0${key}\r\n\r\n`,
    `${post}expect: ${key}\r\ncontent-length: 2\r\n\r\n{}`,
    `${post}content-length: ${key}\r\n\r\n{}`,
    `${post}transfer-encoding: ${key}\r\n\r\n{}`,
    `${post}transfer-encoding: chunked\r\n\r\n${key}\r\n`,
    `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`,
    `${key} /v1/models HTTP/1.1\r\nhost: x\r\n\r\n`,
    `GET http://u:${key}@x/v1/nowhere?key=${key} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
  ]
  for (const bytes of rubbish) {
    const client = await connectRaw(url)
    client.send(bytes)
    await Promise.race([client.closed(2_000).catch(() => undefined), sleep(200)])
    client.leave()
  }
}
