import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGateway } from '../support/gateway.ts'
import type { Script } from './clients.ts'
import type { Run } from './judge.ts'
import { startWitness } from './witness.ts'

/** How a program is started. */
export interface Command {
  file: string
  args: string[]
  /** Folders that its PATH begins with. */
  path: string[]
}

/** What a client is told of the gateway, and all it is told. */
export function environmentFor(url: string): Record<string, string> {
  return { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: 'any' }
}

/** How long a program goes on where nobody stops it. */
const longestMs = 300_000

/** Runs one program against a gateway of its own, in front of an emulator of its own. */
export async function perform(
  command: Command,
  limitMs = longestMs,
  script: Script = () => [],
): Promise<Run> {
  // A home of its own: what the client keeps there is nobody else's, nor what others keep there its.
  const home = await mkdtemp(join(tmpdir(), 'pollux-client-'))
  const witness = await startWitness(script(home))
  const gateway = await startGateway({
    GEMINI_API_KEY: 'any',
    GOOGLE_GEMINI_BASE_URL: witness.url,
  })
  try {
    const ended = await run(command, { ...environmentFor(gateway.url), HOME: home }, limitMs)
    // The last word of a client that left reaches the model after it has gone.
    await sleep(300)
    const health = await fetch(`${gateway.url}/health`)
    // The gateway's own answer.
    const { signatures } = (await health.json()) as Pick<Run, 'signatures'>
    return { ...ended, signatures, witnessed: witness.tell() }
  } finally {
    await gateway.close()
    await witness.close()
    await rm(home, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function run(
  { file, args, path }: Command,
  env: Record<string, string>,
  limitMs: number,
): Promise<Pick<Run, 'stdout' | 'stderr' | 'trouble'>> {
  const child = spawn(file, args, {
    env: { PATH: [...path, process.env.PATH].join(':'), LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that whatever it starts ends with it.
    detached: true,
  })
  let hung = false
  // What it left running would keep its pipes open.
  child.once('exit', () => end())
  const end = () => child.pid !== undefined && endGroup(child.pid)
  const timer = setTimeout(() => {
    hung = true
    end()
  }, limitMs)
  try {
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    const trouble = hung ? `it hung, and was ended after ${limitMs / 1000} s` : toTrouble(child)
    return { stdout, stderr: stderr.slice(-4000), trouble }
  } finally {
    clearTimeout(timer)
  }
}

function toTrouble({ exitCode, signalCode }: ChildProcess): string | null {
  if (exitCode === 0) return null
  return exitCode === null ? `it died of ${signalCode}` : `it exited with ${exitCode}`
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // Nobody of the group is left.
  }
}
