import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEntry } from '../../src/emulator/log.ts'
import { startMetadataServer } from '../../src/emulator/metadata.ts'
import { type Emulator, startEmulator } from '../../src/emulator/server.ts'
import type { Edition, Figure } from './suite.ts'
import { evilStrings } from './support/evil-urls.ts'
import { inParallel, none } from './support/figures.ts'
import { sendBytes } from './support/fuzz-client.ts'
import { importing } from './support/inside.ts'
import { startGatewayProcess } from './support/process.ts'
import type { Reply } from './support/replies.ts'
import { misshapen } from './support/shape.ts'

export const about = 'names and addresses that lead elsewhere'

const project = 'my-project'
const location = 'us-central1'

export async function* suite(_edition: Edition): AsyncGenerator<Figure> {
  const trap = await setTrap()
  const emulator = await startEmulator()
  const metadata = await startMetadataServer()
  const folder = mkdtempSync(join(tmpdir(), 'pollux-urls-'))
  const report = join(folder, 'destinations')
  writeFileSync(report, '')
  const gateway = await startGatewayProcess(emulator.url, {
    GOOGLE_CLOUD_PROJECT: project,
    GOOGLE_CLOUD_LOCATION: location,
    GOOGLE_VERTEX_BASE_URL: emulator.url,
    GCE_METADATA_HOST: metadata.host,
    POLLUX_ENDPOINTS: JSON.stringify({ own: { endpoint: '123' } }),
    NODE_OPTIONS: importing('destinations-hook.ts'),
    DESTINATIONS: report,
  })
  try {
    const tried = await tryAll(gateway.url, attemptsWith(trap.port), emulator)
    yield* figures(tried)
    const expected = [gateway.url, emulator.url, metadata.url].map((url) => new URL(url).host)
    const destinations = [...new Set(readFileSync(report, 'utf8').trim().split('\n'))]
    const seen = destinations.filter((one) => expected.includes(one))
    yield {
      promise: 'what the gateway connects to is seen: the model and the metadata server',
      seen: seen.join(', '),
      kept: seen.length === 2,
    }
    yield none(
      '0 connections to, and 0 look-ups of, anything else',
      destinations.filter((one) => !expected.includes(one) && !/^name 127\.0\.0\.1$/.test(one)),
    )
    const caught = trap.caught()
    const sprung = await trap.works()
    yield {
      promise: '0 connections to the listener that the addresses point at',
      seen: sprung ? String(caught) : 'it does not listen',
      kept: caught === 0 && sprung,
    }
  } finally {
    gateway.kill()
    await Promise.all([emulator.close(), metadata.close(), trap.close()])
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One evil string in one place. */
interface Attempt {
  name: string
  bytes: string
  /** Only these schemes may go on to the model. */
  isMedia?: boolean
}

interface Tried {
  attempt: Attempt
  replies: Reply[]
  /** What reached the model because of it. */
  reached: LogEntry[]
}

function attemptsWith(port: number): Attempt[] {
  const evil = evilStrings(port)
  const prefixes = [
    '',
    'gemini/',
    'vertex/',
    'models/',
    'google/',
    'publishers/google/models/',
    `projects/${project}/locations/${location}/publishers/google/models/`,
  ]
  const media: ((url: string) => object)[] = [
    (url) => content({ type: 'image_url', image_url: { url } }),
    (url) => content({ type: 'image_url', image_url: url }),
    (url) => content({ type: 'file', file: { file_data: url } }),
    (url) => content({ type: 'file', file: { file_id: url } }),
    (url) => content({ type: 'input_audio', input_audio: { data: url, format: 'wav' } }),
    (url) => content({ type: 'video_url', video_url: { url } }),
    (url) => content({ type: 'audio_url', audio_url: { url } }),
    (url) => ({
      ...content({ type: 'image_url', image_url: { url } }),
      model: 'vertex/gemini-2.5-flash',
    }),
  ]
  const messages = [{ role: 'user', content: 'x' }]
  const inPaths: ((word: string) => string)[] = [
    (word) => `POST /v1/projects/${word}/locations/${location}/endpoints/openapi/chat/completions`,
    (word) =>
      `POST /v1beta1/projects/${project}/locations/${word}/endpoints/openapi/chat/completions`,
    (word) =>
      `POST /v1/projects/${project}/locations/${location}/endpoints/${word}/chat/completions`,
    (word) => `POST /v1beta/openai/${word}`,
    (word) => `GET /v1/models/${word}`,
    (word) => `GET /v1beta/openai/models/${word}`,
    (word) => `POST /v1/${word}/chat/completions`,
    (word) => `POST http://${word}/v1/chat/completions`,
  ]
  const elsewhere = [
    'api_base',
    'base_url',
    'baseURL',
    'api_key',
    'endpoint',
    'host',
    'vertex_project',
    'vertex_location',
    'http_options',
    'proxy',
    'google',
    'extra_headers',
    'project',
    'location',
  ]
  const target = `http://127.0.0.1:${port}/`
  return evil
    .flatMap((word, at) => {
      const shown = JSON.stringify(word.slice(0, 60))
      const model = (prefixes[at % prefixes.length] ?? '') + word
      const inBody = media[at % media.length] ?? ((url) => content({ text: url }))
      const toLine = inPaths[at % inPaths.length] ?? String
      const written =
        /^[!-~]*$/.test(word) && at % 2 === 0 ? word : encodeURIComponent(word.toWellFormed())
      return [
        { name: `model ${shown}`, bytes: post({ model, messages }) },
        {
          name: `model ${shown}, bare, streamed`,
          bytes: post({ model: word, messages, stream: true }),
        },
        { name: `media ${shown}`, bytes: post(inBody(word)), isMedia: true },
        {
          name: `path ${toLine(shown)}`,
          bytes: post({ model: 'gemini-2.5-flash', messages }, toLine(written)),
        },
        {
          name: `cached content ${shown}`,
          bytes: post({
            model: at % 2 === 0 ? 'gemini-2.5-flash' : 'vertex/gemini-2.5-flash',
            messages,
            extra_body: { google: { cached_content: word } },
          }),
        },
      ]
    })
    .concat(
      elsewhere.flatMap((key) => [
        {
          name: `${key} in the body`,
          bytes: post({ model: 'gemini-2.5-flash', messages, [key]: target }),
        },
        {
          name: `${key} for Google`,
          bytes: post({
            model: 'vertex/gemini-2.5-flash',
            messages,
            extra_body: { google: { [key]: target }, [key]: target },
          }),
        },
        {
          name: `${key} as a header`,
          bytes: post(
            { model: 'own', messages },
            undefined,
            `${key}: ${target}\r\nX-Forwarded-Host: 127.0.0.1:${port}\r\nX-Goog-User-Project: evil\r\n`,
          ),
        },
      ]),
    )
}

/** A request whose user shows this. */
function content(part: object): object {
  return { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: [part] }] }
}

