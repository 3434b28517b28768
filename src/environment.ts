import { z } from 'zod'
import { samplerNames } from './telemetry/samplers.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export type Environment = Record<string, string | undefined>

/** How a configuration is read: zod would make code of its schema first, which takes longer than reading it. */
export const readOnce = { jitless: true } as const

const text = z.string().trim().min(1)
const flag = z.stringbool({
  truthy: ['true', '1', 'yes', 'on'],
  falsy: ['false', '0', 'no', 'off'],
})
/** A base URL, without its last slash. */
export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'Expected an http(s) URL.' })
  .transform((given) => given.replace(/\/{1,9}$/, ''))
/** A project or a location of Google's. */
export const placeName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9:.-]{0,99}$/, 'Expected lower-case letters, digits and "-".')

const origin = z
  .string()
  .regex(
    /^https?:\/\/[^/\s*]+$/,
    'Expected origins such as https://app.example, without a path or *.',
  )
const list = text
  .transform((given) =>
    given
      .split(',')
      .map((one) => one.trim())
      .filter((one, at, all) => one !== '' && all.indexOf(one) === at),
  )
  .refine((items) => items.length > 0, 'Expected one or several, comma-separated.')

/** Where an endpoint is by itself. */
export const hostname = z.hostname('Expected the dedicated DNS name of the endpoint.')

/** What the client of Redis cannot read would end the process with a stack. */
function isRedisUrl(given: string): boolean {
  const url = URL.parse(given)
  // Told already, and without the value: it may hold a password.
  if (url === null) return true
  const { pathname, username, password } = url
  try {
    decodeURIComponent(username + password)
  } catch {
    return false
  }
  return /^\/?\d*$/.test(pathname)
}

function wholeNumber(least: number, most: number) {
  const expected = `Expected a whole number from ${least} to ${most}.`
  return z
    .string()
    .regex(/^\d{1,10}$/, expected)
    .transform(Number)
    .refine((number) => number >= least && number <= most, expected)
}

/** An endpoint as it is written in POLLUX_ENDPOINTS. */
export type WrittenEndpoint = z.output<typeof endpoint>

const endpoint = z.union(
  [
    z.strictObject({
      endpoint: z.string().regex(/^[\w-]{1,63}$/, 'Expected the id of an endpoint.'),
      project: placeName.optional(),
      location: placeName.optional(),
      host: hostname.optional(),
      model: z.string().optional(),
    }),
    z.strictObject({ url: httpUrl, apiKey: text.optional(), model: z.string().optional() }),
  ],
  'Expected { "endpoint": "<id>", … } for Vertex AI, or { "url": "<base URL>", … } for another server.',
)

