import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../src/emulator/server.ts'
import { startChild } from '../support/child.ts'
import { connectRaw } from '../support/raw-client.ts'
import { startRedis, withoutRedis } from '../support/redis.ts'
import { type Credential, credentialsOf, serviceAccount } from './support/credentials.ts'
import { inParallel } from './support/figures.ts'
import { openGoogleDoor } from './support/google-door.ts'
import { type Form, type Mirror, startMirror } from './support/mirror.ts'
import { type GatewayProcess, startGatewayProcess } from './support/process.ts'
import { emulatedAsks, keyedAsks, mirroredAsks, refusedAsks } from './support/secret-asks.ts'
import { startTalkativeRedis } from './support/talkative-redis.ts'
import { type Answer, type Ask, partsOf, Witness } from './support/witness.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'keys, tokens, prompts and answers stay with those whose they are'

/** A gateway, what stands behind it, and which secrets that may see. */
interface House {
  name: string
  gateway: GatewayProcess
  mirror: Mirror | undefined
  own: string[]
}

export async function* suite(_edition: Edition): AsyncGenerator<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-secrets-'))
  const witness = new Witness()
  const open: (() => Promise<unknown> | void)[] = [() => rmSync(folder, { recursive: true })]
  const scene = new Scene(witness, folder, open)
  try {
    const houses = [
      await withKeys(scene),
      await withForeignKey(scene),
      await passingThrough(scene),
      await onVertex(scene),
      await withPastedCredential(scene),
      await onMetadata(scene),
      await emulated(scene),
    ]
    const healths = await Promise.all(houses.map(({ gateway }) => readHealth(gateway)))
    await Promise.all(houses.map(({ gateway }) => endInMidstream(gateway)))
    const outputs = new Map(houses.map(({ name, gateway }) => [name, gateway.output()]))
    yield fromOutputs(witness, outputs)
    yield* fromAnswers(witness)
    yield fromHealth(witness, healths)
    yield* fromUpstream(witness, houses)
    yield await fromWrongStarts(witness, folder)
  } finally {
    for (const close of open.toReversed()) await close()
  }
}

/** What the houses are built of. */
class Scene {
  readonly witness: Witness
  readonly folder: string
  readonly #open: (() => Promise<unknown> | void)[]

  constructor(witness: Witness, folder: string, open: (() => Promise<unknown> | void)[]) {
    this.witness = witness
    this.folder = folder
    this.#open = open
  }

  closing(close: () => Promise<unknown> | void): void {
    this.#open.push(close)
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
      ...env,
    })
    this.closing(() => gateway.kill())
    return gateway
  }

  async ask(gateway: GatewayProcess, asks: Ask[]): Promise<void> {
    await inParallel(asks, 16, async (ask) => void (await this.witness.ask(gateway.url, ask)))
  }
}

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
  scene.closing(async () => redis?.kill())
  await redis?.ask('CONFIG', 'SET', 'requirepass', password)
  const gateway = await scene.gateway(mirror.url, {
    POLLUX_RETRIES: '1',
    POLLUX_BODY_LIMIT: '131072',
    POLLUX_API_KEYS: key,
    POLLUX_API_KEYS_FILE: keyFile,
    GEMINI_API_KEY: secrets.make('a Gemini key that is not used', 'AIza'),
    GOOGLE_API_KEY: secrets.make('the Gemini key', 'AIzaSy'),
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
    REDIS_URL: `redis://default:${secrets.make('the password of an old Redis')}@127.0.0.1:${redis.port}`,
  })
  await scene.ask(gateway, mirroredAsks('gemini-2.5-flash', {}))
  return { name: 'with a foreign key', gateway, mirror, own: ['a key for another server'] }
}

