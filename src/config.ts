import { readFileSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { z } from 'zod'

/** Everything that is settled before the first request. Each part of the program gets its slice. */
export interface Config {
  listen: { host: string; port: number }
  auth: AuthConfig
  backends: BackendsConfig
  thoughts: 'reasoning_content' | 'content'
  /** How often a failed request is sent again at the most. */
  retries: number
  /** Milliseconds. */
  timeouts: { connectTimeout: number; headersTimeout: number; idleTimeout: number }
  redisUrl: string | undefined
  /** The longest request body in bytes. */
  bodyLimit: number
  /** How long a stream may be silent before the client gets a comment; 0 for ever. */
  heartbeatMs: number
  /** How long running answers may go on once the process is to end. */
  drainMs: number
  logLevel: LogLevel
  /** For the trace field of log lines. */
  project: string | undefined
  /** What the operator should know, but need not mend. */
  warnings: string[]
}

export type AuthConfig =
  | { mode: 'none' }
  /** Clients show a key of ours. */
  | { mode: 'keys'; keys: string[] }
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
  gemini: { apiKey: string | undefined; baseUrl: string } | undefined
  preferred: 'vertex' | 'gemini'
  endpoints: EndpointConfig[]
  /** Nothing is configured: the built-in emulator answers. */
  emulated: boolean
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

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
type LogLevel = (typeof logLevels)[number]

/** A mistake in the environment; its message names every variable at fault and says what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

export type Environment = Record<string, string | undefined>

const text = z.string().trim().min(1)
const flag = z.stringbool({
  truthy: ['true', '1', 'yes', 'on'],
  falsy: ['false', '0', 'no', 'off'],
})
const url = z
  .url({ protocol: /^https?$/, error: 'Expected an http(s) URL.' })
  .transform((given) => given.replace(/\/+$/, ''))
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:.-]{0,99}$/, 'Expected lower-case letters, digits and "-".')

function wholeNumber(least: number, most: number) {
  const expected = `Expected a whole number from ${least} to ${most}.`
  return z
    .string()
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .refine((number) => number >= least && number <= most, expected)
}

const endpoint = z.union(
  [
    z.strictObject({
      endpoint: z.string().regex(/^[\w-]{1,63}$/, 'Expected the id of an endpoint.'),
      project: name.optional(),
      location: name.optional(),
      host: z.hostname('Expected the dedicated DNS name of the endpoint.').optional(),
      model: z.string().optional(),
    }),
    z.strictObject({ url, apiKey: text.optional(), model: z.string().optional() }),
  ],
  'Expected { "endpoint": "<id>", … } for Vertex AI, or { "url": "<base URL>", … } for another server.',
)

/** The environment, one key a line; the README's table is checked against these. */
export const environment = z.object({
  PORT: wholeNumber(0, 65_535).default(8080).describe('Port to listen on; default `8080`.'),
  HOST: text
    .optional()
    .describe('Address to listen on. Default `127.0.0.1`; `0.0.0.0` on Cloud Run (`K_SERVICE`).'),
  GEMINI_API_KEY: text.optional().describe('Key of the Gemini Developer API.'),
  GOOGLE_API_KEY: text.optional().describe('The same; wins over `GEMINI_API_KEY`.'),
  GOOGLE_CLOUD_PROJECT: name
    .optional()
    .describe('Project for Vertex AI; credentials come from Application Default Credentials.'),
  GOOGLE_CLOUD_LOCATION: name
    .default('global')
    .describe('Vertex AI location: `global` (the default), `us`, `eu` or a region.'),
  GOOGLE_GENAI_USE_VERTEXAI: flag
    .optional()
    .describe('Which API serves a name without prefix when both are configured.'),
  GOOGLE_GENAI_USE_ENTERPRISE: flag
    .optional()
    .describe('The newer name of `GOOGLE_GENAI_USE_VERTEXAI`; wins over it.'),
  GOOGLE_GEMINI_BASE_URL: url
    .default('https://generativelanguage.googleapis.com')
    .describe(
      'Another base URL for the Developer API; default `https://generativelanguage.googleapis.com`.',
    ),
  GOOGLE_VERTEX_BASE_URL: url
    .optional()
    .describe('Another base URL for Vertex AI; the default follows from the location.'),
  POLLUX_AUTH: z
    .enum(['none', 'keys', 'passthrough'], 'Expected none, keys or passthrough.')
    .optional()
    .describe(
      '`none`, `keys` or `passthrough`. Default `keys` where keys are given, else `none`, on loopback only.',
    ),
  POLLUX_API_KEYS: text.optional().describe('Keys that clients may use, comma-separated.'),
  POLLUX_API_KEYS_FILE: text.optional().describe('A file of such keys, one a line.'),
  POLLUX_ENDPOINTS: z
    .string()
    .transform(toJson)
    .pipe(z.record(z.string().min(1), endpoint))
    .default({})
    .describe(
      'Models that speak OpenAI themselves, as JSON: `{"gemma":{"endpoint":"1234567890","location":"us-central1"}}`, with `project`, `host` (dedicated DNS) and `model` where they differ, or `{"local":{"url":"http://127.0.0.1:8000/v1"}}`, with `apiKey` and `model`.',
    ),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'Expected a redis:// or rediss:// URL.' })
    .optional()
    .describe('Redis, where several instances share the memory of thought signatures.'),
  POLLUX_THOUGHTS: z
    .enum(['reasoning_content', 'content'], 'Expected reasoning_content or content.')
    .default('reasoning_content')
    .describe(
      'Where thoughts go when the client set no `thought_tag_marker`: `reasoning_content` (the default) or `content`.',
    ),
  POLLUX_BODY_LIMIT: wholeNumber(1024, 1024 ** 3)
    .default(32 * 1024 * 1024)
    .describe('Longest request body in bytes; default `33554432` (32 MiB).'),
  POLLUX_FAILOVER_LOCATIONS: text
    .transform((given) => given.split(',').map((one) => one.trim()))
    .pipe(z.array(name))
    .optional()
    .describe(
      'Vertex AI locations that are asked where the first fails, comma-separated, nearest first.',
    ),
  POLLUX_RETRIES: wholeNumber(0, 5)
    .default(2)
    .describe('How often a failed request is sent again at the most; default `2`, `0` for never.'),
  POLLUX_CONNECT_TIMEOUT_SECONDS: wholeNumber(1, 60)
    .default(5)
    .describe('How long a connection to Google may take; default `5`.'),
  POLLUX_FIRST_BYTE_TIMEOUT_SECONDS: wholeNumber(1, 3600)
    .default(600)
    .describe('How long Gemini may think before its first byte; default `600`.'),
  POLLUX_IDLE_TIMEOUT_SECONDS: wholeNumber(1, 3600)
    .default(120)
    .describe('How long an answer may pause; default `120`.'),
  POLLUX_HEARTBEAT_SECONDS: wholeNumber(0, 600)
    .default(15)
    .describe(
      'Seconds of silence in a stream after which a comment keeps proxies from cutting it; default `15`, `0` for none.',
    ),
  POLLUX_DRAIN_SECONDS: wholeNumber(0, 3600)
    .optional()
    .describe(
      'Seconds that running answers may take after SIGTERM; default `30`, `9` on Cloud Run (`K_SERVICE`).',
    ),
  LOG_LEVEL: z
    .enum(logLevels, `Expected one of ${logLevels.join(', ')}.`)
    .default('info')
    .describe('`trace`, `debug`, `info` (the default), `warn`, `error`, `fatal` or `silent`.'),
  NODE_ENV: text
    .optional()
    .describe('`production`: refuse to start where only the emulator could answer.'),
  K_SERVICE: text
    .optional()
    .describe('Set by Cloud Run; like `NODE_ENV=production`, and listens on all addresses.'),
})

