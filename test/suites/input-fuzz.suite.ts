import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ApiError } from '../../src/errors.ts'
import { toGemini } from '../../src/translate/chat/request.ts'
import type { Edition, Figure } from './suite.ts'
import { inParallel, none, percentile, randomFrom } from './support/figures.ts'
import { type Asked, bodyClient, sendBytes } from './support/fuzz-client.ts'
import { oddBody, poisonedBody } from './support/odd-bodies.ts'
import { oddFields, oddHeaderValue, oddLine } from './support/odd-heads.ts'
import { type OpenGateway, startOpenGateway } from './support/inside.ts'
import type { Random } from './support/odd-json.ts'
import { type GatewayProcess } from './support/process.ts'
import type { Reply } from './support/replies.ts'
import { misshapen } from './support/shape.ts'
import { startEmulatorProcess, type UpstreamProcess } from './support/upstream-process.ts'

export const about = 'generated bad and odd input: bodies, headers, paths'

/** `SEED` runs the inputs of an earlier run again. */
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
const path = '/v1/chat/completions'
const width = 4

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  console.log(`  seed ${seed}`)
  const emulator = await startEmulatorProcess()
  const gateway = await startOpenGateway(emulator.url)
  try {
    yield* fuzz(gateway, emulator, edition === 'long' ? 100_000 : 10_000)
  } finally {
    gateway.kill()
    await emulator.close()
  }
  yield prototypes(edition === 'long' ? 10_000 : 1000)
}

interface Input {
  name: string
  send: () => Promise<Asked>
  /** To be run again. */
  text: string
}

async function* fuzz(
  gateway: OpenGateway,
  emulator: UpstreamProcess,
  count: number,
): AsyncGenerator<Figure> {
  const { url } = gateway
  const client = bodyClient(url, width)
  const random = randomFrom(seed)
  const directory = join(tmpdir(), `pollux-fuzz-${seed}`)
  const seen: Seen = { took: [], faults: [], failed: [], slow: [], statuses: new Map() }
  const makers = [
    bodyInput,
    bodyInput,
    bodyInput,
    bodyInput,
    bodyInput,
    headInput,
    headInput,
    lineInput,
  ]
  const first = await client.post(path, steady)
  const parts: { rss: number; p99: number }[] = []
  // Made before they are sent, so that making them delays no answer.
  for (let made = 0; made < count; made += 500) {
    const inputs = Array.from({ length: 500 }, (_, at) => {
      const make = makers[at % makers.length] ?? bodyInput
      return make(random, url, client)
    })
    await inParallel(inputs, width, (input) => tryOut(input, seen, directory))
    const { rss } = await gateway.look()
    parts.push({ rss, p99: percentile(seen.took.slice(-500), 0.99) })
  }
  const last = await client.post(path, steady)
  client.close()
  // The machine has other things to do now and then: the calmest quarter of the parts tells what is the gateway's.
  const p99 = percentile(
    parts.map((part) => part.p99),
    0.25,
  )
  const warm = parts[4]?.rss ?? Number.NaN
  const growth = Math.max(...parts.slice(5).map(({ rss }) => rss)) - warm
  const statuses = [...seen.statuses].toSorted(([a], [b]) => a - b)
  yield {
    promise: `${count} inputs tried`,
    seen: `${statuses.map(([status, times]) => `${times} × ${status}`).join(', ')}, seed ${seed}`,
    kept: seen.took.length === count && (seen.statuses.get(200) ?? 0) > count / 10,
  }
  yield none('0 answers of 500 or more that an input caused', seen.failed)
  yield none('100 % of refusals in OpenAI’s shape, every input answered', seen.faults)
  yield none('0 crashes, 0 unhandled rejections, 0 warnings', complaints(gateway))
  yield {
    promise: `p99 <= 50 ms, ${width} at a time, in the calmest quarter of ${parts.length} parts`,
    seen: `${p99.toFixed(1)} ms, p50 ${percentile(seen.took, 0.5).toFixed(1)} ms${slowest(seen.slow)}`,
    kept: p99 <= 50,
  }
  yield {
    promise: 'resident memory, its garbage collected, grows by <= 30 MB after 2,500 inputs',
    seen: `${growth.toFixed(1)} MB, from ${warm.toFixed(0)} MB`,
    kept: growth <= 30,
  }
  yield {
    promise: 'the same request gets the same answer before and after',
    seen: sameSaid(first, last) ? 'the same' : `${last.replies[0]?.body.slice(0, 200)}`,
    kept: sameSaid(first, last),
  }
  yield* headers(url, emulator, count, randomFrom(seed + 1))
}