async function passingThrough(scene: Scene): Promise<House> {
  const { secrets } = scene.witness
  const mirror = await scene.mirror()
  const redis = withoutRedis === undefined ? await startRedis() : undefined
  scene.closing(async () => redis?.kill())
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

/** Every kind of credential file, and each way in which a token can be refused. */
async function onVertex(scene: Scene): Promise<House> {
  const { secrets } = scene.witness
  const mirror = await scene.mirror()
  const door = await openGoogleDoor('oauth2.googleapis.com', mirror.serve, scene.folder)
  scene.closing(async () => door?.close())
  const file = join(scene.folder, 'credentials.json')
  const gateway = await scene.gateway(mirror.url, {
    ...vertex(mirror),
    // Where there is no door, nothing gets out.
    ...(door?.env ?? { HTTPS_PROXY: 'http://127.0.0.1:1', NO_PROXY: '127.0.0.1' }),
    GOOGLE_APPLICATION_CREDENTIALS: file,
    POLLUX_FAILOVER_LOCATIONS: 'us-central1',
    POLLUX_ENDPOINTS: JSON.stringify({
      gemma: { endpoint: '1234567890', location: 'us-central1' },
    }),
  })
  const credentials = credentialsOf(secrets, mirror.url, scene.folder)
  for (const credential of credentials) {
    for (const form of tokenForms) await askWith(credential, form)
  }
  const [workload] = credentials
  if (workload !== undefined) await askWith(workload, 'answer')
  await scene.ask(gateway, [
    ...mirroredAsks('gemini-2.5-flash', {}),
    ...mirroredAsks('gemma', {}).slice(20),
    ...mirroredAsks('meta/llama-3.3-70b-instruct-maas', {}).slice(20),
  ])
  return { name: 'on Vertex AI', gateway, mirror, own: ['an access token'] }

  async function askWith({ what, text }: Credential, form: Form): Promise<void> {
    writeFileSync(file, text)
    mirror.tokenForm = form
    const [first] = mirroredAsks('gemini-2.5-flash', {})
    if (first !== undefined)
      await scene.ask(gateway, [{ ...first, what: `${what}, tokens ${form}` }])
  }
}

const tokenForms: Form[] = ['answer', 'refusal', 'plain', 'broken', 'odd', 'gone']

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
  for (const form of tokenForms) {
    mirror.tokenForm = form
    await scene.ask(gateway, mirroredAsks('gemini-2.5-flash', {}).slice(0, 2))
  }
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

/** Ends a gateway while it sends an answer, and waits until it is gone. */
async function endInMidstream(gateway: GatewayProcess): Promise<void> {
  const body = {
    model: 'gemini-2.5-flash',
    stream: true,
    messages: [{ role: 'user', content: '[[stall]] x' }],
  }
  const asked = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).then((response) => response.text())
  await sleep(100)
  gateway.process.kill('SIGTERM')
  await Promise.all([gateway.exited(8_000), asked.catch(() => undefined)])
}

async function readHealth({ url }: GatewayProcess): Promise<string> {
  const paths = ['/health', '/health/live', '/health/ready']
  const texts = paths.map(async (path) => {
    const response = await fetch(url + path)
    return [...response.headers].join('\n') + (await response.text())
  })
  return (await Promise.all(texts)).join('\n')
}

function fromOutputs({ secrets, words }: Witness, outputs: Map<string, string>): Figure {
  const hits = [...outputs].flatMap(([name, output]) =>
    output
      .split('\n')
      .flatMap((line) =>
        [...secrets.in(line), ...words.in(line)].map(
          (hit) => `${hit}, ${name}: ${line.slice(0, 300)}`,
        ),
      ),
  )
  const written = [...outputs.values()].join('')
  return {
    promise: '0 secrets, prompts and answers in what gateways write at trace',
    ...told(hits, `${outputs.size} gateways, ${written.split('\n').length} lines`),
    kept:
      hits.length === 0 &&
      written.includes('"severity":"ERROR"') &&
      written.includes('client left'),
  }
}

