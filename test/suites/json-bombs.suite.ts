import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../src/errors.ts'
import { toGemini } from '../../src/translate/chat/request.ts'
import { bombs as schemaBombs } from '../translate/schema-bombs.ts'
import { within } from '../translate/translated.ts'
import type { Edition, Figure } from './suite.ts'
import { tooLarge, tooMany } from './support/body-limits.ts'
import {
  type Bomb,
  bombsOf,
  deepArguments,
  schemaBombBodies,
  worstBombsOf,
} from './support/bombs.ts'
import { startDrainingGoogle } from './support/draining-google.ts'
import { none } from './support/figures.ts'
import { bodyClient, sendBytes } from './support/fuzz-client.ts'
import { type OpenGateway, startOpenGateway } from './support/inside.ts'
import { takePulse } from './support/pulse.ts'
import { adversaries, regexLiterals } from './support/regex-literals.ts'
import { misshapen } from './support/shape.ts'

export const about = 'bodies that are made to cost more than they weigh'

const path = '/v1/chat/completions'
const megabyte = 2 ** 20
const root = join(import.meta.dirname, '..', '..')

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const google = await startDrainingGoogle()
  try {
    yield* tooLarge(google.url)
    yield* tooMany(google.url)
    const gateway = await startOpenGateway(google.url)
    try {
      const largest = 32 * megabyte - 1024
      const kinds = edition === 'long' ? bombsOf(largest) : worstBombsOf(largest)
      const large = await dropAll(gateway, kinds, 500)
      yield* costs(
        large,
        '<= 32 MiB',
        500,
        1_500,
        'escapes by the million: JSON.parse and JSON.stringify themselves',
      )
      const swollen = large.filter(({ swelled }) => swelled > 10)
      yield none(
        'peak of resident memory above that before <= 10 times the body',
        swollen.map(({ bomb, swelled }) => `${bomb.name}: ${swelled.toFixed(1)} times`),
      )
      const small = [...bombsOf(megabyte), ...schemaBombBodies()]
      const slow = 'schemas are read to the end, up to 50,000 nodes a request'
      yield* costs(await dropAll(gateway, small, 20), '<= 1 MiB', 20, 400, slow)
      yield await encodings(gateway.url)
    } finally {
      gateway.kill()
    }
  } finally {
    await google.close()
  }
  yield expansion()
  yield depth()
  yield regularExpressions('the gateway', (file) => !file.includes('src/emulator/'))
  yield regularExpressions('the emulator', (file) => file.includes('src/emulator/'))
}

interface Dropped {
  bomb: Bomb
  bytes: number
  /** Milliseconds that the gateway let others wait: the least of up to two tries. */
  blocked: number
  /** How many times the body the memory grew at its peak: the least of as many tries. */
  swelled: number
  fault: string | undefined
}

/** Tries that are a little late for a reason of the machine's are made again. */
const mostTries = 2

async function dropAll(gateway: OpenGateway, bombs: Bomb[], most: number): Promise<Dropped[]> {
  const client = bodyClient(gateway.url, 1)
  const pulse = await takePulse(gateway.url)
  const dropped: Dropped[] = []
  for (const bomb of bombs) {
    const body = bomb.make()
    const tries: Pick<Dropped, 'blocked' | 'swelled' | 'fault'>[] = []
    // The machine does other things too: what is a little late for another reason is not the next time.
    do tries.push(await drop(bomb, body))
    while (tries.length < mostTries && tries.every(isLate))
    dropped.push({
      bomb,
      bytes: body.length,
      blocked: Math.min(...tries.map(({ blocked }) => blocked)),
      swelled: Math.min(...tries.map(({ swelled }) => swelled)),
      fault: tries.find(({ fault }) => fault !== undefined)?.fault,
    })
  }
  await pulse.stop()
  client.close()
  return dropped

  function isLate({ blocked, swelled }: { blocked: number; swelled: number }): boolean {
    const within = blocked <= most && swelled <= 10
    return !within && blocked <= most * 3 && swelled <= 20
  }

  async function drop(bomb: Bomb, body: Buffer) {
    // Memory is looked at where a body is large beside what the process does of its own.
    const weighs = body.length > megabyte
    if (weighs) await gateway.look()
    const before = readMemory(gateway.pid, 'VmRSS')
    // Forgets the peak so far. Source: proc(5).
    writeFileSync(`/proc/${gateway.pid}/clear_refs`, '5')
    pulse.longest()
    const busyBefore = busyTime(gateway.pid)
    const { replies } = await client.post(path, body)
    await sleep(3)
    // Whoever waits for longer than the gateway has run waits for something else on this machine.
    const blocked = Math.min(pulse.longest(), busyTime(gateway.pid) - busyBefore)
    const swelled = weighs ? (readMemory(gateway.pid, 'VmHWM') - before) / body.length : 0
    const [reply] = replies
    const code = /"code":"(\w+)"/.exec(reply?.body ?? '')?.[1]
    const fits = reply !== undefined && bomb.statuses.includes(reply.status)
    const answered = `${reply?.status} ${code ?? ''}`
    if (!fits || (bomb.code !== undefined && code !== bomb.code)) {
      return { blocked, swelled, fault: answered }
    }
    return { blocked, swelled, fault: misshapen(reply) }
  }
}