type Settings = z.output<typeof environment>

/** The environment as a frozen Config. Throws ConfigError with all mistakes at once. */
export function readConfig(env: Environment): Config {
  // An empty variable is one that a shell or a manifest could not leave out.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = environment.safeParse(given)
  if (!result.success) throw new ConfigError(z.prettifyError(result.error))
  const settings = result.data
  const host = settings.HOST ?? (settings.K_SERVICE === undefined ? '127.0.0.1' : '0.0.0.0')
  const { keys, unreadable } = readKeys(settings)
  const mode = settings.POLLUX_AUTH ?? (keys.length > 0 ? 'keys' : undefined)
  const backends = toBackends(settings, mode)
  const mistakes = [
    ...unreadable,
    // Whose file cannot be read means to have keys.
    ...(unreadable.length > 0 ? [] : checkAuth(mode, keys, host)),
    ...checkLending(mode, backends),
    ...checkBackends(settings, backends),
  ]
  if (mistakes.length > 0)
    throw new ConfigError(mistakes.map((mistake) => `✖ ${mistake}`).join('\n'))
  return deepFreeze({
    listen: { host, port: settings.PORT },
    auth: mode === 'keys' ? { mode, keys } : { mode: mode ?? 'none' },
    backends,
    thoughts: settings.POLLUX_THOUGHTS,
    redisUrl: settings.REDIS_URL,
    bodyLimit: settings.POLLUX_BODY_LIMIT,
    retries: settings.POLLUX_RETRIES,
    timeouts: {
      connectTimeout: 1000 * settings.POLLUX_CONNECT_TIMEOUT_SECONDS,
      headersTimeout: 1000 * settings.POLLUX_FIRST_BYTE_TIMEOUT_SECONDS,
      idleTimeout: 1000 * settings.POLLUX_IDLE_TIMEOUT_SECONDS,
    },
    heartbeatMs: 1000 * settings.POLLUX_HEARTBEAT_SECONDS,
    // Cloud Run kills 10 s after SIGTERM.
    drainMs: 1000 * (settings.POLLUX_DRAIN_SECONDS ?? (settings.K_SERVICE === undefined ? 30 : 9)),
    logLevel: settings.LOG_LEVEL,
    project: settings.GOOGLE_CLOUD_PROJECT,
    warnings: toWarnings(settings, given),
  })
}

