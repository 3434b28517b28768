import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { endWithUs } from './ends-with-us.ts'
import { within } from '../../support/within.ts'

/** A model's server in a process of its own, so that it neither slows nor swells what is measured. */
export interface UpstreamProcess {
  url: string
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
  // On a connection of its own: it is too busy to tell in time which it has closed.
  const [response] = await once(get(`${google.url}/held`, { agent: false }), 'response')
  return (await json(response)) as Held
}

/** A program that listens on a port of its own and says where in its first output. */
export async function startServer(file: string): Promise<UpstreamProcess> {
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env.PATH ?? '', PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endWithUs(child)
  const closed = once(child, 'close')
  const [said] = await within(10_000, once(child.stdout, 'data'), `${file} did not say where it is`)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(String(said))?.[0]
  if (url === undefined) throw new Error(`no URL in ${String(said)}`)
  return {
    url,
    async close() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
