import type { Config } from '../config.ts'
import { toNobodies } from '../config/nobodies.ts'
import type { Environment } from '../environment.ts'
import { isPattern } from '../pattern.ts'
import type { Provider } from '../translate/gemini.ts'
import { resolver } from '../upstream/aliases.ts'
import { routeTo } from '../upstream/backend.ts'
import { developerGate, vertexGate } from '../upstream/google.ts'
import { fixedToken } from '../upstream/token.ts'
import { checkCredential } from './credential.ts'
import { type Finding, mend, mind } from './finding.ts'
import { checkGoogle } from './google.ts'
import { checkEndpoint, checkRedis, checkTraces } from './others.ts'
import { checkPort } from './port.ts'
import { checkSurroundings, type Machine } from './surroundings.ts'
import { checkVertexEndpoint } from './vertex-endpoint.ts'

/** Looks at all that the gateway would need, and changes nothing. `model`, and those that names of the file lead to, are asked for at every place. */
export async function examine(
  config: Config,
  env: Environment,
  machine: Machine,
  model: string,
): Promise<Finding[]> {
  const { listen, metrics, redisUrl, traces, backends } = config
  const looks: Promise<Finding | Finding[]>[] = [
    checkPort(listen, ''),
    ...(metrics === undefined ? [] : [checkPort(metrics, 'POLLUX_METRICS_')]),
    Promise.resolve(checkSurroundings(config, machine)),
    examineVertex(config, env, modelsOf(config, model, 'vertex')),
    examineDeveloperApi(config, modelsOf(config, model, 'gemini')),
    ...backends.endpoints.map(checkEndpoint),
    ...(redisUrl === undefined ? [] : [checkRedis(redisUrl)]),
    ...(traces === undefined ? [] : [checkTraces(traces)]),
  ]
  const findings = (await Promise.all(looks)).flat()
  return [...config.warnings.map(toWarning), ...once(findings), ...checkNothing(config)]
}

function toWarning(says: string): Finding {
  return mind('configuration', says, 'See the README’s table of variables.')
}

/** The models to look for at one of Google's APIs: the one that is asked for, and all that names lead to. */
function modelsOf({ backends, models }: Config, model: string, provider: Provider): string[] {
  const resolve = resolver(models)
  const nobodies = toNobodies(backends)
  const names = [model, ...models.map(({ name }) => name)].filter((name) => !isPattern(name))
  const ends = names.flatMap((name) => resolve(name)?.ends ?? []).map((end) => end.name)
  const routes = ends.map((end) => routeTo(nobodies, end)).filter((route) => route !== undefined)
  const led = routes.filter((route) => route.provider === provider).map((route) => route.model)
  // By its bare name it may be asked for at either.
  const own = resolve(model) === undefined && !nobodies.names.includes(model) ? [model] : []
  return [...new Set([...own, ...led])]
}

async function examineVertex(
  { backends: { vertex, endpoints }, auth }: Config,
  env: Environment,
  models: readonly string[],
): Promise<Finding[]> {
  const there = endpoints.flatMap(({ name, at }) => ('url' in at ? [] : [{ name, at }]))
  const project = vertex?.project ?? there[0]?.at.project
  if (project === undefined) return []
  if (auth.mode === 'passthrough') {
    const says = 'Vertex AI was not looked at: clients bring their own credentials.'
    return [mind('credential', says, 'Try it with one of theirs.')]
  }
  const { token, findings } = await checkCredential(env, project)
  if (token === undefined) return findings
  const headers: Record<string, string> = {
    authorization: `Bearer ${token.token}`,
    ...(token.quotaProject !== undefined && { 'x-goog-user-project': token.quotaProject }),
  }
  const looks = [
    ...(vertex === undefined ? [] : askModels(vertex, models, token.token, headers)),
    ...there.map(({ name, at }) => checkVertexEndpoint(name, at, headers, vertex?.baseUrl)),
  ]
  return [...findings, ...(await Promise.all(looks)).flat()]
}

function askModels(
  vertex: NonNullable<Config['backends']['vertex']>,
  models: readonly string[],
  token: string,
  headers: Record<string, string>,
): Promise<Finding[]>[] {
  const { project, location, otherLocations } = vertex
  const gate = vertexGate({ ...vertex, apiVersion: 'v1beta1' }, fixedToken(token))
  return [location, ...otherLocations].flatMap((where, place) =>
    models.map((model) =>
      checkGoogle({ gate, place, name: `Vertex AI in ${where}`, model, headers, project }),
    ),
  )
}

async function examineDeveloperApi(
  { backends: { gemini } }: Config,
  models: readonly string[],
): Promise<Finding[]> {
  if (gemini === undefined) return []
  const gate = developerGate(gemini)
  const looks = gemini.apiKeys.flatMap((key, place) => {
    const which = gemini.apiKeys.length > 1 ? ` with key ${place + 1}` : ''
    const name = `The Developer API${which}`
    const headers = { 'x-goog-api-key': key }
    return models.map((model) =>
      checkGoogle({ gate, place, name, model, headers, project: undefined }),
    )
  })
  return (await Promise.all(looks)).flat()
}

function checkNothing({ backends }: Config): Finding[] {
  if (!backends.emulated) return []
  const todo = 'Set GOOGLE_CLOUD_PROJECT for Vertex AI, or GEMINI_API_KEY for the Developer API.'
  return [mend('Gemini', 'Nothing is configured: the built-in emulator would answer.', todo)]
}

/** The clock is looked at from every place. */
function once(findings: Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter(({ about, says }) => {
    const key = `${about} ${about === 'clock' ? '' : says}`
    return !seen.has(key) && seen.add(key)
  })
}
