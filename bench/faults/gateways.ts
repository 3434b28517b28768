import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../test/support/port.ts'
import { rssOf, startGatewayProcess } from '../../test/suites/support/process.ts'

/** A gateway in a process of its own, before the upstream of the comparison. */
export interface Gateway {
  name: string
  /** Where chat completions are. */
  url: string
  /** What a request needs besides its body. */
  headers: Record<string, string>
  /** The same, where it is told how long it may wait. */
  patient: Record<string, string>
  /** Resident memory in MB. */
  rss(): number
  signal(name: NodeJS.Signals): void
  /** Resolves with the exit code or the signal. */
  exited(): Promise<number | string>
  kill(): void
}

/** Starts one before this upstream. */
export type Start = (upstream: string) => Promise<Gateway>

/** How long either may wait for a silent upstream. */
const patienceSeconds = 1

/** This gateway, as it is delivered but for its patience. */
export const startPollux: Start = async (upstream) => {
  const child = await startGatewayProcess(upstream, {
    POLLUX_IDLE_TIMEOUT_SECONDS: String(patienceSeconds),
    LOG_LEVEL: 'warn',
  })
  return {
    name: 'Pollux',
    url: `${child.url}/v1/chat/completions`,
    headers: {},
    // It was told at its start.
    patient: {},
    rss: child.rss,
    signal: (name) => void child.process.kill(name),
    exited: async () => endOf(child.process),
    kill: () => child.kill(),
  }
}

/** The other one: told where Google is by its header for custom hosts. */
export const startPortkey: Start = async (upstream) => {
  install()
  const port = await freePort()
  const main = join(import.meta.dirname, 'node_modules/@portkey-ai/gateway/build/start-server.js')
  const child = spawn(process.execPath, [main, '--headless', `--port=${port}`], {
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', NODE_ENV: 'production' },
    stdio: 'ignore',
  })
  const { pid } = child
  if (pid === undefined) throw new Error('Portkey has no process.')
  const url = `http://127.0.0.1:${port}`
  await answering(url)
  const headers = {
    'x-portkey-provider': 'google',
    'x-portkey-custom-host': upstream,
    authorization: 'Bearer any',
  }
  return {
    name: 'Portkey',
    url: `${url}/v1/chat/completions`,
    headers,
    patient: { ...headers, 'x-portkey-request-timeout': String(1000 * patienceSeconds) },
    rss: () => rssOf(pid),
    signal: (name) => void child.kill(name),
    exited: async () => endOf(child),
    kill: () => void child.kill('SIGKILL'),
  }
}

/** From the lockfile beside this file, never from the project's. */
function install(): void {
  if (existsSync(join(import.meta.dirname, 'node_modules'))) return
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: import.meta.dirname,
    stdio: 'inherit',
  })
  if (status !== 0) throw new Error('Portkey could not be installed.')
}

async function endOf(child: ChildProcess): Promise<number | string> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return child.exitCode ?? child.signalCode ?? 0
}

async function answering(url: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    )
    if (up) return
    await sleep(100)
  }
  throw new Error(`Nothing answers at ${url}.`)
}
