import { setTimeout as sleep } from 'node:timers/promises'
import { startEmulator } from '../../src/emulator/server.ts'
import type { Edition, Figure } from './suite.ts'
import {
  converse,
  type Conversation,
  converseBehind,
  converseInFrames,
} from './support/converse.ts'
import { inParallel } from './support/figures.ts'
import { type Front, type FrontKind, frontKinds, isInstalled } from './support/fronts.ts'
import { type FrameCase, frameCases } from './support/h2-cases.ts'
import { startGatewayProcess } from './support/process.ts'
import { reachedIn } from './support/reached.ts'
import type { Reply } from './support/replies.ts'
import { misshapen } from './support/shape.ts'
import { type WireCase, wireCases } from './support/wire-cases.ts'

export const about = 'raw bytes on the wire, alone and behind nginx and HAProxy'

export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  yield* withGateway('alone', (url, reached) => alone(url, reached, wireCases('a')))
  if (edition === 'long') {
    const cases = wireCases('z').filter(({ bytes }) => bytes.length < 2000)
    const slowly = cases.map((one) => ({ ...one, slowly: true }))
    yield* withGateway('byte by byte', (url, reached) => alone(url, reached, slowly))
  }
  // They wait most of the time, so a few can do so together.
  const figures = new Map<FrontKind, Figure[]>()
  await inParallel(frontKinds.entries(), 3, async ([at, kind]) => {
    const seen: Figure[] = []
    for await (const figure of behind(kind, 'bcdefg'.charAt(at))) seen.push(figure)
    figures.set(kind, seen)
  })
  for (const kind of frontKinds) yield* figures.get(kind) ?? []
}

async function* withGateway(
  where: string,
  run: (url: string, reached: () => string[]) => AsyncGenerator<Figure>,
): AsyncGenerator<Figure> {
  const emulator = await startEmulator()
  const gateway = await startGatewayProcess(emulator.url, { POLLUX_BODY_LIMIT: '102400' })
  try {
    try {
      yield* run(gateway.url, () => reachedIn(emulator.log.entries))
    } catch (error) {
      yield { promise: 'the gateway can be reached', seen: String(error), kept: false }
    }
    // Its end is told a moment after its last connection.
    await sleep(200)
    const ended = gateway.process.exitCode ?? gateway.process.signalCode
    yield {
      promise: `the gateway lives on, ${where}`,
      seen: ended === null ? 'it does' : `it ended with ${ended}: ${gateway.output().slice(-1000)}`,
      kept: ended === null,
    }
  } finally {
    gateway.kill()
    await emulator.close()
  }
}

async function* behind(kind: FrontKind, run: string): AsyncGenerator<Figure> {
  const { name, binary, start } = kind
  if (!isInstalled(binary)) {
    // Elsewhere it may be missing; where changes are judged it may not.
    const kept = process.env.CI === undefined
    yield { promise: `0 desyncs behind ${name}`, seen: `${binary} is not installed`, kept }
    return
  }
  yield* withGateway(`behind ${name}`, async function* (url, reached) {
    const front = await start(new URL(url))
    try {
      yield* kind.speaks === 'HTTP/2'
        ? inFrames(front, name, run, reached)
        : inBytes(front, name, run, reached)
    } finally {
      await front.close()
    }
  })
}

async function* inBytes(
  front: Front,
  name: string,
  run: string,
  reached: () => string[],
): AsyncGenerator<Figure> {
  const tried: Tried<Behind>[] = []
  for (const one of wireCases(run)) {
    tried.push({ one, found: await converseBehind(front.url, one) })
    // Nothing more will come, and waiting for it would take minutes.
    if (tried.length > 2 && tried.slice(-3).every(({ found }) => found.after !== undefined)) break
  }
  yield figure(`each client gets its own answers behind ${name}`, tried, answeredWrongly)
  yield* inStep(front, name, tried, reached)
  yield figure(
    `100 % of the gateway’s errors in OpenAI’s shape behind ${name}`,
    tried,
    ({ found }) => {
      const faults = found.replies.filter(isGateways).map(misshapen)
      return faults.find((fault) => fault !== undefined)
    },
  )
}

async function* inFrames(
  front: Front,
  name: string,
  run: string,
  reached: () => string[],
): AsyncGenerator<Figure> {
  const tried: { one: FrameCase; found: Awaited<ReturnType<typeof converseInFrames>> }[] = []
  for (const one of frameCases(run)) {
    tried.push({ one, found: await converseInFrames(front.url, one) })
  }
  yield figure(`each client gets its own answers behind ${name}`, tried, ({ one, found }) =>
    found.data.includes(`${one.prefix}smuggled`) ? 'an answer to what was hidden' : found.after,
  )
  yield* inStep(front, name, tried, reached)
}

