import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { endWithUs } from '../test/suites/support/ends-with-us.ts'
import { scratch } from './scratch.ts'

/** What is measured has core 0 for itself; all that asks and answers it is on core 1. */
export const core = { measured: 0, others: 1 }

/** A program on one core, that ends with us; with a `log` it writes there, else stdout is ours to read. */
export function spawnOn(
  which: number,
  command: string[],
  options: { cwd?: string; env?: Record<string, string>; log?: string } = {},
): ChildProcess {
  const { cwd, env, log } = options
  const file = log === undefined ? undefined : openSync(join(scratch(), `${log}.log`), 'w')
  const child = spawn('taskset', ['-c', String(which), ...command], {
    cwd,
    // HOME would lead to credentials and settings of whoever measures.
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env },
    stdio: ['pipe', file ?? 'pipe', file ?? 'pipe'],
  })
  endWithUs(child)
  return child
}

/** Resolves as soon as something takes connections on a port of the loopback. Throws when nothing does in time. */
export async function listening(port: number, child: ChildProcess, ms = 60_000): Promise<void> {
  const limit = performance.now() + ms
  while (performance.now() < limit) {
    if (child.exitCode !== null) throw new Error(`exited with ${child.exitCode} (see ${scratch()})`)
    if (await connects(port)) return
    await sleep(1)
  }
  throw new Error(`nothing listens on port ${port} (see ${scratch()})`)
}

function connects(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Resident memory of a process in kB. */
export function rssOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1])
}
