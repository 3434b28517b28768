import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { endWithUs } from './ends-with-us.ts'
import { within } from '../../support/within.ts'

/** A model's server in a process of its own, so that it neither slows nor swells what is measured. */
export interface UpstreamProcess {
  url: string
  /** What the process answers to a message, beside what it serves. */
  ask(message: string): Promise<unknown>
  close(): Promise<void>
}

const root = join(import.meta.dirname, '..', '..', '..')

/** The emulator, which says and breaks whatever the prompt asks for. */
export function startEmulatorProcess(): Promise<UpstreamProcess> {
  return startServer(join(root, 'src', 'emulator', 'main.ts'))
}

/** A model that writes without end; see `endless-google.ts`. */
export function startEndlessGoogle(): Promise<UpstreamProcess> {
  return startServer(join(import.meta.dirname, 'endless-google.ts'))
}

/** How the endless model fares. */
export interface Held {
  /** Answers that are being written. */
  streams: number
  /** Those whose reader has taken nothing for a second. */
  held: number
  /** Those of which that was ever seen. */
  everHeld: number
  /** Bytes in all. */
  written: number
}

export async function heldUp(google: UpstreamProcess): Promise<Held> {
  return (await google.ask('held')) as Held
}

/** A program that listens on a port of its own and says where in its first output. */
export async function startServer(file: string): Promise<UpstreamProcess> {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH ?? '', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  endWithUs(child)
  const { stdout } = child
  if (stdout === null) throw new Error('Its output is not piped.')
  const closed = once(child, 'close')
  const [said] = await within(10_000, once(stdout, 'data'), `${file} did not say where it is`)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(String(said))?.[0]
  if (url === undefined) throw new Error(`no URL in ${String(said)}`)
  return {
    url,
    async ask(message) {
      child.send(message)
      const [answer] = await once(child, 'message')
      return answer
    },
    async close() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