function* fromAnswers({ secrets, words, answers }: Witness): Generator<Figure> {
  const failures = answers.map((answer) => ({ ...answer, ...partsOf(answer) }))
  const failed = failures.filter(({ failure }) => failure !== '')
  const secretIn = (what: string, text: string) => secrets.in(text).map((hit) => `${hit}: ${what}`)
  yield {
    promise: '0 secrets in bodies that tell of a failure',
    ...told(
      failed.flatMap(({ what, failure }) => secretIn(what, failure)),
      `${failed.length} bodies`,
    ),
  }
  const answered = failures.filter(({ content }) => content !== '')
  yield {
    promise: '0 secrets in bodies that answer',
    ...told(
      answered.flatMap(({ what, content }) => secretIn(what, content)),
      `${answered.length} bodies`,
    ),
  }
  yield {
    promise: '0 secrets in headers of answers',
    ...told(
      answers.flatMap(({ what, headers }) => secretIn(what, headers)),
      `${answers.length} answers`,
    ),
  }
  const strangers = answers.flatMap((answer) =>
    words
      .in(answer.headers + answer.body)
      .filter((hit) => hit !== answer.words)
      .map((hit) => `${hit}: ${answer.what}`),
  )
  const quoted = answers.filter(({ body }) => words.in(body).length > 0)
  yield {
    promise: 'nobody’s prompt or answer comes to anybody else',
    ...told(
      strangers,
      `0 in ${answers.length} answers, of which ${quoted.length} have their own words`,
    ),
  }
  const misplaced = failures.flatMap((answer) =>
    misplacedIn(answer, answer.failure, words.in.bind(words)),
  )
  yield {
    promise: 'a failure repeats words of its own client in a 4xx alone, and no header does',
    ...told(misplaced, `0 of ${failed.length}`),
  }
}

/** Where words of the client are that may be in answers and in refusals of them alone. */
function misplacedIn(
  { what, status, headers }: Answer,
  failure: string,
  wordsIn: (text: string) => string[],
): string[] {
  // It names what the client sent and Gemini does not know.
  const others = headers.replaceAll(/^x-pollux-ignored: .*$/gm, '')
  return [
    ...wordsIn(others).map(() => `a header of ${what}`),
    ...(status >= 400 && status < 500 ? [] : wordsIn(failure).map(() => `${status} of ${what}`)),
  ]
}

function fromHealth({ secrets, words }: Witness, healths: string[]): Figure {
  const hits = healths.flatMap((health) => [...secrets.in(health), ...words.in(health)])
  return {
    promise: '0 secrets, prompts and answers in /health',
    ...told(hits, `${healths.length} gateways`),
  }
}

/** Secrets go upstream as the one header of a credential, and no other secret does. */
function* fromUpstream({ secrets }: Witness, houses: House[]): Generator<Figure> {
  const asked = houses.flatMap(({ name, mirror, own }) =>
    (mirror?.received ?? []).map((received) => ({ ...received, name, own })),
  )
  const models = asked.filter(({ url }) => !url.includes('token'))
  const strangers = models.flatMap(({ name, url, headers, body, own }) => {
    const { authorization = '', 'x-goog-api-key': key = '', ...others } = headers
    return [
      ...secrets.in(authorization + key).filter((hit) => !own.includes(hit)),
      ...secrets.in(url + body + JSON.stringify(others)),
    ].map((hit) => `${hit}, ${name}: ${url}`)
  })
  const shown = models.filter(
    ({ headers: { authorization = '', 'x-goog-api-key': key = '' } }) =>
      secrets.in(authorization + key).length > 0,
  )
  yield {
    promise: 'upstream sees its own credential alone, and in one header alone',
    ...told(strangers, `0 others in ${models.length} requests, ${shown.length} with a credential`),
    kept: strangers.length === 0 && shown.length > 500,
  }
  const tokens = asked.length - models.length
  yield {
    promise: '0 secrets in the addresses of token requests',
    ...told(
      asked.flatMap(({ url }) => secrets.in(url)),
      `${tokens} requests`,
    ),
  }
}

