import { readFileSync } from 'node:fs'
import { core } from 'zod'
import { checkAuth, checkBackends, checkLending, checkPorts } from './config/checks.ts'
import { ofGoogle, toBackends, toEndpoints } from './config/backends.ts'
import type { ConfigFile } from './config/file.ts'
import {
  type Environment,
  environment,
  type LogLevel,
  readOnce,
  type Settings,
} from './environment.ts'
import type { OtlpSettings } from './telemetry/otlp.ts'
import { type KeyConfig, plainKey } from './key.ts'
import type { Price } from './price.ts'

export type { KeyConfig } from './key.ts'
export type { Price } from './price.ts'

/** Everything that is settled before the first request. Each part of the program gets its slice. */
export interface Config {
  listen: { host: string; port: number }
  /** Where metrics are to be had; undefined for nowhere. */
  metrics: { host: string; port: number } | undefined
  auth: AuthConfig
  backends: BackendsConfig
  /** Names of the operator's own for models of others. */
  models: readonly ModelConfig[]
  /** What models cost, by their names, or patterns of them. */
  prices: Readonly<Record<string, Price>>
  thoughts: 'reasoning_content' | 'content'
  /** How often a failed request is sent again at the most. */
  retries: number
  /** Milliseconds. */
  timeouts: { connectTimeout: number; headersTimeout: number; idleTimeout: number }
  /** How long a whole answer may take, in milliseconds. */
  totalMs: number
  /** How many requests are answered at a time. */
  mostAtOnce: number
  /** How far the event loop may lag before requests are turned away; 0 for any. */
  mostLagMs: number
  /** How many bytes of request bodies are held at a time. */
  bufferLimit: number
  /** Origins of web pages that may ask from a browser. */
  origins: string[]
  redisUrl: string | undefined
  /** The longest request body in bytes. */
  bodyLimit: number
  /** How long a stream may be silent before the client gets a comment; 0 for ever. */
  heartbeatMs: number
  /** How long running answers may go on once the process is to end. */
  drainMs: number
  logLevel: LogLevel
  /** Where traces go; undefined where there are none. */
  traces: OtlpSettings | undefined
  /** For the trace field of log lines. */
  project: string | undefined
  /** What the operator should know, but need not mend. */
  warnings: string[]
  /** The files that were read, and may be read again. */
  files: readonly string[]
}

export type AuthConfig =
  | { mode: 'none' }
  /** Clients show a key of ours. */
  | { mode: 'keys'; keys: readonly KeyConfig[] }
  /** Clients show their own Google token or API key, which is used upstream. */
  | { mode: 'passthrough' }

export interface BackendsConfig {
  vertex:
    | {
        project: string
        location: string
        otherLocations: string[]
        baseUrl: string | undefined
      }
    | undefined
  gemini: { apiKeys: string[]; baseUrl: string } | undefined
  preferred: 'vertex' | 'gemini'
  endpoints: EndpointConfig[]
  /** Nothing is configured: the built-in emulator answers. */
  emulated: boolean
}

/** A name of the operator's own for a model, or for all whose names match a pattern. */
export interface ModelConfig {
  /** What clients ask for; `*` stands for anything. */
  name: string
  /** Who is asked, in turn: models and endpoints as a client would name them, or other such names. */
  targets: readonly string[]
  /** Parameters of a chat completion, where the client says nothing. */
  defaults: Readonly<Record<string, unknown>>
  price: Price | undefined
}

/** A model behind an address of its own, which speaks OpenAI's words itself. */
export interface EndpointConfig {
  /** What clients call it. */
  name: string
  /** What it calls itself; undefined says nothing to it. */
  model: string | undefined
  at: VertexEndpoint | { url: string; apiKey: string | undefined }
}

export interface VertexEndpoint {
  project: string
  location: string
  endpoint: string
  /** Its dedicated DNS name. */
  host: string | undefined
}

/** Mistakes in the configuration: each names the variable or path at fault, and says what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.map((mistake) => `✖ ${mistake}`).join('\n'))
    this.mistakes = mistakes
  }
}

/** The environment, and the file that it names, as a frozen Config. Throws ConfigError with all mistakes. */
export async function loadConfig(env: Environment): Promise<Config> {
  const { POLLUX_CONFIG: path = '' } = env
  if (path === '') return readConfig(env)
  // Loaded where it is asked for: most gateways have no file.
  const { readConfigFile } = await import('./config/file.ts')
  return readConfig(env, readConfigFile(path, env))
}

