import type { Logger } from 'pino'
import { type App, startApp } from './app.ts'
import {
  type AuthConfig,
  type BackendsConfig,
  type Config,
  ConfigError,
  loadConfig,
} from './config.ts'
import { internalError } from './errors.ts'
import { toLogged } from './http/failure-log.ts'
import { createLog } from './log.ts'

/** What signals ask of the process; `why` is for the log. */
export interface Running {
  /** Stops it in good order. */
  stop(why: string): Promise<void>
  /** Reads the files of its configuration again; stops it where there are none. */
  reload(why: string): Promise<void>
}

/** Reads the environment and serves, or says why not and exits. */
export async function serve(): Promise<Running> {
  const config = await readConfigOrExit()
  const log = createLog(config.logLevel)
  for (const warning of config.warnings) log.warn(warning)
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error) => void stopBroken(event, error))
  }
  let stopping = false
  let app: App | undefined
  app = await startApp(config, log).catch((error: unknown) => exitUnlessReadable(error, config))
  announce(config, app, log)
  // One after the other: the files as they were last are what counts.
  let reloading = Promise.resolve()
  return {
    stop,
    reload(why) {
      reloading = reloading.then(() => reload(why))
      return reloading
    },
  }

  /** Where the new configuration is wrong, the old one stays. Never rejects. */
  async function reload(why: string): Promise<void> {
    // A terminal that closes says the same, and nothing here would change.
    if (config.files.length === 0) return stop(why)
    try {
      const next = await loadConfig(process.env)
      await app?.reload(next)
      for (const warning of next.warnings) log.warn(warning)
      if (next.backends.emulated !== config.backends.emulated) {
        log.warn('Whether the emulator answers is settled at start: start again to change it.')
      }
      log.info(`${why}: the configuration was read again`)
    } catch (error) {
      const said = error instanceof ConfigError ? `:\n${error.message}` : ''
      const details = toLogged(error, internalError(error))
      log.error(said === '' ? details : {}, `${why}: the configuration stays as it was${said}`)
    }
  }

  /** Lets running answers end, within the limit; who asks a second time does not want to wait. */
  async function stop(why: string): Promise<void> {
    if (stopping) process.exit(1)
    stopping = true
    log.info(`${why}: finishing what is running`)
    // Whatever may hang in closing: Cloud Run kills a second after the default limit.
    setTimeout(() => process.exit(0), config.drainMs + 700).unref()
    await app?.close()
    process.exit()
  }

  /** A bug has left the process in a state that nobody knows: it tells so, and ends soon. */
  async function stopBroken(event: string, error: unknown): Promise<void> {
    log.fatal(toLogged(error, internalError(error)), `${event}: stopping`)
    process.exitCode = 1
    setTimeout(() => process.exit(1), lastWordsMs + 500).unref()
    if (stopping) return
    stopping = true
    await app?.close(lastWordsMs)
    process.exit(1)
  }
}

/** How long a broken process goes on, in milliseconds. */
const lastWordsMs = 1_000

async function readConfigOrExit(): Promise<Config> {
  try {
    return await loadConfig(process.env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return exitWith(error.message)
  }
}

/** What the operator can mend is said in a sentence; the rest is a bug, and flies. */
async function exitUnlessReadable(error: unknown, config: Config): Promise<never> {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const { listen, metrics } = config
  // Of a name that leads nowhere there is no port.
  const ofMetrics =
    error instanceof Error &&
    (('port' in error && error.port === metrics?.port) ||
      ('hostname' in error && error.hostname === metrics?.host && metrics?.host !== listen.host))
  // Loaded where it is asked for: most gateways may listen.
  const { explainListenError } = await import('./listen-errors.ts')
  const explained =
    ofMetrics && metrics !== undefined
      ? explainListenError(code, metrics, 'POLLUX_METRICS_')
      : explainListenError(code, listen, '')
  if (explained === undefined) throw error
  return exitWith(`✖ ${explained.join(' ')} (${code})`)
}

function exitWith(message: string): never {
  process.stderr.write(`Pollux cannot start:\n${message}\n`)
  process.exit(1)
}

/** What is served, from where, and how to try it: readable at home, one JSON line in production. */
function announce(config: Config, { url, metricsUrl }: App, log: Logger): void {
  const { line, curl } = announcement(config, url)
  const told = metricsUrl === undefined ? line : `${line}, and metrics at ${metricsUrl}`
  if (process.env.K_SERVICE !== undefined || process.env.NODE_ENV === 'production') {
    log.info(told)
    return
  }
  process.stdout.write(`${told}\n\n  ${curl}\n\n`)
}

/** What is served from where, in a line, and a command that tries it. */
export function announcement({ backends, auth }: Config, url: string) {
  return { line: toLine(backends, url), curl: toCurl(backends, auth, url) }
}

function toLine({ vertex, gemini, endpoints, emulated }: BackendsConfig, url: string): string {
  const aliases = endpoints.map(({ name }) => name).join(', ')
  if (emulated) {
    return `Pollux serves Gemini at ${url}/v1 from the built-in EMULATOR: answers are made up, set GEMINI_API_KEY or GOOGLE_CLOUD_PROJECT for real ones`
  }
  const google = [
    ...(vertex ? [`Vertex AI (${vertex.project}, ${vertex.location})`] : []),
    ...(gemini ? ['the Gemini Developer API'] : []),
  ].join(' and ')
  if (google === '') return `Pollux serves ${aliases} at ${url}/v1 from their own addresses`
  const more = aliases === '' ? '' : `, and ${aliases} from their own addresses`
  return `Pollux serves Gemini at ${url}/v1 from ${google}${more}`
}

function toCurl(backends: BackendsConfig, auth: AuthConfig, url: string): string {
  const { vertex, gemini, endpoints, emulated } = backends
  const key = {
    none: '',
    keys: " -H 'authorization: Bearer <one of your keys>'",
    passthrough: " -H 'authorization: Bearer <your Google token>'",
  }
  const google = vertex !== undefined || gemini !== undefined || emulated
  const model = google ? 'gemini-2.5-flash' : endpoints[0]?.name
  const body = JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello!' }] })
  // An alias may hold whatever JSON can.
  const quoted = `'${body.replaceAll("'", String.raw`'\''`)}'`
  return `curl ${url}/v1/chat/completions${key[auth.mode]} -H 'content-type: application/json' -d ${quoted}`
}
