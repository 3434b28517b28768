import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

export const root = join(import.meta.dirname, '..', '..', '..')

export interface Played {
  /** What the reporter `spec` says of them. */
  output: string
  /** Whether all of them passed. */
  passed: boolean
}

/** Runs some of the project's own tests in one process, with more in its environment. */
export async function playTests(files: string[], more: Record<string, string>): Promise<Played> {
  const flags = ['--test', '--test-isolation=none', '--test-force-exit', '--test-timeout=120000']
  const tests = spawn(process.execPath, [...flags, '--test-reporter=spec', ...files], {
    cwd: root,
    env: { ...process.env, ...more },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [output, [code]] = await Promise.all([text(tests.stdout), once(tests, 'close')])
  return { output, passed: code === 0 }
}