interface Seen {
  took: number[]
  faults: string[]
  failed: string[]
  slow: string[]
  statuses: Map<number, number>
}

const steady = JSON.stringify({
  model: 'gemini-2.5-flash',
  messages: [{ role: 'user', content: 'Repeat: as steady as a rock' }],
})

async function tryOut({ name, send, text }: Input, seen: Seen, directory: string): Promise<void> {
  const keep = () => {
    mkdirSync(directory, { recursive: true })
    const file = join(directory, `${seen.took.length}-${name}`)
    writeFileSync(file, text, 'latin1')
    return file
  }
  try {
    const { replies, took } = await send()
    seen.took.push(took)
    if (took > 100) seen.slow.push(`${took.toFixed(0)} ms for ${keep()}`)
    if (replies.length === 0) seen.faults.push(`no answer to ${keep()}`)
    for (const reply of replies) {
      seen.statuses.set(reply.status, (seen.statuses.get(reply.status) ?? 0) + 1)
      if (isFailure(reply)) seen.failed.push(`${reply.status} for ${keep()}`)
      const fault = name === 'HEAD' ? undefined : misshapen(reply)
      if (fault !== undefined) seen.faults.push(`${fault} for ${keep()}`)
    }
  } catch (error) {
    seen.took.push(Number.POSITIVE_INFINITY)
    seen.faults.push(`${String(error)} for ${keep()}`)
  }
}

function slowest(slow: string[]): string {
  if (slow.length === 0) return ''
  const shown = slow.toSorted((a, b) => Number.parseInt(b) - Number.parseInt(a)).slice(0, 8)
  return `; ${slow.length} above 100 ms:\n      ${shown.join('\n      ')}`
}

