import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { programs } from './build.ts'
import type { Case } from './cases.ts'
import type { Contestant, Running } from './contestants/contestant.ts'
import { core, spawnOn } from './process.ts'
import { scratch } from './scratch.ts'
import { TooSlow } from './too-slow.ts'

/** What the generator saw in one round. */
export interface Seen {
  /** Complete answers, and events of the upstream that arrived, inside the window. */
  answers: number
  events: number
  /** Requests that a fixed rate asked for, and answers that came, the time after the window included. */
  due: number
  completed: number
  /** What the gateway used in the window, and its memory at its end. */
  cpuNs: number
  rssKb: number
  /** Times until an answer was complete, and until its first mark. */
  wholeUs: { p50: number; p99: number }
  firstUs: { p50: number; p99: number }
}

/** How the generator asks, where not as the case says: the rate, the seconds of the window and after it. */
export type Manner = Partial<Record<'rate' | 'seconds' | 'drain' | 'connections' | 'ramp', number>>

/** One round of a case. Throws where an answer is wrong. */
export async function load(
  contestant: Contestant,
  running: Running,
  given: Case,
  manner: Manner = {},
): Promise<Seen> {
  const child = spawnOn(core.others, toCommand(contestant, running, given, manner))
  const [output, complaint, [code]] = await Promise.all([
    said(child.stdout),
    said(child.stderr),
    once(child, 'exit'),
  ])
  if (code !== 0) throw new Error(complaint.trim())
  const { marks, ...seen } = JSON.parse(output)
  // Who leaves events out has been sent them all the same.
  return { ...seen, events: (marks * given.marks) / marksOf(contestant, given) }
}

/** What the generator exits with where streams did not begin in time. */
const tooSlow = 3

/** Streams that are held open. */
export interface Held {
  release(): Promise<void>
}

/** Opens as many streams as the manner says, and holds them; resolves when each has begun. Throws where one does not. */
export async function hold(
  contestant: Contestant,
  running: Running,
  given: Case,
  manner: Manner,
): Promise<Held> {
  const command = [...toCommand(contestant, running, given, manner), '--hold']
  const child = spawnOn(core.others, command)
  const exited = once(child, 'exit')
  const complaint = said(child.stderr)
  if (child.stdout === null || child.stdin === null) throw new Error('The generator has no pipes.')
  const { stdin } = child
  const opened = once(child.stdout, 'data')
  const [first] = await Promise.race([opened, exited])
  if (first === tooSlow) throw new TooSlow((await complaint).trim())
  if (typeof first === 'number') throw new Error((await complaint).trim())
  return {
    async release() {
      stdin.end()
      await exited
    },
  }
}

function toCommand(
  contestant: Contestant,
  { port, pid, headers }: Running,
  given: Case,
  manner: Manner,
): string[] {
  const { name, translates, streamEnd, toModel = (asIs: string) => asIs } = contestant
  const { model, stream, body } = given
  const google = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  const options = {
    port,
    path: translates ? '/v1/chat/completions' : `/v1beta/models/${model}:${google}`,
    body: written(`${given.name}-${name}`, { model: toModel(model), stream, ...body }),
    headers: Object.entries(headers)
      .map(([key, value]) => `${key}: ${value}\r\n`)
      .join(''),
    marks: marksOf(contestant, given),
    ...(stream && { end: streamEnd }),
    watch: pid,
    connections: given.connections,
    seconds: given.seconds,
    ramp: given.ramp,
    drain: given.drain,
    ...manner,
  }
  return [
    programs.generator,
    ...Object.entries(options).flatMap(([option, value]) => [`--${option}`, String(value)]),
  ]
}

/** How many marks are in its complete answer. */
function marksOf({ marks = {} }: Contestant, given: Case): number {
  return marks[given.name] ?? given.marks
}

/** The path of a file with this body. Several processes may write and read it at the same time. */
function written(name: string, body: unknown): string {
  const file = join(scratch(), `${name}.json`)
  const whole = `${file}.${randomUUID()}`
  writeFileSync(whole, JSON.stringify(body))
  renameSync(whole, file)
  return file
}

async function said(stream: ChildProcess['stdout']): Promise<string> {
  return stream === null ? '' : text(stream)
}
