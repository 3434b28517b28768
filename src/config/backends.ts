import type { AuthConfig, BackendsConfig, EndpointConfig } from '../config.ts'
import type { Settings, WrittenEndpoint } from '../environment.ts'
import type { ConfigFile } from './file.ts'

/** Variables that say which of Google's APIs is there. */
export const ofGoogle = [
  'GOOGLE_CLOUD_PROJECT',
  'GOOGLE_CLOUD_LOCATION',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'GOOGLE_GENAI_USE_VERTEXAI',
  'GOOGLE_GENAI_USE_ENTERPRISE',
] as const

/** Whom the variables and the file make it possible to ask. */
export function toBackends(
  settings: Settings,
  mode: AuthConfig['mode'] | undefined,
  endpoints: EndpointConfig[],
): BackendsConfig {
  const { GOOGLE_CLOUD_PROJECT: project, GOOGLE_CLOUD_LOCATION: location } = settings
  const apiKeys = settings.GOOGLE_API_KEY ?? settings.GEMINI_API_KEY ?? []
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
    apiKeys.length === 0 && mode !== 'passthrough'
      ? undefined
      : { apiKeys, baseUrl: settings.GOOGLE_GEMINI_BASE_URL }
  const preferred = (wantsVertex ?? vertex !== undefined) ? 'vertex' : 'gemini'
  const emulated = vertex === undefined && gemini === undefined && endpoints.length === 0
  return { vertex, gemini, preferred, endpoints, emulated }
}

/** Endpoints of the variable and of the file. */
export function toEndpoints(settings: Settings, file: ConfigFile | undefined) {
  const { POLLUX_ENDPOINTS: named, GOOGLE_CLOUD_PROJECT: project } = settings
  const filed = file?.settings.endpoints ?? {}
  const lost = (given: WrittenEndpoint) =>
    'endpoint' in given && given.project === undefined && project === undefined
  const needs = (where: string, of: Record<string, WrittenEndpoint>) =>
    Object.entries(of).flatMap(([name, given]) =>
      lost(given) ? [`${where}: '${name}' needs a project, its own or GOOGLE_CLOUD_PROJECT.`] : [],
    )
  const twice = Object.keys(filed)
    .filter((name) => Object.hasOwn(named, name))
    .map((name) => `endpoints: '${name}' is in POLLUX_ENDPOINTS too. Keep one of them.`)
  return {
    endpoints: Object.entries({ ...named, ...filed }).map(([name, given]) =>
      toEndpoint(name, given, settings),
    ),
    mistakes: [...needs('POLLUX_ENDPOINTS', named), ...needs('endpoints', filed), ...twice],
  }
}

function toEndpoint(name: string, given: WrittenEndpoint, settings: Settings): EndpointConfig {
  const { model } = given
  if ('url' in given) return { name, model, at: { url: given.url, apiKey: given.apiKey } }
  const { GOOGLE_CLOUD_PROJECT = '', GOOGLE_CLOUD_LOCATION } = settings
  const { project = GOOGLE_CLOUD_PROJECT, location = GOOGLE_CLOUD_LOCATION, host } = given
  return { name, model, at: { project, location, endpoint: given.endpoint, host } }
}