/** 500 and above, or an error of ours in a stream that had begun. */
function isFailure({ status, body }: Reply): boolean {
  return status >= 500 || (status === 200 && /^data: \{"error":.*"server_error"/m.test(body))
}

function bodyInput(random: Random, _url: string, client: ReturnType<typeof bodyClient>): Input {
  const body = oddBody(random)
  return {
    name: 'body',
    text: Buffer.from(body).toString('latin1'),
    send: () => client.post(path, body),
  }
}

/** Odd headers on a good request. */
function headInput(random: Random, url: string): Input {
  const asks = random() < 0.5
  const line = asks ? `POST ${path} HTTP/1.1` : 'GET /v1/models HTTP/1.1'
  const typed = asks ? `Content-Type: application/json\r\nContent-Length: ${steady.length}\r\n` : ''
  const bytes = `${line}\r\nHost: x\r\nConnection: close\r\n${typed}${oddFields(random)}\r\n${asks ? steady : ''}`
  return { name: 'head', text: bytes, send: () => sendBytes(url, bytes, 0) }
}

function lineInput(random: Random, url: string): Input {
  const line = oddLine(random)
  const body = random() < 0.5 ? steady : '{}'
  const bytes = `${line}\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const isHead = line.startsWith('HEAD')
  return {
    name: isHead ? 'HEAD' : 'line',
    text: bytes,
    send: () => sendBytes(url, bytes, isHead ? 1 : 0),
  }
}

/** What the process said that it should never have to say. */
function complaints(gateway: GatewayProcess): string[] {
  const lines = gateway.output().split('\n')
  const said = lines.filter((line) =>
    /unhandled|uncaught|Warning:|TypeError|RangeError|ReferenceError|Maximum call stack/i.test(
      line,
    ),
  )
  const ended = gateway.process.exitCode ?? gateway.process.signalCode
  return ended === null ? said : [`it ended with ${ended}: ${lines.slice(-5).join('\n')}`, ...said]
}

function sameSaid(first: Asked, last: Asked): boolean {
  const [a, b] = [first, last].map(({ replies }) =>
    replies[0]?.body.replace(/"(id|created)":[^,]+/g, ''),
  )
  return a !== undefined && a === b && a.includes('as steady as a rock')
}

/** Names that the gateway itself writes upstream, and those it may pass on. */
const upstreamHeaders = new Set([
  'host',
  'connection',
  'x-goog-api-key',
  'content-type',
  'accept-encoding',
  'content-length',
  'transfer-encoding',
  'traceparent',
  'tracestate',
])

async function* headers(
  url: string,
  emulator: UpstreamProcess,
  count: number,
  random: Random,
): AsyncGenerator<Figure> {
  const faults: string[] = []
  const cases = Array.from({ length: count }, () => oddHeaderValue(random))
  await inParallel(cases, width, async (value) => {
    const bytes = `GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: ${Buffer.from(value).toString('latin1')}\r\n\r\n`
    const { replies } = await sendBytes(url, bytes, 0)
    const [reply] = replies
    const id = reply?.headers.get('x-request-id') ?? ''
    if (reply === undefined || replies.some(({ status }) => status >= 500)) {
      faults.push(`${reply?.status} for ${JSON.stringify(value)}`)
    }
    if (replies.some((one) => one.headers.has('x-injected')) || !/^[!-~]{1,128}$/.test(id)) {
      faults.push(`x-request-id: ${id} for ${JSON.stringify(value)}`)
    }
  })
  yield none(`0 injected headers, 0 exceptions in ${count} odd request ids`, faults)
  // The emulator tells of the last thousand.
  const log: unknown = await (await fetch(`${emulator.url}/_log`)).json()
  const { requests } = log as { requests: { headers: Record<string, string> }[] }
  const passed = requests.flatMap((asked) =>
    Object.keys(asked.headers).filter((name) => !upstreamHeaders.has(name)),
  )
  yield none('0 headers of clients reach the model', [...new Set(passed)])
}

/** Members that name a prototype, read and translated in this very process. */
function prototypes(count: number): Figure {
  const random = randomFrom(seed + 2)
  const before = describePrototypes()
  const faults: string[] = []
  let translated = 0
  for (let at = 0; at < count; at += 1) {
    const text = poisonedBody(random)
    for (const provider of ['gemini', 'vertex'] as const) {
      try {
        const { request } = toGemini(JSON.parse(text), {
          provider,
          model: 'gemini-2.5-flash',
          thoughts: 'reasoning_content',
          remembered: new Map(),
        })
        translated += 1
        if (Reflect.get(JSON.parse(JSON.stringify(request)), 'polluted') !== undefined) {
          faults.push(`a poisoned request for ${text}`)
        }
      } catch (error) {
        if (!(error instanceof ApiError) || error.status >= 500)
          faults.push(`${String(error)} for ${text}`)
      }
    }
    if (describePrototypes() !== before) faults.push(`a changed prototype after ${text}`)
  }
  const kept = faults.length === 0 && translated > count / 2
  const seen =
    faults.length === 0
      ? `0, ${translated} of ${2 * count} translated`
      : faults.slice(0, 5).join('\n      ')
  return { promise: `0 prototypes changed by ${count} poisoned bodies`, seen, kept }
}

function describePrototypes(): string {
  return [
    Object,
    Array,
    Function,
    String,
    Number,
    Boolean,
    Map,
    Set,
    RegExp,
    Error,
    Promise,
    ApiError,
  ]
    .map(({ prototype, name }) => `${name}: ${Reflect.ownKeys(prototype).map(String).join()}`)
    .join('\n')
}
