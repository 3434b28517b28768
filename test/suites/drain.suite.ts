import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../support/child.ts'
import { connectRaw, type RawClient, readReply, toHttp } from '../support/raw-client.ts'
import { askChat, chat, hear, isComplete, type Outcome, streamed } from './support/chat-client.ts'
import { canBeFirst, startFirstProcess } from './support/first-process.ts'
import { importing } from './support/inside.ts'
import { type GatewayProcess, startGatewayProcess } from './support/process.ts'
import { startEmulatorProcess } from './support/upstream-process.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'the end of the process: by signals, by its own failure, in time'

/** Cloud Run: SIGKILL comes 10 s after SIGTERM. */
const cloudRun = { K_SERVICE: 'pollux', POLLUX_AUTH: 'none', HOST: '127.0.0.1' }

/** Streams that go on for about 5 s or ten minutes, one of them with more than buffers hold. */
const fiveSeconds = streamed('Explain the sea. [[slow:200]]')
const endless = streamed('Explain the sea. [[fault:stall@2]]')
const more = streamed('Explain the sea. [[fault:huge@1=12000000;stall@3]]')
const endlessWhole = chat('Explain the sea. [[fault:delay=600000]]')

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const emulator = await startEmulatorProcess()
  try {
    for (let round = 0; round < (edition === 'short' ? 1 : 10); round += 1) {
      yield* finishing(emulator.url, edition === 'short' ? 100 : 400)
      yield* starting(emulator.url)
      yield* atOnce(emulator.url)
    }
  } finally {
    await emulator.close()
  }
}

/** Ways to end that mostly consist of waiting, each with a gateway of its own. */
const ways: { env: Record<string, string>; end: (gateway: GatewayProcess) => Promise<Figure[]> }[] =
  [
    { env: cloudRun, end: limited },
    { env: { POLLUX_DRAIN_SECONDS: '1' }, end: shortLimited },
    { env: {}, end: impatient },
    { env: {}, end: idle },
    {
      env: { NODE_OPTIONS: importing('throwing-hook.ts') },
      end: (gateway) => failing(gateway, 'an exception that nobody caught'),
    },
    {
      env: { NODE_OPTIONS: importing('rejecting-hook.ts') },
      end: (gateway) => failing(gateway, 'a promise whose failure nobody awaited'),
    },
  ]

async function* atOnce(upstream: string): AsyncGenerator<Figure> {
  const ends: Promise<Figure[]>[] = []
  for (const { env, end } of ways) {
    // One after another: starting is work.
    const gateway = await startGatewayProcess(upstream, env)
    ends.push(end(gateway).finally(() => gateway.kill()))
  }
  for (const figures of await Promise.all(ends)) yield* figures
}

/** Streams that end in time are not disturbed. */
async function* finishing(upstream: string, streams: number): AsyncGenerator<Figure> {
  const gateway = await startGatewayProcess(upstream, { ...cloudRun, POLLUX_MAX_CONCURRENT: '500' })
  try {
    const running = await begin(gateway, streams, fiveSeconds)
    const since = performance.now()
    gateway.process.kill('SIGTERM')
    const visits = await visited(gateway.url, running.ended)
    const outcomes = await running.ended
    const code = await gateway.exited(10_000)
    const took = performance.now() - since
    const complete = outcomes.filter(isComplete).length
    const broken = outcomes.filter((one) => one.broken !== undefined)
    yield {
      promise: `0 resets among ${streams} streams that end within 5 s of SIGTERM, all with [DONE]`,
      seen: `${broken.length} resets, ${complete} complete`,
      kept: broken.length === 0 && complete === streams,
    }
    const welcome = visits.filter(({ status }) => status === 200).length
    const shaped = visits.filter(({ seen }) => seen === 'refused' || seen === '503, close')
    yield {
      promise:
        'whoever comes 100 ms after SIGTERM or later is refused, or gets a 503 and `connection: close`; health and readiness alike',
      seen: `${welcome} of ${visits.length} were let in; ${[...new Set(visits.map(({ seen }) => seen))].join('; ')}`,
      kept: visits.length > 5 && shaped.length === visits.length,
    }
    const lines = gateway.output().match(/POST \/v1\/chat\/completions 200 /g)?.length ?? 0
    yield {
      promise: 'each stream has its line in the log',
      seen: `${lines} of ${streams}`,
      kept: lines === streams,
    }
    yield {
      promise: 'on Cloud Run the process ends with 0 in < 10 s',
      seen: `${code} after ${(took / 1000).toFixed(1)} s`,
      kept: code === 0 && took < 10_000,
    }
  } finally {
    gateway.kill()
  }
}

