import { hash } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { z } from 'zod'
import { type LaidOut, layOut } from '../../bench/image.ts'
import { type ByHand, startByHand } from '../../src/emulator/by-hand.ts'
import { type MetadataServer, startMetadataServer } from '../../src/emulator/metadata.ts'
import { said } from '../support/gemini.ts'
import { connectH2 } from '../support/h2-client.ts'
import { freePort } from '../support/port.ts'
import { connectRaw, readReply, sendRaw, toHttp } from '../support/raw-client.ts'
import { hear } from './support/chat-client.ts'
import {
  canContain,
  type Container,
  furnish,
  inventory,
  startContainer,
} from './support/container.ts'
import { startDrainingGoogle } from './support/draining-google.ts'
import { rssOf } from './support/process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'the image, run as Cloud Run runs it by deploy/cloudrun/service.yaml'

const root = join(import.meta.dirname, '..', '..')
const key = 'key-of-a-client'
const asClient = { authorization: `Bearer ${key}` }

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  if (!canContain()) {
    yield {
      promise: 'the image runs as on Cloud Run',
      seen: 'no namespaces here: skipped',
      kept: true,
    }
    return
  }
  const image = tryLayOut()
  if (image === undefined) {
    yield {
      promise: 'the image runs as on Cloud Run',
      seen: 'no registry here: skipped',
      kept: true,
    }
    return
  }
  furnish(image, {
    [variables.POLLUX_CONFIG ?? '']: `keys: [{ name: ci, sha256: ${hash('sha256', key)} }]`,
  })
  const google = await startByHand()
  const metadata = await startMetadataServer({ expiresIn: 3600 })
  try {
    for (let round = 0; round < (edition === 'short' ? 1 : 20); round += 1) {
      yield* life({ image, google, metadata }, edition === 'short' ? 20 : 200)
    }
    yield* full({ image, metadata })
  } finally {
    await google.close()
    await metadata.close()
    rmSync(dirname(image.root), { recursive: true })
  }
}

/** Undefined where its packages are out of reach. */
function tryLayOut(): LaidOut | undefined {
  try {
    return layOut()
  } catch (error) {
    if (error instanceof Error && error.message.includes('npm ci')) return undefined
    throw error
  }
}

interface Walled {
  image: LaidOut
  metadata: MetadataServer
}

interface Scene extends Walled {
  google: ByHand
}

/** As much of service.yaml as Cloud Run goes by. */
const service = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({
        containerConcurrency: z.int(),
        containers: z.tuple([
          z.object({
            env: z.array(z.object({ name: z.string(), value: z.string() })),
            resources: z.object({ limits: z.object({ memory: z.string() }) }),
            startupProbe: z.object({
              httpGet: z.object({ path: z.string() }),
              periodSeconds: z.int(),
              failureThreshold: z.int(),
            }),
            livenessProbe: z.object({ httpGet: z.object({ path: z.string() }) }),
          }),
        ]),
      }),
    }),
  }),
})
const manifest = readFileSync(join(root, 'deploy/cloudrun/service.yaml'), 'utf8')
const spec = service.parse(parse(manifest.replaceAll('PROJECT_ID', 'my-project'))).spec.template
  .spec
const [{ env, resources, startupProbe, livenessProbe }] = spec.containers
const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]))
const mebibytes = Number(/^(\d+)Mi$/.exec(resources.limits.memory)?.[1])

/** What Cloud Run sets, what service.yaml does, and where Google is played. */
async function start(
  { image, metadata }: Walled,
  google: { url: string },
): Promise<{ url: string; container: Container }> {
  const port = await freePort()
  const container = await startContainer(image, {
    env: {
      PORT: String(port),
      K_SERVICE: 'pollux',
      K_REVISION: 'pollux-00001-abc',
      K_CONFIGURATION: 'pollux',
      ...variables,
      GCE_METADATA_HOST: metadata.host,
      GOOGLE_VERTEX_BASE_URL: google.url,
    },
    memory: mebibytes * 2 ** 20,
  })
  return { url: `http://127.0.0.1:${port}`, container }
}