/** `most` is promised; where some take longer, for the reason that is given, `limit` is the end of it. */
function* costs(
  dropped: Dropped[],
  size: string,
  most: number,
  limit: number,
  owed: string,
): Generator<Figure> {
  yield none(
    `${dropped.length} bodies ${size} are answered as they deserve`,
    dropped.flatMap(({ bomb, fault }) => (fault === undefined ? [] : `${bomb.name}: ${fault}`)),
  )
  const slow = dropped.filter(({ blocked }) => blocked > most)
  const worst = dropped.toSorted((a, b) => b.blocked - a.blocked)[0]
  const figure = none(
    `none of them keeps others waiting longer than ${most} ms`,
    slow
      .toSorted((a, b) => b.blocked - a.blocked)
      .map(({ bomb, blocked, bytes }) => `${bomb.name}: ${blocked.toFixed(0)} ms (${bytes} bytes)`),
  )
  yield slow.length > 0
    ? { ...figure, owed }
    : { ...figure, seen: `${worst?.blocked.toFixed(0)} ms, ${worst?.bomb.name}` }
  yield none(
    `and none longer than ${limit} ms`,
    slow.flatMap(({ bomb, blocked }) => (blocked > limit ? `${bomb.name}: ${blocked} ms` : [])),
  )
}

/** A line of `/proc/<pid>/status`, in bytes. */
function readMemory(pid: number, name: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const found = { VmRSS: /^VmRSS:\s+(\d+) kB/m, VmHWM: /^VmHWM:\s+(\d+) kB/m }[name].exec(status)
  return Number(found?.[1]) * 1024
}

/** How long the main thread of a process has run so far, in milliseconds. Source: the kernel's sched-stats. */
function busyTime(pid: number): number {
  const [running] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')
  return Number(running) / 1e6
}