/** The environment, and the file if it names one, as a frozen Config. Throws ConfigError with all mistakes. */
export function readConfig(env: Environment, file?: ConfigFile): Config {
  // An empty variable is one that a shell or a manifest could not leave out.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const { settings, faulty, mistakes: unread } = readSettings(given)
  const sure = (...names: (keyof Settings)[]) => !names.some((name) => faulty.has(name))
  const host = settings.HOST ?? (settings.K_SERVICE === undefined ? '127.0.0.1' : '0.0.0.0')
  const { keys, unreadable } = joinKeys(settings, file)
  const mode = settings.POLLUX_AUTH ?? (keys.length > 0 ? 'keys' : undefined)
  const { endpoints, mistakes: misplaced } = toEndpoints(settings, file)
  const backends = toBackends(settings, mode, endpoints)
  // What the mistakes below are about may be what cannot be read.
  const keysKnown = keys.length > 0 || (unreadable.length === 0 && (file?.isWhole('keys') ?? true))
  const authKnown =
    keysKnown && sure('POLLUX_AUTH', 'POLLUX_API_KEYS', 'POLLUX_API_KEYS_FILE', 'HOST')
  const googleKnown = sure(...ofGoogle) && misplaced.length === 0 && sure('POLLUX_ENDPOINTS')
  const backendsKnown =
    sure(...ofGoogle, 'POLLUX_ENDPOINTS') && (file?.isWhole('endpoints') ?? true)
  const verdict = file?.judge(googleKnown ? backends : undefined)
  const mistakes = [
    ...unread,
    ...unreadable,
    ...(authKnown ? checkAuth(mode, keys, host) : []),
    ...(sure('GOOGLE_CLOUD_PROJECT') ? misplaced : []),
    ...checkLending(mode, backends),
    ...(backendsKnown ? checkBackends(settings, backends) : []),
    ...(sure('PORT', 'POLLUX_METRICS_PORT') ? checkPorts(settings) : []),
    ...(file?.mistakes ?? []),
    ...(verdict?.mistakes ?? []),
  ]
  if (mistakes.length > 0) throw new ConfigError(mistakes)
  return deepFreeze({
    listen: { host, port: settings.PORT },
    metrics: toMetrics(settings, host),
    auth: mode === 'keys' ? { mode, keys } : { mode: mode ?? 'none' },
    backends,
    models: file?.settings.models ?? [],
    prices: file?.settings.prices ?? {},
    thoughts: settings.POLLUX_THOUGHTS,
    redisUrl: settings.REDIS_URL,
    bodyLimit: settings.POLLUX_BODY_LIMIT,
    retries: settings.POLLUX_RETRIES,
    timeouts: {
      connectTimeout: 1000 * settings.POLLUX_CONNECT_TIMEOUT_SECONDS,
      headersTimeout: 1000 * settings.POLLUX_FIRST_BYTE_TIMEOUT_SECONDS,
      idleTimeout: 1000 * settings.POLLUX_IDLE_TIMEOUT_SECONDS,
    },
    totalMs: 1000 * settings.POLLUX_TOTAL_TIMEOUT_SECONDS,
    mostAtOnce: settings.POLLUX_MAX_CONCURRENT,
    mostLagMs: settings.POLLUX_MAX_LAG_MS,
    bufferLimit: settings.POLLUX_BUFFER_LIMIT,
    origins: settings.POLLUX_CORS_ORIGINS ?? [],
    heartbeatMs: 1000 * settings.POLLUX_HEARTBEAT_SECONDS,
    // Cloud Run kills 10 s after SIGTERM.
    drainMs: 1000 * (settings.POLLUX_DRAIN_SECONDS ?? (settings.K_SERVICE === undefined ? 30 : 9)),
    logLevel: settings.LOG_LEVEL,
    traces: toTraces(settings),
    project: settings.GOOGLE_CLOUD_PROJECT,
    warnings: [
      ...toWarnings(settings, given),
      ...(file?.warnings ?? []),
      ...(verdict?.warnings ?? []),
    ],
    files: [settings.POLLUX_CONFIG, settings.POLLUX_API_KEYS_FILE].filter(
      (path) => path !== undefined,
    ),
  })
}

