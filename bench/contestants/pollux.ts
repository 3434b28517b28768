import { join } from 'node:path'
import { type Contestant, started } from './contestant.ts'

/** As it is delivered, but for where its upstream is. */
const plain = { GEMINI_API_KEY: 'bench', NODE_ENV: 'production' }

/** All that can be switched on. */
const everything = {
  ...plain,
  POLLUX_API_KEYS: [
    'bench-key',
    ...Array.from({ length: 15 }, (_, at) => `other-key-${at}`),
  ].join(),
  LOG_LEVEL: 'info',
}

const root = join(import.meta.dirname, '../..')

/** Pollux, without any choice made, and with every choice made that costs something. */
export const polluxes: Contestant[] = [
  pollux('pollux', 'this gateway, as it is delivered', root, plain),
  pollux(
    'pollux-full',
    'the same with keys for clients (16 of them) and the log at `info` into a file',
    root,
    everything,
  ),
]

/** Another source tree, other variables, under a name of its own. */
export function polluxFrom(name: string, path: string, env: Record<string, string>): Contestant {
  return pollux(name, `this gateway, from ${path}`, path, { ...plain, ...env })
}

function pollux(name: string, about: string, cwd: string, env: Record<string, string>): Contestant {
  return {
    name,
    about,
    translates: true,
    streamEnd: '[DONE]',
    every: 1,
    start: async ({ upstream, open }) =>
      started(name, (port) => ({
        command: [process.execPath, 'src/main.ts'],
        cwd,
        env: {
          ...(open !== undefined && { POLLUX_MAX_CONCURRENT: String(open) }),
          ...env,
          PORT: String(port),
          GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstream}`,
        },
        headers: { authorization: 'Bearer bench-key' },
      })),
  }
}
