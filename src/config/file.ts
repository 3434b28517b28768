import { readFileSync, statSync } from 'node:fs'
import type { BackendsConfig } from '../config.ts'
import { type Environment, readOnce } from '../environment.ts'
import { isObject } from '../translate/json.ts'
import { judge } from './judge.ts'
import { type Mistake, toMistakes, writePath } from './mistakes.ts'
import { configFile } from './schema.ts'
import { type FileSettings, toSettings } from './sections.ts'
import { fillIn } from './variables.ts'
import { readYaml } from './yaml.ts'

/** What POLLUX_CONFIG names, read and judged as far as it can be by itself. */
export interface ConfigFile {
  /** Without the entries that have mistakes. */
  settings: FileSettings
  /** Whether all entries of a section are there. */
  isWhole(section: keyof FileSettings): boolean
  /** What is wrong, each with its path and line. */
  mistakes: string[]
  warnings: string[]
  /** What else is wrong, once it is known who can be reached; undefined where it is not. */
  judge(reach: BackendsConfig | undefined): { mistakes: string[]; warnings: string[] }
}

/** Bytes. Nobody writes so many models. */
const longest = 1024 * 1024

/** Reads the file at this path. Never throws; no mistake repeats a value, which may be a secret. */
export function readConfigFile(path: string, env: Environment): ConfigFile {
  const text = readText(path)
  if (text === undefined) {
    // Not quoted: it may be a secret in the wrong variable.
    return nothing(['POLLUX_CONFIG names no file that can be read, of 1 MiB at the most.'])
  }
  const yaml = readYaml(text)
  if (yaml.mistakes.length > 0) {
    return nothing(yaml.mistakes.map(({ line, message }) => `POLLUX_CONFIG${at(line)}: ${message}`))
  }
  // An empty file says nothing, nor does a section of which only the name is there.
  const { value: given, foreign, mistakes: unfilled } = fillIn(yaml.value ?? {}, env, path)
  const value = isObject(given) ? withoutNull(given) : undefined
  if (value === undefined) {
    return nothing([`POLLUX_CONFIG: Expected ${Object.keys(configFile.shape).join(', ')}.`])
  }
  const known = new Set(unfilled.map((mistake) => writePath(mistake.path)))
  const { error } = configFile.safeParse(value, readOnce)
  const found = [...toMistakes(error?.issues ?? []), ...checkKeys(value.keys)]
  const own = [...unfilled, ...found.filter((mistake) => !known.has(writePath(mistake.path)))]
  const wrong = new Set(own.map((mistake) => mistake.path[0]))
  const { sound, unread, places } = withoutFaulty(value, own)
  const settings = toSettings(configFile.parse(sound, readOnce))
  const keys = settings.keys.map((key, index) => ({ key, at: places[index] ?? index }))
  return {
    settings,
    isWhole: (section) => !wrong.has(section),
    mistakes: own.map(write),
    warnings: findOpenKeys(value.keys, foreign).map(write),
    judge(reach) {
      // Of a section that is nothing as a whole not even the names are known.
      const lost = own.some(
        ({ path }) => path.length === 1 && /^(endpoints|models)$/.test(String(path[0])),
      )
      const entries = { models: settings.models, keys, unread }
      const verdict = judge(entries, lost ? undefined : reach, Date.now())
      return {
        mistakes: verdict.mistakes.map(write),
        warnings: verdict.warnings.map(write),
      }
    },
  }

  function write({ path, message }: Mistake): string {
    return `${writePath(path)}${at(yaml.lineOf(path))}: ${message}`
  }
}

function readText(path: string): string | undefined {
  try {
    return statSync(path).size > longest ? undefined : readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** The entries without mistakes, so that they can be judged all the same. */
function withoutFaulty(value: Record<string, unknown>, mistakes: readonly Mistake[]) {
  const faulty = new Set(mistakes.map(({ path }) => writePath(path.slice(0, 2))))
  const isSound = (...path: PropertyKey[]) => !faulty.has(writePath(path))
  const sections = Object.entries(value).filter(([section]) => isSound(section))
  const sound = sections.map(([section, entries]): [string, unknown] => {
    if (Array.isArray(entries)) {
      return [section, entries.filter((_, index) => isSound(section, index))]
    }
    const named = isObject(entries) ? Object.entries(entries) : []
    return [section, Object.fromEntries(named.filter(([name]) => isSound(section, name)))]
  })
  return {
    sound: Object.fromEntries(sound),
    /** Names of models and endpoints whose entries are faulty. */
    unread: mistakes
      .filter(({ path }) => isNamed(path) && path.length > 1)
      .map(({ path }) => String(path[1])),
    /** Where in the file the keys stand that are left. */
    places: Array.isArray(value.keys)
      ? [...value.keys.keys()].filter((index) => isSound('keys', index))
      : [],
  }
}

function isNamed([section]: readonly PropertyKey[]): boolean {
  return section === 'models' || section === 'endpoints'
}

function withoutNull(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}

/** A file of which nothing is known but its mistakes. */
function nothing(mistakes: string[]): ConfigFile {
  return {
    settings: { models: [], endpoints: {}, keys: [], prices: {} },
    isWhole: () => false,
    mistakes,
    warnings: [],
    judge: () => ({ mistakes: [], warnings: [] }),
  }
}

function at(line: number | undefined): string {
  return line === undefined ? '' : ` (line ${line})`
}

/** A key is given by itself or by its digest. */
function checkKeys(keys: unknown): Mistake[] {
  if (!Array.isArray(keys)) return []
  return keys.flatMap((key: unknown, index) => {
    if (!isObject(key) || (key.sha256 === undefined) !== (key.key === undefined)) return []
    const message =
      key.key === undefined
        ? 'Give its sha256, as `keys create` prints it, or its key.'
        : 'Give sha256 or key, not both.'
    return [{ path: ['keys', index], message }]
  })
}

/** Keys that stand in the file as they are, if only as the default of a variable. */
function findOpenKeys(keys: unknown, foreign: readonly (readonly PropertyKey[])[]): Mistake[] {
  const fromElsewhere = new Set(foreign.map(writePath))
  const message = 'The key is written out here. Give its sha256, ${NAME} or ${file:path} instead.'
  return (Array.isArray(keys) ? keys : []).flatMap((key: unknown, index) => {
    const path = ['keys', index, 'key']
    const open = isObject(key) && key.key !== undefined && !fromElsewhere.has(writePath(path))
    return open ? [{ path, message }] : []
  })
}