/** From the start to SIGTERM. */
async function* life(scene: Scene, streams: number): AsyncGenerator<Figure> {
  const { image, google, metadata } = scene
  // A metadata server that is not there yet.
  metadata.fail({ status: 500 })
  const before = inventory(image.root)
  const started = performance.now()
  const { url, container } = await start(scene, google)
  try {
    while (!(await takes(url))) {
      if (performance.now() - started > 20_000) throw new Error(container.stderr())
      await sleep(5)
    }
    const listening = performance.now() - started
    yield* early(scene, url)
    const probes = await probe(url)
    yield {
      promise: `${startupProbe.httpGet.path} over HTTP/1 says 200 within ${startupProbe.failureThreshold} probes`,
      seen: `${probes}`,
      kept: probes <= startupProbe.failureThreshold,
    }
    const { uid, readOnly, memory } = container.walls()
    const idle = rssOf(container.pid)
    yield {
      promise: 'it runs as uid 65532, on a root that it can read only, within 512 MiB',
      seen: `uid ${uid}, ${readOnly ? 'read-only' : 'writable'}, ${mebibytes} MiB by ${memory}`,
      kept: uid === 65_532 && readOnly && mebibytes === 512,
    }
    yield {
      promise: 'start and idle memory (shown; bench/ measures)',
      seen: `listening ${listening.toFixed(0)} ms after the container’s start, ${idle.toFixed(0)} MB`,
      kept: true,
    }
    yield* bothProtocols(google, url)
    yield await hangUps(google, url, 'HTTP/1')
    yield await hangUps(google, url, 'h2c')
    yield* end(scene, url, container, streams)
    yield* traces(container, before, inventory(image.root))
  } finally {
    await container.close()
  }
}

/** Requests that Cloud Run lets through before it knows that the instance is ready. */
async function* early({ google, metadata }: Scene, url: string): AsyncGenerator<Figure> {
  google.answer((asked) => asked.usual())
  const notYet = await sendRaw(url, toHttp(`GET ${startupProbe.httpGet.path}`))
  const live = await sendRaw(url, toHttp(`GET ${livenessProbe.httpGet.path}`))
  const asked = sendRaw(url, toHttp('POST /v1/chat/completions', question(false), asClient))
  await sleep(100)
  metadata.fail({})
  const { status } = await asked
  yield {
    promise: 'before there is a token it lives, is not ready, and answers who comes all the same',
    seen: `${live.status}, ${notYet.status}, ${status}`,
    kept: live.status === 200 && notYet.status === 503 && status === 200,
  }
}

/** Resolves with the number of the probe that was content; infinite where none was. */
async function probe(url: string): Promise<number> {
  for (let at = 1; at <= startupProbe.failureThreshold; at += 1) {
    const { status } = await sendRaw(url, toHttp(`GET ${startupProbe.httpGet.path}`))
    if (status === 200) return at
    await sleep(1000 * startupProbe.periodSeconds)
  }
  return Infinity
}

async function takes(url: string): Promise<boolean> {
  try {
    const client = await connectRaw(url)
    client.leave()
    return true
  } catch {
    return false
  }
}

function question(stream: boolean, words = 'Hi'): string {
  return JSON.stringify({
    model: 'gemini-2.5-flash',
    stream,
    messages: [{ role: 'user', content: words }],
  })
}

async function* bothProtocols(google: ByHand, url: string): AsyncGenerator<Figure> {
  google.answer((asked) => asked.usual())
  const body = question(true)
  const one = await sendRaw(url, toHttp('POST /v1/chat/completions', body, asClient))
  const client = await connectH2(url)
  const two = await client.ask('/v1/chat/completions', body, asClient).answer()
  const refused = await client.ask('/v1/chat/completions', body).answer()
  client.close()
  const same = hear(one.body).content === hear(two.body).content
  yield {
    promise: 'a stream is the same over HTTP/1 and h2c; who has no key gets 401',
    seen: `${one.status} and ${two.status}, ${same ? 'the same' : 'different'}; ${refused.status}`,
    kept:
      one.status === 200 &&
      two.status === 200 &&
      same &&
      hear(two.body).done &&
      refused.status === 401,
  }
}

/** Whatever else the machine does only adds: most of a few are to be in time. */
async function hangUps(google: ByHand, url: string, over: 'HTTP/1' | 'h2c'): Promise<Figure> {
  google.answer()
  const took: number[] = []
  for (let times = 0; times < 5; times += 1) {
    const leave = await begin(url, over)
    const asked = await google.next()
    asked.begin()
    await sleep(20)
    const since = performance.now()
    leave()
    took.push((await asked.left) - since)
  }
  const [least = NaN, , median = NaN, , most = NaN] = took.toSorted((one, other) => one - other)
  return {
    promise: `who hangs up over ${over} ends what Google does within 100 ms`,
    seen: `${took.length} times, ${median.toFixed(1)} ms [${least.toFixed(1)}–${most.toFixed(1)}]`,
    kept: median < 100,
  }
}

/** Sends a request for a stream, and gives back how to hang up. */
async function begin(url: string, over: 'HTTP/1' | 'h2c'): Promise<() => void> {
  if (over === 'HTTP/1') {
    const client = await connectRaw(url)
    client.send(toHttp('POST /v1/chat/completions', question(true), asClient))
    return () => client.leave()
  }
  const client = await connectH2(url)
  const { stream } = client.ask('/v1/chat/completions', question(true), asClient)
  return () => {
    stream.close(8)
    client.session.close()
  }
}