/** The variables; those that are faulty are as if they were not set, so that the others can be judged. */
function readSettings(given: Environment) {
  const { data, error } = environment.safeParse(given, readOnce)
  if (error === undefined) return { settings: data, faulty: new Set<PropertyKey>(), mistakes: [] }
  const faulty = new Set(error.issues.flatMap(({ path }) => path.slice(0, 1)))
  const others = Object.entries(given).filter(([name]) => !faulty.has(name))
  return {
    settings: environment.parse(Object.fromEntries(others), readOnce),
    faulty,
    mistakes: error.issues.map(({ path, message }) => `${core.toDotPath(path)}: ${message}`),
  }
}

interface Keys {
  keys: KeyConfig[]
  unreadable: string[]
}

/** Those of the variables and of the file; where both have one, the file knows more of it. */
function joinKeys(settings: Settings, file: ConfigFile | undefined): Keys {
  const { keys, unreadable } = readKeys(settings)
  const filed = file?.settings.keys ?? []
  const others = keys.filter((key) => !filed.some(({ sha256 }) => sha256 === key.sha256))
  return { keys: [...others, ...filed], unreadable }
}

function readKeys({ POLLUX_API_KEYS = '', POLLUX_API_KEYS_FILE: path }: Settings): Keys {
  const { content, unreadable } =
    path === undefined ? { content: '', unreadable: [] } : readKeyFile(path)
  const keys = [...POLLUX_API_KEYS.split(','), ...content.split('\n')].map((key) => key.trim())
  const given = new Set(keys.filter((key) => key !== '' && !key.startsWith('#')))
  // By their order: a piece of the digest would help who guesses at a short key.
  return { keys: [...given].map((key, index) => plainKey(`key-${index + 1}`, key)), unreadable }
}

function readKeyFile(path: string): { content: string; unreadable: string[] } {
  try {
    return { content: readFileSync(path, 'utf8'), unreadable: [] }
  } catch {
    return {
      content: '',
      // Not quoted: it may be the key itself.
      unreadable: ['POLLUX_API_KEYS_FILE names no file that can be read. Give the path of one.'],
    }
  }
}

function toMetrics({ POLLUX_METRICS_PORT: port, POLLUX_METRICS_HOST }: Settings, host: string) {
  return port === undefined ? undefined : { host: POLLUX_METRICS_HOST ?? host, port }
}

function toWarnings({ GEMINI_API_KEY, GOOGLE_API_KEY }: Settings, given: Environment): string[] {
  const differ =
    GEMINI_API_KEY !== undefined &&
    GOOGLE_API_KEY !== undefined &&
    GEMINI_API_KEY.join() !== GOOGLE_API_KEY.join()
  const unknown = Object.keys(given).filter(
    (key) => key.startsWith('POLLUX_') && !Object.hasOwn(environment.shape, key),
  )
  return [
    ...(differ ? ['Both GOOGLE_API_KEY and GEMINI_API_KEY are set: GOOGLE_API_KEY is used.'] : []),
    ...unknown.map((key) => `${key} means nothing here. Check its spelling.`),
  ]
}

function toTraces(settings: Settings): OtlpSettings | undefined {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: base, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: own } = settings
  const url = own ?? (base === undefined ? undefined : `${base}/v1/traces`)
  if (url === undefined || settings.OTEL_SDK_DISABLED) return undefined
  const { K_SERVICE, K_REVISION, OTEL_RESOURCE_ATTRIBUTES: given } = settings
  const name = settings.OTEL_SERVICE_NAME ?? given['service.name'] ?? K_SERVICE ?? 'pollux'
  return {
    url,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    sampler: settings.OTEL_TRACES_SAMPLER,
    ratio: settings.OTEL_TRACES_SAMPLER_ARG,
    resource: {
      ...(K_REVISION !== undefined && { 'service.version': K_REVISION }),
      ...given,
      'service.name': name,
    },
    content: settings.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT,
  }
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(object)
}