/** Cloud Run's limit is kept by those who would go on for ever, in every state that a request has. */
async function limited(gateway: GatewayProcess): Promise<Figure[]> {
  const running = await begin(gateway, 20, endless)
  const whole = askChat(gateway.url, endlessWhole)
  const silent = askChat(gateway.url, streamed('Hi. [[fault:delay=600000]]'))
  const writing = await connectRaw(gateway.url)
  writing.send(
    toHttp('POST /v1/chat/completions', '{', {
      'content-length': '1000',
      connection: 'keep-alive',
    }),
  )
  const deaf = await connectRaw(gateway.url)
  deaf.socket.pause()
  deaf.send(toHttp('POST /v1/chat/completions', JSON.stringify(more)))
  await sleep(200)
  const { code, took } = await terminated(gateway, 12_000)
  const outcomes = await running.ended
  const others = await Promise.all([whole, silent])
  for (const client of [writing, deaf]) client.leave()
  return [
    {
      promise: 'on Cloud Run the process ends with 0 in < 10 s, whatever its clients do',
      seen: `${code} after ${(took / 1000).toFixed(2)} s`,
      kept: code === 0 && took < 10_000,
    },
    toldOf(outcomes, '9 s'),
    {
      promise: 'answers that have not begun by then become a 503',
      seen: others
        .map(({ status, body }) => `${status} ${/"code":"(\w+)"/.exec(body)?.[1]}`)
        .join(', '),
      kept: others.every(
        ({ status, body }) => status === 503 && body.includes('server_shutting_down'),
      ),
    },
  ]
}

/** A limit of one's own. */
async function shortLimited(gateway: GatewayProcess): Promise<Figure[]> {
  const running = await begin(gateway, 50, endless)
  const { code, took } = await terminated(gateway, 5_000)
  return [
    {
      promise: 'with POLLUX_DRAIN_SECONDS=1 the process ends with 0 within 2 s',
      seen: `${code} after ${took.toFixed(0)} ms`,
      kept: code === 0 && took < 2_000,
    },
    toldOf(await running.ended, '1 s'),
  ]
}

/** Streams that were cut say so, and do not look complete. */
function toldOf(outcomes: Outcome[], limit: string): Figure {
  const told = outcomes.filter(({ body, broken }) => {
    const { done, finishes, error } = hear(body)
    return (
      broken === undefined && !done && finishes.length === 0 && error === 'server_shutting_down'
    )
  })
  return {
    promise: `each stream that is longer than ${limit} ends with an error event, without [DONE] or reset`,
    seen: `${told.length} of ${outcomes.length}`,
    kept: told.length === outcomes.length,
  }
}

async function impatient(gateway: GatewayProcess): Promise<Figure[]> {
  const running = await begin(gateway, 5, endless)
  gateway.process.kill('SIGTERM')
  await gateway.until('SIGTERM')
  const { code, took } = await terminated(gateway, 5_000, 'SIGINT')
  await running.ended
  return [
    {
      promise: 'a second signal ends the process within 500 ms',
      seen: `${code} after ${took.toFixed(0)} ms`,
      kept: took < 500,
    },
  ]
}

async function idle(gateway: GatewayProcess): Promise<Figure[]> {
  const clients = await Promise.all(Array.from({ length: 50 }, () => connectRaw(gateway.url)))
  try {
    // Half of them have been used, half of them never were.
    const used = clients.slice(25)
    for (const client of used) {
      client.send(toHttp('GET /health', undefined, { connection: 'keep-alive' }))
    }
    await Promise.all(used.map((client) => client.until('"ok"')))
    const { code, took } = await terminated(gateway, 5_000)
    return [
      {
        promise: '50 idle connections do not hold the process: it ends with 0 within 1 s',
        seen: `${code} after ${took.toFixed(0)} ms`,
        kept: code === 0 && took < 1_000,
      },
    ]
  } finally {
    for (const client of clients) client.leave()
  }
}

