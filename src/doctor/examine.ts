import type { Config } from '../config.ts'
import type { Environment } from '../environment.ts'
import { developerGate, vertexGate } from '../upstream/google.ts'
import { fixedToken } from '../upstream/token.ts'
import { checkCredential } from './credential.ts'
import { type Finding, mend, mind } from './finding.ts'
import { checkGoogle } from './google.ts'
import { checkEndpoint, checkRedis, checkTraces } from './others.ts'
import { checkPort } from './port.ts'
import { checkSurroundings, type Machine } from './surroundings.ts'

/** Looks at all that the gateway would need, and changes nothing. `model` is asked for at every place. */
export async function examine(
  config: Config,
  env: Environment,
  machine: Machine,
  model: string,
): Promise<Finding[]> {
  const { listen, metrics, redisUrl, traces, backends } = config
  const looks: Promise<Finding | Finding[]>[] = [
    checkPort(listen.host, listen.port, 'PORT'),
    ...(metrics === undefined
      ? []
      : [checkPort(metrics.host, metrics.port, 'POLLUX_METRICS_PORT')]),
    Promise.resolve(checkSurroundings(config, machine)),
    examineVertex(config, env, model),
    examineDeveloperApi(config, model),
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

async function examineVertex(
  { backends: { vertex }, auth }: Config,
  env: Environment,
  model: string,
): Promise<Finding[]> {
  // Clients who bring their own credentials need none of ours, and cannot be tried for.
  if (vertex === undefined || auth.mode === 'passthrough') return []
  const { project, location, otherLocations } = vertex
  const { token, findings } = await checkCredential(env, project)
  if (token === undefined) return findings
  const gate = vertexGate({ ...vertex, apiVersion: 'v1beta1' }, fixedToken(token.token))
  const headers: Record<string, string> = {
    authorization: `Bearer ${token.token}`,
    ...(token.quotaProject !== undefined && { 'x-goog-user-project': token.quotaProject }),
  }
  const places = [location, ...otherLocations].map((where, place) =>
    checkGoogle({ gate, place, name: `Vertex AI in ${where}`, model, headers, project }),
  )
  return [...findings, ...(await Promise.all(places)).flat()]
}

async function examineDeveloperApi({ backends: { gemini } }: Config, model: string) {
  if (gemini === undefined) return []
  const gate = developerGate(gemini)
  const looks = gemini.apiKeys.map((key, place) => {
    const which = gemini.apiKeys.length > 1 ? ` with key ${place + 1}` : ''
    const name = `The Developer API${which}`
    const headers = { 'x-goog-api-key': key }
    return checkGoogle({ gate, place, name, model, headers, project: undefined })
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
