import { parseArgs } from 'node:util'

export const parts = ['start', 'memory', 'cpu', 'latency'] as const
export type Part = (typeof parts)[number]

/** Another version of this gateway. */
export interface Version {
  name: string
  path: string
  env: Record<string, string>
}

/** What is measured, and how long. */
export interface Options {
  parts: Part[]
  /** Names; undefined for all. */
  cases?: string[]
  contestants?: string[]
  versions: Version[]
  /** Instead of each case's own. */
  rounds?: number
  /** How much longer than usual a round is. */
  seconds: number
  quick: boolean
  installLitellm: boolean
  /** Whether nothing was chosen: a run whose figures belong into the README. */
  whole: boolean
}

/** Reads the command line. Throws where it makes no sense. */
export function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      parts: { type: 'string' },
      cases: { type: 'string' },
      contestants: { type: 'string' },
      pollux: { type: 'string', multiple: true },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean' },
      'install-litellm': { type: 'boolean' },
    },
  })
  const { quick = false, 'install-litellm': installLitellm = false, ...chosen } = values
  return {
    // Who names cases wants to know what they cost.
    parts: toParts(chosen.parts ?? (chosen.cases === undefined ? parts.join() : 'cpu')),
    cases: chosen.cases?.split(','),
    contestants: chosen.contestants?.split(','),
    versions: (chosen.pollux ?? []).map(toVersion),
    rounds: chosen.rounds === undefined ? undefined : toNumber('rounds', chosen.rounds),
    seconds: toNumber('seconds', chosen.seconds ?? '1'),
    quick,
    installLitellm,
    whole: !quick && Object.keys(chosen).length === 0,
  }
}

function toParts(given: string): Part[] {
  return given.split(',').map((name) => {
    const part = parts.find((one) => one === name)
    if (part === undefined) throw new Error(`There is no part ${name}; there are ${parts.join()}.`)
    return part
  })
}

/** `name=path`, with variables after it: `name=path,KEY=value,…`. */
function toVersion(given: string): Version {
  const [first = '', ...rest] = given.split(',')
  const [name, path] = toPair(first)
  return { name, path, env: Object.fromEntries(rest.map(toPair)) }
}

function toPair(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new Error(`Expected name=…, not ${text}.`)
  return [text.slice(0, at), text.slice(at + 1)]
}

function toNumber(name: string, text: string): number {
  const number = Number(text)
  if (!(number > 0)) throw new Error(`--${name} is a number above 0, not ${text}.`)
  return number
}
