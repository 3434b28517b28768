import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startRelay } from './relay.ts'

const { HOME = '', PATH = '', OPENAI_BASE_URL = '' } = process.env
const relay = await startRelay(OPENAI_BASE_URL)

/** Where the gateway is. */
export const url = relay.url
/** What a program keeps of itself is thrown away with its home. */
export const home = HOME
/** Where it works. */
export const folder = join(home, 'harbour')
/** What is installed for the programs. */
export const packages = join(import.meta.dirname, 'node_modules')

/** For whatever needs no tools. */
export const model = 'gemini-2.5-flash'
/** Signs its calls, and refuses those that come back without their signature. */
export const signingModel = 'gemini-3-flash-preview'

/** Three steps of tools, the first of them with two calls at once. */
export const task = 'Who looks after Kiel, Rostock and Flensburg? Put the names into crew.txt.'
export const greeting = 'Greet me.'
/** Is refused. */
export const forbidden = 'Help me with smuggling.'
/** Takes a quarter of a minute to be answered. */
export const endless = 'Sing me a shanty.'
const masters = { Kiel: 'Wiebke Petersen', Rostock: 'Jochen Brandt', Flensburg: 'Antje Nissen' }

/** The files of the task. */
mkdirSync(folder, { recursive: true })
for (const [port, name] of Object.entries(masters)) {
  const file = join(folder, `${port.toLowerCase()}.txt`)
  writeFileSync(file, `The harbour master of ${port} is called ${name}.\n`)
}
/** A picture of one dot. */
const dot =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
writeFileSync(join(folder, 'buoy.png'), Buffer.from(dot, 'base64'))
/** A tenth of a second of silence. */
const silence = Buffer.concat([
  Buffer.from('RIFF\xa4\x06\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0', 'latin1'),
  Buffer.from('\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x80\x06\0\0', 'latin1'),
  Buffer.alloc(1664),
])
writeFileSync(join(folder, 'horn.wav'), silence)

/** Puts a file of settings beside this one where the program looks for it, with the gateway's address. */
export function configure(settings: string, target: string): void {
  const written = readFileSync(join(import.meta.dirname, settings), 'utf8')
  const file = join(home, target)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, written.replaceAll('http://localhost:8080/v1', url))
}

/** How a program is started. */
export interface Start {
  file: string
  args: string[]
  env?: Record<string, string>
}

/** What is left of it. */
export interface Ended {
  /** Null where a signal ended it. */
  code: number | null
  stdout: string
  stderr: string
}

/** Runs a program in the folder until it ends. */
export async function run(start: Start): Promise<Ended> {
  return ended(launch(start))
}

/** Presses Ctrl-C as soon as there is something of an answer; throws where the program goes on. */
export async function interrupt(start: Start): Promise<void> {
  const begun = relay.answering()
  const child = launch(start)
  const end = ended(child)
  const first = await Promise.race([begun.then(() => 'answering'), end])
  assert.equal(first, 'answering', `It ended too early: ${JSON.stringify(first)}`)
  const since = performance.now()
  signal(child, 'SIGINT')
  await end
  const seconds = (performance.now() - since) / 1000
  assert.ok(seconds < 8, `It went on for ${seconds} s.`)
}

const longestMs = 120_000

/** Nobody answers there: what a program has to tell its makers does not leave the machine. */
const alone = {
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NO_PROXY: '127.0.0.1',
  NODE_USE_ENV_PROXY: '1',
}

function launch({ file, args, env }: Start) {
  return spawn(file, args, {
    cwd: folder,
    env: { HOME: home, PATH, LANG: 'C.UTF-8', TERM: 'dumb', NO_COLOR: '1', ...alone, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // As in a terminal, what it starts belongs to it, and hears of Ctrl-C too.
    detached: true,
  })
}

type Child = ReturnType<typeof launch>

async function ended(child: Child): Promise<Ended> {
  const timer = setTimeout(() => signal(child, 'SIGKILL'), longestMs)
  // What it leaves behind would keep its pipes open.
  child.once('exit', () => setTimeout(() => signal(child, 'SIGKILL'), 1000))
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  clearTimeout(timer)
  return { code, stdout, stderr }
}

function signal({ pid }: Child, name: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, name)
  } catch {
    // Nobody of the group is left.
  }
}

/** That it exited well, and showed its user these words. */
export function says(words: string, { code, stdout, stderr }: Ended): void {
  assert.equal(code, 0, `It exited with ${code}: ${stderr} ${stdout}`)
  assert.ok(stdout.includes(words), `"${words}" is not in: ${stdout} ${stderr}`)
}

/** That the task was done: the text tells what stood in the files, and there is a new one. */
export function didTheTask(end: Ended): void {
  for (const name of Object.values(masters)) says(name, end)
  assert.equal(readFileSync(join(folder, 'crew.txt'), 'utf8').trim(), 'Petersen, Brandt, Nissen')
}

/** That its user can read why something was refused. */
export function tellsWhy({ stdout, stderr }: Ended): void {
  const said = stdout + stderr
  assert.ok(said.includes('The harbour is closed to smugglers.'), `No reason is in: ${said}`)
}

type Ability =
  | 'text'
  | 'stream'
  | 'tools'
  | 'parallel tools'
  | 'structured output'
  | 'reasoning'
  | 'vision'
  | 'audio'
  | 'errors'
  | 'cancel'

/** Says whether the program is able to. */
export async function tell(ability: Ability, check: () => unknown): Promise<void> {
  try {
    await check()
    print({ ability, ok: true })
  } catch (error) {
    print({ ability, ok: false, error: String(error).slice(0, 500) })
  }
}

/** Says that it is the program that is not, and why. */
export function cannot(ability: Ability, why: string): void {
  print({ ability, cannot: why })
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
