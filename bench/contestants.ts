import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { freePort } from '../test/support/port.ts'
import { core, listening, spawnOn } from './process.ts'

/** A gateway that runs before the upstream. */
export interface Running {
  port: number
  /** Its process; undefined where there is none: the upstream itself. */
  pid?: number
  stop(): void
}

/** Who is measured. */
export interface Contestant {
  name: string
  about: string
  /** Whether it takes OpenAI's words and translates, or passes on what it is given. */
  translates: boolean
  /** What stands at the end of each of its streams. */
  streamEnd: string
  /** What requests need besides their body. */
  headers?: Record<string, string>
  start(upstream: number): Promise<Running>
}

const root = join(import.meta.dirname, '..')

/** The variables of Pollux as it is delivered, but for where its upstream is. */
const plain = { GEMINI_API_KEY: 'bench', NODE_ENV: 'production' }

/** All that can be switched on: keys for clients, one line of log for each request. */
const everything = {
  ...plain,
  POLLUX_API_KEYS: [
    'bench-key',
    ...Array.from({ length: 15 }, (_, at) => `another-key-${at}`),
  ].join(),
  LOG_LEVEL: 'info',
}

const direct: Contestant = {
  name: 'direct',
  about: 'no gateway: the upstream itself',
  translates: false,
  streamEnd: 'STOP',
  start: async (port) => ({ port, stop: () => {} }),
}

const floor: Contestant = {
  name: 'floor',
  about: 'node:http and undici `dispatch`; passes the bytes through and reads nothing of them',
  translates: false,
  streamEnd: 'STOP',
  start: async (upstream) => {
    const port = await freePort()
    const env = { UPSTREAM: `http://127.0.0.1:${upstream}`, PORT: String(port) }
    return started('floor', port, [process.execPath, join(import.meta.dirname, 'floor.ts')], {
      env,
    })
  },
}

/** Another source tree, or other variables, under a name of its own. */
export function polluxFrom(name: string, path: string, env: Record<string, string>): Contestant {
  return pollux(name, `Pollux from ${path}`, { ...plain, ...env }, path)
}

function pollux(
  name: string,
  about: string,
  env: Record<string, string>,
  cwd: string = root,
): Contestant {
  return {
    name,
    about,
    translates: true,
    streamEnd: '[DONE]',
    headers: { authorization: 'Bearer bench-key' },
    start: async (upstream) => {
      const port = await freePort()
      return started(name, port, [process.execPath, 'src/main.ts'], {
        cwd,
        env: {
          ...env,
          PORT: String(port),
          GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstream}`,
        },
      })
    },
  }
}

/** All contestants, by name. */
export const contestants: Contestant[] = [
  direct,
  floor,
  pollux('pollux', 'as it is delivered', plain),
  pollux(
    'pollux-full',
    'with keys for clients and everything else that can be switched on',
    everything,
  ),
]

async function started(
  name: string,
  port: number,
  command: string[],
  options: { cwd?: string; env: Record<string, string> },
): Promise<Running> {
  const child: ChildProcess = spawnOn(core.measured, command, { ...options, stdio: 'log', name })
  await listening(port, child)
  return { port, pid: child.pid, stop: () => void child.kill('SIGKILL') }
}