/** SIGTERM at whatever moment of the start. */
async function* starting(upstream: string): AsyncGenerator<Figure> {
  const env = { GEMINI_API_KEY: 'k', GOOGLE_GEMINI_BASE_URL: upstream }
  const since = performance.now()
  const first = await startGatewayProcess(upstream)
  const startMs = performance.now() - since
  first.kill()
  const promise = 'SIGTERM at any moment of the start ends the process within 3 s'
  const seen: string[] = []
  for (const share of [0, 0.2, 0.4, 0.6, 0.8, 0.9, 1, 1.1]) {
    const child = startChild(env)
    seen.push(await endedAfter(share * startMs, () => child.process.kill('SIGTERM'), child))
    if (/\n\s+at /.test(child.output())) seen.push('a stack trace')
  }
  yield {
    promise: `${promise}, without a stack trace`,
    seen: seen.join(', '),
    kept: seen.every((end) => end === 'by signal' || end === 'with 0'),
  }
  if (!canBeFirst()) {
    yield { promise: `${promise} of a container`, seen: 'no container here: skipped', kept: true }
    return
  }
  // Before that it is Node's own start, in which nobody can listen yet.
  const inContainer: string[] = []
  for (const share of [0.5, 0.7, 0.9, 1.1]) {
    const child = await startFirstProcess(env)
    inContainer.push(await endedAfter(share * startMs, () => child.terminate(), child))
  }
  yield {
    promise: `${promise}, also of the first process of a container`,
    seen: inContainer.join(', '),
    kept: inContainer.every((end) => end === 'with 0'),
  }
}

async function endedAfter(
  ms: number,
  terminate: () => void,
  child: { exited(ms: number): Promise<number | null>; kill(): void },
): Promise<string> {
  await sleep(ms)
  terminate()
  try {
    // Code is loaded in long turns, between which signals are heard.
    const code = await child.exited(3_000)
    return code === null ? 'by signal' : `with ${code}`
  } catch {
    return 'not in time'
  } finally {
    child.kill()
  }
}

/** A bug: what state the process is in nobody knows, so it ends, but not before its clients know. */
async function failing(gateway: GatewayProcess, what: string): Promise<Figure[]> {
  const long = await begin(gateway, 10, endless)
  const short = await begin(gateway, 10, streamed('Explain the sea. [[slow:10]]'))
  const { code, took } = await terminated(gateway, 5_000, 'SIGUSR2')
  const told = await long.ended
  const complete = (await short.ended).filter(isComplete).length
  const named = told.filter(({ body, broken }) => {
    const { done, error } = hear(body)
    return broken === undefined && !done && error !== undefined
  }).length
  // Where it came from: the hook.
  const line = /^\{.*"CRITICAL".*-hook\.ts.*\}$/m.exec(gateway.output())?.[0]
  return [
    {
      promise: `${what} ends the process with 1, within 1 s and another`,
      seen: `${code} after ${took.toFixed(0)} ms`,
      kept: code === 1 && took < 2_000,
    },
    {
      promise: `${what} is in the log, as one line of JSON with its stack and without its words`,
      seen: line?.slice(0, 100) ?? 'no such line',
      kept: line !== undefined && !gateway.output().includes('planted'),
    },
    {
      promise: 'streams that end within a second are complete, and the others get an error event',
      seen: `${complete} of 10 complete, ${named} of 10 with an error event`,
      kept: complete === 10 && named === 10,
    },
  ]
}

interface Running {
  ended: Promise<Outcome[]>
}

/** So many streams, each of which has brought its first event. */
async function begin(gateway: GatewayProcess, streams: number, body: object): Promise<Running> {
  const outcomes: Promise<Outcome>[] = []
  const begun = Array.from({ length: streams }, () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    outcomes.push(askChat(gateway.url, body, { heard: () => resolve() }))
    return promise
  })
  const ended = Promise.all(outcomes)
  await Promise.race([Promise.all(begun), ended])
  return { ended }
}

async function terminated(
  gateway: GatewayProcess,
  ms: number,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<{ code: number | null | string; took: number }> {
  const since = performance.now()
  gateway.process.kill(signal)
  const code = await gateway.exited(ms).catch(() => 'still running')
  return { code, took: performance.now() - since }
}

interface Visit {
  status: number | undefined
  seen: string
}

/** Knocks at the door, ten times a second until something has happened. */
async function visited(url: string, until: Promise<unknown>): Promise<Visit[]> {
  const visits: Visit[] = []
  const over = until.then(() => true)
  const paths = ['GET /health/ready', 'GET /v1/models', 'GET /health']
  for (let at = 0; !(await Promise.race([over, sleep(100, false)])); at += 1) {
    visits.push(await visit(url, paths[at % paths.length] ?? ''))
  }
  return visits
}

async function visit(url: string, line: string): Promise<Visit> {
  let client: RawClient | undefined
  try {
    client = await connectRaw(url)
    client.send(toHttp(line, undefined, { connection: 'keep-alive' }))
    const { status, headers } = readReply(await client.closed(2_000))
    return { status, seen: `${status}, ${headers.get('connection')}` }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // Reset: it was in the listener's queue when the listener was closed. No request was lost.
    const refused = ['ECONNREFUSED', 'ECONNRESET'].includes(code)
    return { status: undefined, seen: refused ? 'refused' : String(error) }
  } finally {
    client?.leave()
  }
}
