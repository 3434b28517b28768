import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Counts } from './count-work.ts'

/**
 * What makes allocations exact: nothing is compiled while it is counted, because what the compilers
 * save depends on when they come to it, and there is room for all of it, so that no garbage is
 * collected in between. (`--jitless` would be the word for the former, but Node's types are stripped
 * by WebAssembly.)
 */
export const exactly = [
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--min-semi-space-size=256',
  '--max-semi-space-size=256',
]

const run = promisify(execFile)

/** Starts `count-work.ts` in a process of its own. */
export async function count(...names: string[]): Promise<Counts[]> {
  const program = join(import.meta.dirname, 'count-work.ts')
  const { stdout } = await run(process.execPath, ['--expose-gc', ...exactly, program, ...names], {
    env: { PATH: process.env.PATH ?? '' },
    timeout: 120_000,
  })
  return stdout
    .trim()
    .split('\n')
    .map((line): Counts => JSON.parse(line))
}