/** SIGTERM, and ten seconds later SIGKILL, while streams run: half of them to their end, half beyond it. */
async function* end(
  { google }: Scene,
  url: string,
  container: Container,
  streams: number,
): AsyncGenerator<Figure> {
  google.answer((asked) => {
    const ends = JSON.stringify(asked.body).includes('short')
    asked.events(said('Once'))
    if (!ends) return
    setTimeout(() => {
      asked.events(said(' upon a time.', 'STOP'))
      asked.end()
    }, 3_000)
  })
  const client = await connectH2(url)
  const running: Promise<string>[] = []
  for (let at = 0; at < streams; at += 1) {
    const body = question(true, at % 4 < 2 ? 'short' : 'endless')
    if (at % 2 === 0) {
      running.push(
        client
          .ask('/v1/chat/completions', body, asClient)
          .answer(15_000)
          .then((one) => one.body),
      )
    } else {
      const raw = await connectRaw(url)
      raw.send(toHttp('POST /v1/chat/completions', body, asClient))
      running.push(raw.closed(15_000).then((text) => readReply(text).body))
    }
  }
  while (google.requests.filter(({ gone }) => !gone).length < streams) await sleep(10)
  await sleep(200)
  const since = performance.now()
  container.signal('SIGTERM')
  const kill = setTimeout(() => container.signal('SIGKILL'), 10_000)
  const code = await container.exited(12_000)
  clearTimeout(kill)
  const took = performance.now() - since
  const ends = (await Promise.all(running)).map(hear)
  client.close()
  const done = ends.filter((one) => one.done && one.error === undefined).length
  const told = ends.filter((one) => !one.done && one.error === 'server_shutting_down').length
  yield {
    promise: `SIGTERM under ${streams} streams: each ends with [DONE] or an error event`,
    seen: `${done} with [DONE], ${told} told`,
    kept: done + told === streams && done === streams / 2,
  }
  yield {
    promise: 'it exits with 0 before SIGKILL comes, 10 s after SIGTERM',
    seen: `${code} after ${(took / 1000).toFixed(2)} s`,
    kept: code === 0,
  }
}

/** What it left behind. */
function* traces(container: Container, before: string[], after: string[]): Generator<Figure> {
  const changed = after.filter((line) => !before.includes(line))
  const gone = before.filter((line) => !after.includes(line))
  yield {
    promise: 'it writes nothing on disk',
    seen: `${changed.length + gone.length} changes among ${before.length} files`,
    kept: changed.length + gone.length === 0 && before.length > 10,
  }
  const lines = container.stdout().split('\n').slice(0, -1)
  const json = lines.filter(isLogLine)
  yield {
    promise: 'stdout is JSON lines with severity and message, stderr is empty',
    seen: `${json.length} of ${lines.length} lines, ${container.stderr().length} bytes`,
    kept: lines.length > 5 && json.length === lines.length && container.stderr() === '',
  }
}

function isLogLine(line: string): boolean {
  try {
    const entry: unknown = JSON.parse(line)
    return z.object({ severity: z.string(), message: z.string() }).safeParse(entry).success
  } catch {
    return false
  }
}

/** As many requests at a time as Cloud Run sends, each with a long body: 512 MiB have to do. */
async function* full(scene: Walled): AsyncGenerator<Figure> {
  const google = await startDrainingGoogle()
  const { url, container } = await start(scene, google)
  try {
    while (!(await takes(url))) await sleep(5)
    await probe(url)
    const long = question(false, 'x'.repeat(2 ** 20))
    const asked = Array.from({ length: spec.containerConcurrency }, () => statusOf(url, long))
    const statuses = await Promise.all(asked)
    const served = statuses.filter((status) => status === 200).length
    const told = statuses.filter((status) => status === 503).length
    const { peak } = container.walls()
    const lives = (await sendRaw(url, toHttp(`GET ${livenessProbe.httpGet.path}`))).status === 200
    yield {
      promise: `${statuses.length} requests of 1 MiB at a time: each is answered or told to wait, and 512 MiB are enough`,
      seen: `${served} answered, ${told} told, ${peak?.toFixed(0) ?? '?'} MB at the most`,
      kept: lives && served > 0 && served + told === statuses.length,
    }
  } finally {
    await container.close()
    await google.close()
  }
}

/** 0 where there is no answer. */
async function statusOf(url: string, body: string): Promise<number> {
  const client = await connectRaw(url)
  try {
    client.send(toHttp('POST /v1/chat/completions', body, asClient))
    return readReply(await client.closed(30_000)).status
  } catch {
    return 0
  } finally {
    client.leave()
  }
}
