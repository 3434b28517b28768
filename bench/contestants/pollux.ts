import { join } from 'node:path'
import { npmStartOf } from '../../test/support/npm-start.ts'
import { type Contestant, started } from './contestant.ts'

/** As it is delivered, but for where its upstream is. */
const plain = {
  GEMINI_API_KEY: 'bench',
  NODE_ENV: 'production',
  // Where other programs hold up the core that is noise, and no reason to turn a client away.
  POLLUX_MAX_LAG_MS: '60000',
}

/** All that is counted and asked for: keys with limits, prices, metrics, the log. */
export const everything = {
  ...plain,
  POLLUX_CONFIG: join(import.meta.dirname, 'everything.yaml'),
  POLLUX_METRICS_PORT: '0',
  LOG_LEVEL: 'info',
}

const root = join(import.meta.dirname, '../..')

/** Pollux, without any choice made, and with every choice made that costs something. */
export const polluxes: Contestant[] = [
  pollux('pollux', 'this gateway, as it is delivered', root, plain),
  pollux(
    'pollux-full',
    'the same with 16 keys that have limits of each kind, prices, metrics, and the log at `info` into a file',
    root,
    everything,
  ),
  pollux(
    'pollux-traced',
    'the same, and each request traced, its spans sent to the upstream',
    root,
    everything,
    (upstream) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${upstream}` }),
  ),
]

/** Another source tree, other variables, under a name of its own. */
export function polluxFrom(name: string, path: string, env: Record<string, string>): Contestant {
  return pollux(name, `this gateway, from ${path}`, path, { ...plain, ...env })
}

function pollux(
  name: string,
  about: string,
  cwd: string,
  env: Record<string, string>,
  around: (upstream: number) => Record<string, string> = () => ({}),
): Contestant {
  const { nodeOptions, entry } = npmStartOf(cwd)
  return {
    name,
    about,
    translates: true,
    streamEnd: '[DONE]',
    every: 1,
    start: async ({ upstream, open }) =>
      started(name, (port) => ({
        command: [process.execPath, ...nodeOptions, entry],
        cwd,
        env: {
          ...(open !== undefined && { POLLUX_MAX_CONCURRENT: String(open) }),
          ...env,
          ...around(upstream),
          PORT: String(port),
          GOOGLE_GEMINI_BASE_URL: `http://127.0.0.1:${upstream}`,
        },
        headers: { authorization: 'Bearer bench-key' },
      })),
  }
}
