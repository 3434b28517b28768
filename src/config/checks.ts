import { isIPv4 } from 'node:net'
import type { AuthConfig, BackendsConfig, KeyConfig } from '../config.ts'
import type { Settings } from '../environment.ts'

/** Who may ask must be said, and said once. */
export function checkAuth(
  mode: AuthConfig['mode'] | undefined,
  keys: readonly KeyConfig[],
  host: string,
): string[] {
  if (mode === 'keys' && keys.length === 0) {
    return [
      'POLLUX_AUTH=keys needs keys: set POLLUX_API_KEYS or POLLUX_API_KEYS_FILE, or keys in the file of POLLUX_CONFIG.',
    ]
  }
  if (mode !== 'keys' && keys.length > 0) {
    return [
      `POLLUX_AUTH=${mode} asks for no key of yours. Leave POLLUX_API_KEYS and the file’s keys out, or set POLLUX_AUTH=keys.`,
    ]
  }
  if (mode === undefined && !isLoopback(host)) {
    return [
      `Listening on ${host} lets others in. Set POLLUX_API_KEYS to ask for a key, or write out POLLUX_AUTH=passthrough or POLLUX_AUTH=none.`,
    ]
  }
  return []
}

/** Whether nobody but this machine reaches it. */
export function isLoopback(host: string): boolean {
  // A name may begin with 127. too.
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** Who may ask is settled at start: a file that was emptied by mistake must not let everybody in. */
export function checkSameMode(before: AuthConfig['mode'], after: AuthConfig['mode']): string[] {
  if (after === before) return []
  return after === 'keys'
    ? [
        'POLLUX_AUTH: There are keys now, which were not asked for so far. Start again to ask for them.',
      ]
    : [`The file has no keys any more; start again with POLLUX_AUTH=${after} if that is meant.`]
}

/** What passes through is checked by Google alone, so it must not open what a key of ours opens. */
export function checkLending(mode: AuthConfig['mode'] | undefined, { endpoints }: BackendsConfig) {
  if (mode !== 'passthrough') return []
  const lent = endpoints.filter(({ at }) => 'url' in at && at.apiKey !== undefined)
  return lent.map(
    ({ name }) =>
      `POLLUX_AUTH=passthrough would let anybody use the apiKey of '${name}' in POLLUX_ENDPOINTS or the configuration. Leave that apiKey out, or set POLLUX_AUTH=keys.`,
  )
}

/** Whoever means to serve needs somebody to ask. */
export function checkBackends(settings: Settings, backends: BackendsConfig): string[] {
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

/** Metrics are not for clients, so their port is another. */
export function checkPorts({ PORT, POLLUX_METRICS_PORT: metrics }: Settings): string[] {
  // Of 0 there are many.
  if (metrics !== PORT || PORT === 0) return []
  return [`POLLUX_METRICS_PORT is the same as PORT, ${PORT}. Set it to another, e.g. 9464.`]
}