interface Keys {
  keys: string[]
  unreadable: string[]
}

function readKeys({ POLLUX_API_KEYS = '', POLLUX_API_KEYS_FILE: path }: Settings): Keys {
  const { content, unreadable } =
    path === undefined ? { content: '', unreadable: [] } : readKeyFile(path)
  const keys = [...POLLUX_API_KEYS.split(','), ...content.split('\n')].map((key) => key.trim())
  return {
    keys: [...new Set(keys.filter((key) => key !== '' && !key.startsWith('#')))],
    unreadable,
  }
}

function readKeyFile(path: string): { content: string; unreadable: string[] } {
  try {
    return { content: readFileSync(path, 'utf8'), unreadable: [] }
  } catch {
    return {
      content: '',
      unreadable: [`POLLUX_API_KEYS_FILE: cannot read ${path}. Give the path of a readable file.`],
    }
  }
}

function toBackends(settings: Settings, mode: AuthConfig['mode'] | undefined): BackendsConfig {
  const { GOOGLE_CLOUD_PROJECT: project, GOOGLE_CLOUD_LOCATION: location } = settings
  const apiKey = settings.GOOGLE_API_KEY ?? settings.GEMINI_API_KEY
  const wantsVertex = settings.GOOGLE_GENAI_USE_ENTERPRISE ?? settings.GOOGLE_GENAI_USE_VERTEXAI
  const vertex =
    project === undefined
      ? undefined
      : {
          project,
          location,
          otherLocations: (settings.POLLUX_FAILOVER_LOCATIONS ?? []).filter(
            (one) => one !== location,
          ),
          baseUrl: settings.GOOGLE_VERTEX_BASE_URL,
        }
  // Clients that bring their own keys need none of ours.
  const gemini =
    apiKey === undefined && mode !== 'passthrough'
      ? undefined
      : { apiKey, baseUrl: settings.GOOGLE_GEMINI_BASE_URL }
  const preferred = (wantsVertex ?? vertex !== undefined) ? 'vertex' : 'gemini'
  const endpoints = Object.entries(settings.POLLUX_ENDPOINTS).map(([alias, given]) =>
    toEndpoint(alias, given, settings),
  )
  const emulated = vertex === undefined && gemini === undefined && endpoints.length === 0
  return { vertex, gemini, preferred, endpoints, emulated }
}