function post(body: object, line = 'POST /v1/chat/completions', fields = ''): string {
  const text = Buffer.from(JSON.stringify(body)).toString('latin1')
  return `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${fields}Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`
}

async function tryAll(url: string, attempts: Attempt[], emulator: Emulator): Promise<Tried[]> {
  const tried: Tried[] = []
  // One by one: what reached the model in the meantime came of this one.
  await inParallel(attempts, 1, async (attempt) => {
    emulator.log.clear()
    const { replies } = await sendBytes(url, attempt.bytes, 0)
    tried.push({ attempt, replies, reached: emulator.log.entries })
  })
  return tried
}

const method = String.raw`(generateContent|streamGenerateContent\?alt=sse)`
const model = String.raw`(gemini|gemma|learnlm)-[\w.-]{1,120}`
const place = `projects/${project}/locations/${location}`
const templates = [
  new RegExp(`^/v1beta/models/${model}:${method}$`),
  new RegExp(`^/v1beta1/${place}/publishers/google/models/${model}:${method}$`),
  new RegExp(`^/v1beta1/${place}/endpoints/openapi/chat/completions$`),
  new RegExp(`^/v1/${place}/endpoints/123/chat/completions$`),
]

function* figures(tried: Tried[]): Generator<Figure> {
  const reached = tried.filter((one) => one.reached.length > 0)
  yield {
    promise: '>= 500 evil models, places, URLs and names',
    seen: `${tried.length}; the model was asked in ${reached.length} of them`,
    kept: tried.length >= 500 && reached.length > 0 && reached.length < tried.length / 2,
  }
  yield none(
    '0 escapes: each path upstream fits the template',
    reached.flatMap(({ attempt, reached: entries }) =>
      entries
        .filter((entry) => !templates.some((template) => template.test(entry.path)))
        .map((entry) => `${entry.path} for ${attempt.name}`),
    ),
  )
  yield none(
    'the rest is refused with 400 or 404, without a call upstream',
    tried.flatMap(({ attempt, replies, reached: entries }) => {
      const [reply] = replies
      const refused = reply !== undefined && [400, 404].includes(reply.status)
      const listed = reply?.status === 200 && attempt.name.startsWith('path GET')
      const fault = reply === undefined ? 'no answer' : misshapen(reply)
      if (fault !== undefined) return `${fault} for ${attempt.name}`
      return entries.length > 0 || refused || listed ? [] : `${reply?.status} for ${attempt.name}`
    }),
  )
  yield none(
    'only https: and gs: URLs go on to the model',
    tried.flatMap(({ attempt, reached: entries }) =>
      entries.flatMap((entry) =>
        [...JSON.stringify(entry.body ?? '').matchAll(/"fileUri":"([^"]*)"/g)]
          .filter(([, uri = '']) => !/^(https|gs):\/\/[^\s\\]/.test(uri))
          .map(([, uri]) => `${uri} for ${attempt.name}`),
      ),
    ),
  )
  yield none(
    'cached contents go on by their own name only',
    tried.flatMap(({ attempt, reached: entries }) =>
      entries.flatMap((entry) =>
        [...JSON.stringify(entry.body ?? '').matchAll(/"cachedContent":("(?:[^"\\]|\\.)*")/g)]
          .filter(
            ([, name = '']) => !new RegExp(`^"(${place}/)?cachedContents/[\\w-]+"$`).test(name),
          )
          .map(([, name]) => `${name} for ${attempt.name}`),
      ),
    ),
  )
}

/** A listener on all addresses of this machine that counts who comes. */
async function setTrap() {
  let count = 0
  const server = createServer((socket) => {
    count += 1
    socket.destroy()
  })
  await once(server.listen(0), 'listening')
  // A server that listens on TCP has an address with a port.
  const { port } = server.address() as AddressInfo
  return {
    port,
    caught: () => count,
    /** Whether it would have noticed. */
    async works() {
      const before = count
      await sendBytes(`http://127.0.0.1:${port}`, 'x', 0).catch(() => undefined)
      return count === before + 1
    },
    async close() {
      server.close()
      await once(server, 'close')
    },
  }
}