/** The environment, one key a line; the README's table is checked against these. */
export const environment = z.object({
  PORT: wholeNumber(0, 65_535).default(8080).describe('Port to listen on; default `8080`.'),
  HOST: text
    .optional()
    .describe('Address to listen on. Default `127.0.0.1`; `0.0.0.0` on Cloud Run (`K_SERVICE`).'),
  GEMINI_API_KEY: list
    .optional()
    .describe(
      'Key of the Gemini Developer API; of several, comma-separated, one stands in where another fails.',
    ),
  GOOGLE_API_KEY: list.optional().describe('The same; wins over `GEMINI_API_KEY`.'),
  GOOGLE_CLOUD_PROJECT: placeName
    .optional()
    .describe('Project for Vertex AI; credentials come from Application Default Credentials.'),
  GOOGLE_CLOUD_LOCATION: placeName
    .default('global')
    .describe('Vertex AI location: `global` (the default), `us`, `eu` or a region.'),
  GOOGLE_GENAI_USE_VERTEXAI: flag
    .optional()
    .describe('Which API serves a name without prefix when both are configured.'),
  GOOGLE_GENAI_USE_ENTERPRISE: flag
    .optional()
    .describe('The newer name of `GOOGLE_GENAI_USE_VERTEXAI`; wins over it.'),
  GOOGLE_GEMINI_BASE_URL: httpUrl
    .default('https://generativelanguage.googleapis.com')
    .describe(
      'Another base URL for the Developer API; default `https://generativelanguage.googleapis.com`.',
    ),
  GOOGLE_VERTEX_BASE_URL: httpUrl
    .optional()
    .describe(
      'Another base URL for Vertex AI, where `{location}` stands for the location; the default follows from the location.',
    ),
  POLLUX_CONFIG: text
    .optional()
    .describe('A YAML file for models, endpoints, keys and prices; see below.'),
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
    .refine(
      isRedisUrl,
      'Expected the number of a database as its path, and %-signs written as %25.',
    )
    .optional()
    .describe(
      'Redis, where several instances share the memory of thought signatures and the limits of keys.',
    ),
  POLLUX_THOUGHTS: z
    .enum(['reasoning_content', 'content'], 'Expected reasoning_content or content.')
    .default('reasoning_content')
    .describe(
      'Where thoughts go when the client set no `thought_tag_marker`: `reasoning_content` (the default) or `content`.',
    ),
  POLLUX_BODY_LIMIT: wholeNumber(1024, 1024 ** 3)
    .default(32 * 1024 * 1024)
    .describe('Longest request body in bytes; default `33554432` (32 MiB).'),
  POLLUX_FAILOVER_LOCATIONS: list
    .pipe(z.array(placeName))
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
  POLLUX_TOTAL_TIMEOUT_SECONDS: wholeNumber(1, 3600)
    .default(600)
    .describe(
      'How long an answer may take that is not streamed, all tries together; default `600`, half an hour for the tier `flex`.',
    ),
  POLLUX_MAX_CONCURRENT: wholeNumber(1, 100_000)
    .default(250)
    .describe(
      'How many requests are answered at a time; default `250`. 64 more wait for up to 2 s, the others get a 503.',
    ),
  POLLUX_MAX_LAG_MS: wholeNumber(0, 60_000)
    .default(200)
    .describe(
      'Requests get a 503 while the event loop lags by more than this many milliseconds on average; default `200`, `0` for never.',
    ),
  POLLUX_BUFFER_LIMIT: wholeNumber(1024, 64 * 1024 ** 3)
    .default(256 * 1024 * 1024)
    .describe(
      'How many bytes of request bodies are held at a time, all together; default `268435456` (256 MiB).',
    ),
  POLLUX_CORS_ORIGINS: list
    .pipe(z.array(origin))
    .optional()
    .describe(
      'Origins of web pages that may ask from a browser, comma-separated, e.g. `https://app.example`; none by default.',
    ),
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
  POLLUX_METRICS_PORT: wholeNumber(0, 65_535)
    .optional()
    .describe(
      'Port of `/metrics` for Prometheus, and of nothing else; none by default, `9464` is usual.',
    ),
  POLLUX_METRICS_HOST: text
    .optional()
    .describe('Address to listen on for metrics; default the same as for requests.'),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl
    .optional()
    .describe(
      'Where traces go, as OTLP over HTTP, e.g. `http://127.0.0.1:4318`; without it there are none.',
    ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl
    .optional()
    .describe('The same with its path, e.g. `http://127.0.0.1:4318/v1/traces`; wins over it.'),
  OTEL_EXPORTER_OTLP_HEADERS: z
    .string()
    .transform(toPairs)
    .default({})
    .describe('Headers for it, e.g. `api-key=…`, comma-separated, values percent-encoded.'),
  OTEL_EXPORTER_OTLP_PROTOCOL: z
    .enum(
      ['http/json'],
      'Expected http/json: nothing else is spoken here, and every collector takes it.',
    )
    .optional()
    .describe('`http/json`, the only one.'),
  OTEL_SERVICE_NAME: text
    .optional()
    .describe('What traces call this process; default `K_SERVICE`, else `pollux`.'),
  OTEL_RESOURCE_ATTRIBUTES: z
    .string()
    .transform(toPairs)
    .default({})
    .describe(
      'What else they say of it, e.g. `deployment.environment.name=staging`, comma-separated.',
    ),
  OTEL_TRACES_SAMPLER: z
    .enum(samplerNames, `Expected one of ${samplerNames.join(', ')}.`)
    .default('parentbased_always_on')
    .describe(
      'Which requests are traced, in OpenTelemetry’s words; default `parentbased_always_on`.',
    ),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?)$/, 'Expected a part of all, from 0 to 1.')
    .transform(Number)
    .default(1)
    .describe('Which part of them a `…traceidratio` sampler keeps, 0 to 1; default `1`.'),
  OTEL_SDK_DISABLED: flag.default(false).describe('`true`: no traces, whatever else is set.'),
  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: z
    .stringbool({ truthy: ['true', 'span_only', 'span_and_event'], falsy: ['false', 'no_content'] })
    .default(false)
    .describe('`true`: traces hold what is said, prompts and answers; `false` by default.'),
  LOG_LEVEL: z
    .enum(logLevels, `Expected one of ${logLevels.join(', ')}.`)
    .default('info')
    .describe('`trace`, `debug`, `info` (the default), `warn`, `error`, `fatal` or `silent`.'),
  NODE_ENV: text
    .optional()
    .describe('`production`: refuse to start where only the emulator could answer.'),
  K_REVISION: text
    .optional()
    .describe('Set by Cloud Run; the version that traces call this process.'),
  K_SERVICE: text
    .optional()
    .describe('Set by Cloud Run; like `NODE_ENV=production`, and listens on all addresses.'),
})

/** The environment, read but not yet judged as a whole. */
export type Settings = z.output<typeof environment>

/** `a=1,b=2` with percent-encoded values, as OpenTelemetry writes lists. */
function toPairs(given: string, context: z.RefinementCtx): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const pair of given.split(',').filter((one) => one.trim() !== '')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    const value = tryDecode(pair.slice(at + 1).trim())
    if (at < 1 || name === '' || value === undefined) {
      // Not quoted: it may be a key.
      const message = 'Expected name=value, comma-separated, with values percent-encoded.'
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    pairs[name] = value
  }
  return pairs
}

function tryDecode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

function toJson(given: string, context: z.RefinementCtx): unknown {
  try {
    return JSON.parse(given)
  } catch {
    context.addIssue({ code: 'custom', message: 'Expected JSON.' })
    return z.NEVER
  }
}