function toEndpoint(
  alias: string,
  given: z.output<typeof endpoint>,
  settings: Settings,
): EndpointConfig {
  const { model } = given
  if ('url' in given) return { name: alias, model, at: { url: given.url, apiKey: given.apiKey } }
  const { GOOGLE_CLOUD_PROJECT, GOOGLE_CLOUD_LOCATION } = settings
  const { project = GOOGLE_CLOUD_PROJECT, location = GOOGLE_CLOUD_LOCATION, host } = given
  if (project === undefined) {
    throw new ConfigError(
      `✖ POLLUX_ENDPOINTS: '${alias}' needs a project, its own or GOOGLE_CLOUD_PROJECT.`,
    )
  }
  return { name: alias, model, at: { project, location, endpoint: given.endpoint, host } }
}

function toJson(given: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(given)
  } catch {
    context.addIssue({ code: 'custom', message: 'Expected JSON.' })
    return z.NEVER
  }
}

function checkAuth(mode: AuthConfig['mode'] | undefined, keys: string[], host: string): string[] {
  if (mode === 'keys' && keys.length === 0) {
    return ['POLLUX_AUTH=keys needs keys: set POLLUX_API_KEYS or POLLUX_API_KEYS_FILE.']
  }
  if (mode !== 'keys' && keys.length > 0) {
    return [
      `POLLUX_AUTH=${mode} asks for no key of yours. Leave POLLUX_API_KEYS out, or set POLLUX_AUTH=keys.`,
    ]
  }
  if (mode === undefined && !isLoopback(host)) {
    return [
      `Listening on ${host} lets others in. Set POLLUX_API_KEYS to ask for a key, or write out POLLUX_AUTH=passthrough or POLLUX_AUTH=none.`,
    ]
  }
  return []
}

function isLoopback(host: string): boolean {
  // A name may begin with 127. too.
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** What passes through is checked by Google alone, so it must not open what a key of ours opens. */
function checkLending(mode: AuthConfig['mode'] | undefined, { endpoints }: BackendsConfig) {
  if (mode !== 'passthrough') return []
  const lent = endpoints.filter(({ at }) => 'url' in at && at.apiKey !== undefined)
  return lent.map(
    ({ name }) =>
      `POLLUX_AUTH=passthrough would let anybody use the apiKey of '${name}' in POLLUX_ENDPOINTS. Leave that apiKey out, or set POLLUX_AUTH=keys.`,
  )
}

function checkBackends(settings: Settings, backends: BackendsConfig): string[] {
  const { NODE_ENV, K_SERVICE } = settings
  const production = NODE_ENV === 'production' || K_SERVICE !== undefined
  const wantsVertex = settings.GOOGLE_GENAI_USE_ENTERPRISE ?? settings.GOOGLE_GENAI_USE_VERTEXAI
  return [
    ...(production && backends.emulated
      ? [
          'Nothing to serve. Set GOOGLE_CLOUD_PROJECT for Vertex AI, or GEMINI_API_KEY for the Gemini Developer API.',
        ]
      : []),
    ...(wantsVertex === true && backends.vertex === undefined
      ? ['GOOGLE_GENAI_USE_VERTEXAI asks for Vertex AI: set GOOGLE_CLOUD_PROJECT too.']
      : []),
  ]
}

function toWarnings({ GEMINI_API_KEY, GOOGLE_API_KEY }: Settings, given: Environment): string[] {
  const differ =
    GEMINI_API_KEY !== undefined &&
    GOOGLE_API_KEY !== undefined &&
    GEMINI_API_KEY !== GOOGLE_API_KEY
  const unknown = Object.keys(given).filter(
    (key) => key.startsWith('POLLUX_') && !Object.hasOwn(environment.shape, key),
  )
  return [
    ...(differ ? ['Both GOOGLE_API_KEY and GEMINI_API_KEY are set: GOOGLE_API_KEY is used.'] : []),
    ...unknown.map((key) => `${key} means nothing here. Check its spelling.`),
  ]
}

function deepFreeze<T extends object>(object: T): T {
  for (const value of Object.values(object)) {
    if (typeof value === 'object' && value !== null) deepFreeze(value)
  }
  return Object.freeze(object)
}
