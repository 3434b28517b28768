import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { entry, nodeOptions } from './npm-start.ts'
import { within } from './within.ts'

/** The real process, with no environment but what the test gives it. */
export interface Child {
  process: ChildProcess
  /** Everything it wrote so far, to stdout and stderr. */
  output(): string
  /** Resolves once a text is in the output, behind so many characters. Throws when it does not come in time. */
  until(text: string, ms?: number, from?: number): Promise<string>
  /** Resolves with the exit code. */
  exited(ms?: number): Promise<number | null>
  /** Makes sure that it is gone. */
  kill(): void
}

/** Where somebody wants to read all that the gateways of all tests have to say. */
const readAlong = process.env.POLLUX_TEST_LOG

const root = join(import.meta.dirname, '..', '..')

/** Where somebody wants to know it of another form of the gateway, e.g. the bundle in the image. */
export const main = process.env.POLLUX_TEST_MAIN ?? entry

export function startChild(env: Record<string, string>, ...words: string[]): Child {
  const child = spawn(process.execPath, [...nodeOptions, main, ...words], {
    cwd: root,
    // HOME would lead to credentials of whoever runs the tests.
    env: {
      PATH: process.env.PATH ?? '',
      HOME: '/nonexistent',
      PORT: '0',
      POLLUX_RETRIES: '0',
      // The tests share the processor with each other.
      POLLUX_MAX_LAG_MS: '0',
      ...env,
      ...(readAlong !== undefined && { LOG_LEVEL: 'trace' }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const pieces: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      pieces.push(piece)
      if (readAlong !== undefined) appendFileSync(readAlong, piece)
    })
  }
  // 'close' comes after the last byte of output.
  const closed = once(child, 'close')
  const output = () => Buffer.concat(pieces).toString()
  return {
    process: child,
    output,
    async until(text, ms = 10_000, from = 0) {
      const signal = AbortSignal.timeout(ms)
      while (!output().includes(text, from)) {
        if (child.exitCode !== null) throw new Error(`exited before ${text}: ${output()}`)
        await Promise.race([once(child.stdout, 'data', { signal }), closed])
      }
      return output().slice(from)
    },
    async exited(ms = 10_000) {
      await within(ms, closed, 'it did not exit')
      return child.exitCode
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** Resolves with the URL that the process says it serves. */
export async function servedBy(child: Child): Promise<string> {
  const output = await child.until('/v1 from')
  const url = /Pollux serves .* at (\S+)\/v1 from/.exec(output)?.[1]
  if (url === undefined) throw new Error(`no URL in ${output}`)
  return url
}