/** Mistakes in every variable that holds a secret, each at a start of its own. */
async function fromWrongStarts({ secrets }: Witness, folder: string): Promise<Figure> {
  const key = (beginning = 'sk-') => secrets.make('a secret in a wrong setting', beginning)
  const redis = (rest: string) => ({ REDIS_URL: rest.replace('KEY', key('')) })
  const endpoints = (rest: string) => ({ POLLUX_ENDPOINTS: rest.replace('KEY', key()) })
  const starts: Record<string, string>[] = [
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: 'none' },
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: 'passthrough' },
    { POLLUX_API_KEYS: key(), POLLUX_AUTH: key() },
    { POLLUX_API_KEYS_FILE: key() },
    { POLLUX_API_KEYS_FILE: folder, POLLUX_API_KEYS: key() },
    { [`POLLUX_${key('')}`]: key(), PORT: 'x' },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_API_KEY: key('AIza'), PORT: key() },
    { GEMINI_API_KEY: key('AIza'), LOG_LEVEL: key() },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_GEMINI_BASE_URL: `not a url ${key()}` },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_GEMINI_BASE_URL: `ftp://u:${key()}@x/` },
    { GEMINI_API_KEY: key('AIza'), GOOGLE_VERTEX_BASE_URL: `//u:${key()}@` },
    { GOOGLE_CLOUD_PROJECT: key(), GOOGLE_CLOUD_LOCATION: `/${key()}` },
    { GOOGLE_GENAI_USE_VERTEXAI: key() },
    { HOST: key() },
    redis('http://:KEY@127.0.0.1:1'),
    redis('KEY'),
    redis('redis://:KEY@127.0.0.1:999999'),
    redis('redis://:KEY@127.0.0.1:1/not-a-number'),
    redis('redis://:%KEY%@127.0.0.1:1'),
    redis('redis://:KEY/?#@127.0.0.1:1'),
    endpoints('{"local":{"url":"http://x/v1","apiKey":"KEY"'),
    endpoints('{"local":{"url":"http://x/v1","apiKey":["KEY"]}}'),
    endpoints('{"local":{"url":"http://x/v1","apikey":"KEY"}}'),
    endpoints('{"local":{"url":"ftp://u:KEY@x/v1"}}'),
    endpoints('{"local":{"apiKey":"KEY"}}'),
    endpoints('["KEY"]'),
    endpoints('KEY'),
    { ...endpoints('{"local":{"url":"http://x/v1","apiKey":"KEY"}}'), POLLUX_AUTH: 'passthrough' },
    { ...endpoints('{"gemma":{"endpoint":"KEY"}}') },
  ]
  const hits: string[] = []
  let refused = 0
  await inParallel(starts, 4, async (env) => {
    const child = startChild({ LOG_LEVEL: 'trace', ...env })
    const code = await child.exited(10_000).catch(() => null)
    child.kill()
    if (code !== null) refused += 1
    const names = Object.keys(env).join(', ')
    hits.push(...secrets.in(child.output()).map(() => `${names}: ${child.output().slice(0, 300)}`))
  })
  return {
    promise: '0 secrets in what is said about a wrong configuration',
    ...told(hits, `${starts.length} starts, ${refused} refused`),
  }
}

/** What was found, the first of it in full. */
function told(hits: string[], otherwise: string): Pick<Figure, 'seen' | 'kept'> {
  const [first] = hits
  if (first === undefined) return { seen: otherwise, kept: true }
  const different = [...new Set(hits)]
  const list = different.slice(0, 12).map((hit) => `\n      ${hit}`)
  return {
    seen: `${hits.length} hits, ${different.length} different:${list.join('')}`,
    kept: false,
  }
}