/** Only bytes as they are, in UTF-8. */
async function encodings(url: string): Promise<Figure> {
  const body = '{"model":"gemini-2.5-flash","messages":[{"role":"user","content":"x"}]}'
  const cases: [string, Buffer, number][] = [
    ...[
      'gzip',
      'x-gzip',
      'deflate',
      'br',
      'zstd',
      'compress',
      'GZIP',
      'gzip, identity',
      'identity, gzip',
      'aes128gcm',
      'nonsense',
    ].map((coding): [string, Buffer, number] => [
      `Content-Encoding: ${coding}\r\n`,
      Buffer.from(body),
      415,
    ]),
    ['Content-Encoding: identity\r\n', Buffer.from(body), 200],
    ['', Buffer.from(body), 200],
    ['', Buffer.from(body, 'utf16le'), 400],
    ['', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(body, 'utf16le')]), 400],
    ['', Buffer.from(body.replace('"x"', '"\xff"'), 'latin1'), 400],
    ['', Buffer.from(body.replace('"x"', '"\xc3"'), 'latin1'), 400],
    ['', Buffer.from(body.replace('"x"', '"\xf5\x80\x80\x80"'), 'latin1'), 400],
  ]
  const faults: string[] = []
  for (const [field, bytes, status] of cases) {
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n${field}Content-Length: ${bytes.length}\r\n\r\n`
    const { replies } = await sendBytes(url, head + bytes.toString('latin1'), 0)
    if (replies[0]?.status !== status) {
      faults.push(
        `${replies[0]?.status} for ${field}${JSON.stringify(bytes.toString('latin1').slice(0, 120))}`,
      )
    }
  }
  return none(
    `${cases.length} encodings of a body: 415 for any but identity, 400 for what is not UTF-8`,
    faults,
  )
}

/** References may be written out, but not without measure, in one tool or in twenty. */
function expansion(): Figure {
  const factors = Object.entries(schemaBombs).flatMap(([name, schema]) =>
    [1, 20].flatMap((count) => {
      const tools = Array.from({ length: count }, (_, n) => ({
        type: 'function',
        function: { name: `f${n}`, parameters: schema },
      }))
      const body = { model: 'gemini-2.5-flash', messages: [{ role: 'user', content: 'x' }], tools }
      return (['gemini-2.5-flash', 'gemini-2.0-flash'] as const).map((model) => {
        // Below some size, what the words themselves weigh is all there is to see.
        const weight = Math.max(2000, JSON.stringify(body).length)
        const length = within(10_000, () => lengthOf(body, model))
        return { name: `${name}, ${count} times, ${model}`, factor: length / weight }
      })
    }),
  )
  const worst = factors.toSorted((a, b) => b.factor - a.factor)[0]
  return {
    promise: `a schema grows at the most 20 times by its references, in 10 s (${factors.length} requests)`,
    seen: `${worst?.factor.toFixed(1)} times: ${worst?.name}`,
    kept: worst !== undefined && worst.factor <= 20,
  }
}

function lengthOf(body: object, model: string): number {
  try {
    return JSON.stringify(translate(body, model)).length
  } catch (error) {
    if (error instanceof ApiError && error.status === 400) return 0
    throw error
  }
}

function translate(body: object, model = 'gemini-2.5-flash'): object {
  const remembered = new Map()
  return toGemini(body, { provider: 'vertex', model, thoughts: 'reasoning_content', remembered })
    .request
}

/** JSON that is deep inside a string of JSON is not let out of it. */
function depth(): Figure {
  const deepest = deepArguments().map(({ name, body }) => {
    try {
      return { name, depth: depthOf(JSON.stringify(translate(body))) }
    } catch (error) {
      if (error instanceof ApiError && error.status === 400) return { name, depth: 0 }
      return { name, depth: Number.POSITIVE_INFINITY }
    }
  })
  const worst = deepest.toSorted((a, b) => b.depth - a.depth)[0]
  return {
    promise: 'JSON inside arguments and results is sent on no deeper than 64 levels, or refused',
    seen: `${worst?.depth} levels: ${worst?.name}`,
    // What is around it: contents, parts, functionCall, args.
    kept: worst !== undefined && worst.depth <= 64 + 10,
  }
}

function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  for (const [mark] of json.replace(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += mark === '[' || mark === '{' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

/** None may take longer for a long text than its length explains. */
function regularExpressions(whose: string, included: (file: string) => boolean): Figure {
  const slow: string[] = []
  let count = 0
  let worst = 0
  for (const file of globSync('src/**/*.{js,ts}', { cwd: root }).filter(included)) {
    for (const literal of regexLiterals(readFileSync(join(root, file), 'utf8'))) {
      count += 1
      const expression = new RegExp(literal.source, literal.flags)
      for (const [at, short] of adversaries(literal, 25_000).entries()) {
        // A time that grows with the square of the length shows in a quarter of it already.
        if (leastTime(expression, short, 0.5) <= 0.5) continue
        const text = adversaries(literal, 100_000)[at] ?? ''
        const took = leastTime(expression, text, 10)
        worst = Math.max(worst, took)
        if (took <= 10) continue
        const shown = `${JSON.stringify(text.slice(0, 8))}…${JSON.stringify(text.slice(-4))}`
        slow.push(
          `${file}:${literal.line} ${String(expression)}: ${took.toFixed(0)} ms for ${shown}`,
        )
        break
      }
    }
  }
  const figure = none(
    `${count} regular expressions of ${whose} take <= 10 ms for 100 kB of their worst`,
    slow,
  )
  return slow.length > 0 ? figure : { ...figure, seen: `${worst.toFixed(1)} ms`, kept: count > 20 }
}

/** Milliseconds of the best of three runs, or of the first that is good enough; one that takes for ever is ended. */
function leastTime(expression: RegExp, text: string, enough: number): number {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < 3 && least > enough; tries += 1) {
    // Of this thread's own: the machine does other things too.
    const before = process.threadCpuUsage()
    try {
      within(200, () => (expression.global ? text.replace(expression, '') : expression.test(text)))
    } catch {
      return 200
    }
    const { user, system } = process.threadCpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}
