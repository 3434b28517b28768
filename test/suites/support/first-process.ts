import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../../support/child.ts'
import { nodeOptions } from '../../support/npm-start.ts'
import { within } from '../../support/within.ts'
import { endWithUs } from './ends-with-us.ts'

/** The gateway as the first process of a container, which signals without a listener do not end. */
export interface FirstProcess {
  terminate(): void
  /** Resolves with the exit code. */
  exited(ms: number): Promise<number | null>
  kill(): void
}

const asFirst = ['--pid', '--fork', '--kill-child']

/** Whether this machine lets us make one. */
export function canBeFirst(): boolean {
  return spawnSync('unshare', [...asFirst, 'true']).status === 0
}

export async function startFirstProcess(env: Record<string, string>): Promise<FirstProcess> {
  const outer = spawn('unshare', [...asFirst, process.execPath, ...nodeOptions, main], {
    cwd: join(import.meta.dirname, '..', '..', '..'),
    env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', PORT: '0', ...env },
    stdio: 'ignore',
  })
  endWithUs(outer)
  const exited = once(outer, 'exit')
  const inner = await innerOf(outer)
  return {
    terminate: () => void process.kill(inner, 'SIGTERM'),
    async exited(ms) {
      await within(ms, exited, 'it did not exit')
      return outer.exitCode
    },
    kill: () => void outer.kill('SIGKILL'),
  }
}

/** The process that `unshare` has started; its own number outside. */
async function innerOf({ pid }: ChildProcess): Promise<number> {
  for (let at = 0; at < 200; at += 1) {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    if (children !== '') return Number(children)
    await sleep(5)
  }
  throw new Error('unshare has started nothing.')
}
