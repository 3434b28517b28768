import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { endWithUs } from './ends-with-us.ts'
import { type GatewayProcess, startGatewayProcess } from './process.ts'

/** What a process looks like from inside, after its garbage was collected. Memory is in MiB. */
export interface Inside {
  rss: number
  heap: number
  /** Memory of buffers, beside the heap. */
  outside: number
  /** What keeps the event loop alive, by kind: sockets, timers, requests. */
  resources: Record<string, number>
  /** Delays of the event loop in milliseconds, since the last look. */
  loopP99: number
  loopMax: number
}

/** A gateway that can be looked into. */
export interface OpenGateway extends GatewayProcess {
  look(): Promise<Inside>
}

/** A gateway like any other, with `inside-hook.ts` loaded into it. */
export async function startOpenGateway(
  upstream: string,
  env: Record<string, string> = {},
): Promise<OpenGateway> {
  const window = openWindow()
  const gateway = await startGatewayProcess(upstream, { ...env, ...window.env })
  return {
    ...gateway,
    look: () => window.look(gateway.pid),
    kill() {
      gateway.kill()
      window.close()
    },
  }
}

/** A process that does nothing: what its event loop is late, the machine is late. */
export interface IdleProcess {
  look(): Promise<Inside>
  kill(): void
}

export async function startIdleProcess(): Promise<IdleProcess> {
  const window = openWindow()
  const child = spawn(
    process.execPath,
    ['--eval', "setInterval(() => undefined, 1e6); console.log('here')"],
    {
      env: { PATH: process.env.PATH ?? '', ...window.env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  endWithUs(child)
  // A signal before the hook is loaded would end it.
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return {
    look: () => window.look(child.pid ?? Number.NaN),
    kill() {
      child.kill('SIGKILL')
      window.close()
    },
  }
}

/** The option of Node that loads a file of this folder first. */
export function importing(file: string): string {
  return `--import=${pathToFileURL(join(import.meta.dirname, file)).href}`
}

/** Through which to look into one process. */
interface Window {
  /** What the process must be started with. */
  env: Record<string, string>
  look(pid: number): Promise<Inside>
  close(): void
}

function openWindow(): Window {
  const folder = mkdtempSync(join(tmpdir(), 'pollux-inside-'))
  const report = join(folder, 'report.jsonl')
  let looked = 0
  return {
    env: {
      NODE_OPTIONS: `--expose-gc ${importing('inside-hook.ts')}`,
      INSIDE_REPORT: report,
    },
    async look(pid) {
      looked += 1
      process.kill(pid, 'SIGUSR2')
      for (const end = performance.now() + 10_000; performance.now() < end; await sleep(20)) {
        const line = readLines(report)[looked - 1]
        if (line !== undefined) return JSON.parse(line) as Inside
      }
      throw new Error('The process did not show its inside.')
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Complete lines only. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  } catch {
    // Not there before the first look.
    return []
  }
}