/** What the proxy sent on, by its own account, is what the model was asked. */
async function* inStep(
  front: Front,
  name: string,
  tried: { one: { name: string; prefix: string } }[],
  reached: () => string[],
): AsyncGenerator<Figure> {
  // The log of the front comes after the answer.
  await sleep(300)
  const markers = reached()
  const sent = front.forwarded().flatMap(({ status, marker }) => (status === 200 ? marker : []))
  const step = figure(
    `0 desyncs behind ${name}: what it sent on reached the model, and nothing else`,
    tried,
    ({ one }) => {
      const of = (all: string[]) =>
        all
          .filter((marker) => marker.startsWith(one.prefix))
          .toSorted()
          .join()
      return of(markers) === of(sent) ? undefined : `sent on: ${of(sent)}; reached: ${of(markers)}`
    },
  )
  yield step.kept
    ? {
        ...step,
        seen: `0, ${sent.length} requests in ${tried.length} cases`,
        kept: sent.length > tried.length,
      }
    : step
}

/** Fronts make errors of their own, as pages. */
function isGateways({ headers }: Reply): boolean {
  return headers.get('content-type')?.startsWith('text/html') !== true
}

function answeredWrongly({ one, found }: Tried<Behind>): string | undefined {
  if (/HTTP\/1\.1 \d{3}/.test(found.left)) return 'an answer stands inside another'
  const said = found.replies.flatMap(({ status, body }) => (status === 200 ? markersIn(body) : []))
  const asked = one.bytes.toString('latin1').match(anyMarker) ?? []
  // In the order that they were asked in, some left out.
  const rest = asked.values()
  const inOrder = said.every((marker) => rest.some((other) => other === marker))
  return inOrder ? found.after : `answers to ${said.join(', ')}`
}

type Behind = Awaited<ReturnType<typeof converseBehind>>

interface Tried<T = Conversation> {
  one: WireCase
  found: T
}

async function* alone(
  url: string,
  reached: () => string[],
  cases: WireCase[],
): AsyncGenerator<Figure> {
  const tried: Tried[] = []
  await inParallel(cases, 8, async (one) => {
    tried.push({ one, found: await converse(url, one) })
  })
  const markers = reached()
  yield {
    promise: '>= 60 raw requests, sent to the gateway itself',
    seen: String(tried.length),
    kept: tried.length >= 60,
  }
  yield figure('100 % answered with the status that they deserve', tried, wrongStatus)
  yield figure('100 % left open or closed as they must be', tried, wrongEnd)
  yield figure(
    '0 answers to requests that nobody sent, or to others than who asked',
    tried,
    exchanged,
  )
  yield figure('0 requests reach the model that were not sent as such', tried, (one) =>
    wrongReach(one, markers),
  )
  yield figure('100 % of errors in OpenAI’s shape', tried, ({ found }) =>
    found.replies.map(misshapen).find((fault) => fault !== undefined),
  )
}

/** One promise over all cases; what breaks it is named. */
function figure<T extends { one: { name: string } }>(
  promise: string,
  tried: T[],
  fault: (one: T) => string | undefined,
): Figure {
  const faults = tried.flatMap((one) => {
    const found = fault(one)
    return found === undefined ? [] : [`${one.one.name}: ${found}`]
  })
  const named = faults.slice(0, 12).join('\n      ')
  return {
    promise,
    seen:
      faults.length === 0
        ? `${tried.length} of ${tried.length}`
        : `${faults.length} broken:\n      ${named}`,
    kept: faults.length === 0,
  }
}

function wrongStatus({ one, found }: Tried): string | undefined {
  const statuses = found.replies.map(({ status }) => status)
  const fits = statuses.every((status, at) => [one.answers[at]].flat().includes(status))
  const enough =
    statuses.length === one.answers.length ||
    (one.mayBreakOff === true && statuses.length < one.answers.length)
  if (fits && enough) return undefined
  return `[${statuses.join(', ')}] instead of ${JSON.stringify(one.answers)}`
}

function wrongEnd({ one, found }: Tried): string | undefined {
  return one.connection.split(' or ').includes(found.connection)
    ? undefined
    : `${found.connection} instead of ${one.connection}`
}

/** A whole answer must not stand inside another, nor name what another asked. */
function exchanged({ one, found }: Tried): string | undefined {
  if (found.left.includes('HTTP/1.')) return 'an answer stands inside another'
  const said = found.replies.flatMap(({ status, body }) => (status === 200 ? markersIn(body) : []))
  const expected = one.reaches.slice(0, said.length)
  if (said.join() !== expected.join()) return `answers to ${said.join(', ')}`
  return found.after
}

function wrongReach({ one, found }: Tried, markers: string[]): string | undefined {
  const reached = markers.filter(
    (marker) => marker.startsWith(one.prefix) && !marker.endsWith('after'),
  )
  const answered = found.replies.flatMap(({ status, body }) =>
    status === 200 ? markersIn(body) : [],
  )
  const may = one.reaches.slice(0, reached.length)
  if (reached.join() !== may.join()) return `${reached.join(', ')} reached the model`
  return one.mayBreakOff !== true && answered.length !== reached.length
    ? `${reached.length} reached the model, ${answered.length} were answered`
    : undefined
}

const anyMarker = /\b[a-z]\d{3}-(one|two|three|smuggled)\b/g

function markersIn(body: string): string[] {
  return [...new Set(body.match(anyMarker))]
}
