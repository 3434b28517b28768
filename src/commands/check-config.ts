import { parseArgs } from 'node:util'
import { type Config, ConfigError, type KeyConfig, loadConfig } from '../config.ts'
import type { Command, Outcome } from './command.ts'

const usage = 'Usage: check-config [--json | --schema]'

/** Says what would be served with this environment and its file, or all that is wrong. No secrets. */
export const checkConfig: Command = {
  about: 'says what would be served, or all that is wrong with the configuration; --json, --schema',
  async run({ words, env }) {
    const options = readOptions(words)
    if (options === undefined) return { text: usage, exitCode: 2 }
    if (options.schema) return { text: await schemaText(), exitCode: 0 }
    try {
      const config = await loadConfig(env)
      const text = options.json ? toJson({ ok: true, ...toSummary(config) }) : toLines(config)
      return { text, exitCode: 0 }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return refused(error, options.json)
    }
  },
}

function readOptions(words: readonly string[]): { json: boolean; schema: boolean } | undefined {
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({ args: [...words], options: { json: flag, schema: flag } }).values
  } catch {
    return undefined
  }
}

/** The JSON Schema of the file: what docs/config.schema.json holds. */
async function schemaText(): Promise<string> {
  const { toFileSchema } = await import('../config/json-schema.ts')
  return toJson(toFileSchema())
}

function refused({ message, mistakes }: ConfigError, json: boolean): Outcome {
  if (!json) return { text: `Pollux would not start:\n${message}`, exitCode: 1 }
  return { text: toJson({ ok: false, mistakes }), exitCode: 1 }
}

/** What would be served, without anything secret. */
function toSummary({ listen, auth, backends, models, prices, files, warnings }: Config) {
  const { vertex, gemini, endpoints, emulated } = backends
  return {
    listen,
    auth: auth.mode,
    vertex: vertex && { project: vertex.project, location: vertex.location },
    gemini: gemini && { keys: gemini.apiKeys.length },
    emulated,
    models: models.map(({ name, targets, defaults }) => ({
      name,
      targets,
      defaults: Object.keys(defaults),
    })),
    endpoints: endpoints.map(({ name }) => name),
    keys: auth.mode === 'keys' ? auth.keys.map(toShown) : [],
    prices: Object.keys(prices),
    files,
    warnings,
  }
}

function toShown({ sha256: _, expires, ...shown }: KeyConfig) {
  return { ...shown, expires: expires === undefined ? undefined : new Date(expires).toISOString() }
}

function toLines(config: Config): string {
  const summary = toSummary(config)
  const { listen, vertex, gemini, emulated, models, endpoints, keys, prices, warnings } = summary
  const google = [
    ...(vertex ? [`Vertex AI (${vertex.project}, ${vertex.location})`] : []),
    ...(gemini ? ['the Gemini Developer API'] : []),
    ...(emulated ? ['the built-in emulator'] : []),
  ]
  return [
    'The configuration is good.',
    `listens   ${listen.host}, port ${listen.port}`,
    `asks      ${[...google, ...endpoints].join(', ')}`,
    `auth      ${summary.auth}`,
    ...models.map(
      ({ name, targets, defaults }) =>
        `model     ${name} → ${targets.join(', then ')}${among(' with ', defaults)}`,
    ),
    ...keys.map((key) => `key       ${key.name}: ${toLimits(key)}`),
    ...(prices.length > 0 ? [`prices    ${prices.join(', ')}`] : []),
    ...warnings.map((warning) => `warning   ${warning}`),
  ].join('\n')
}

function toLimits(key: ReturnType<typeof toShown>): string {
  const { models, requestsPerMinute, tokensPerMinute, parallelRequests, expires } = key
  const limits: [string, number | undefined][] = [
    ['requests a minute', requestsPerMinute],
    ['tokens a minute', tokensPerMinute],
    ['at a time', parallelRequests],
  ]
  return [
    models === undefined ? 'all models' : models.join(', '),
    ...limits.flatMap(([what, most]) => (most === undefined ? [] : [`${most} ${what}`])),
    ...(expires === undefined ? [] : [`until ${expires}`]),
  ].join('; ')
}

function among(before: string, names: readonly string[]): string {
  return names.length === 0 ? '' : before + names.join(', ')
}

function toJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2)
}
