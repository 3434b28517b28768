import type { EndpointConfig } from '../config.ts'
import type { Settings, WrittenEndpoint } from '../environment.ts'
import type { ConfigFile } from './file.ts'

/** Those of the variable and of the file. */
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
