import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Environment } from '../environment.ts'
import { isObject } from '../translate/json.ts'
import type { Mistake } from './mistakes.ts'

/** A value with the variables in its strings filled in. */
export interface Filled {
  value: unknown
  /** Paths of strings that have something from elsewhere, and no default that stands here. */
  foreign: readonly (readonly PropertyKey[])[]
  mistakes: Mistake[]
}

/**
 * Fills in `${NAME}`, `${NAME:-otherwise}` and `${file:path}` (without the line's end, from the folder of
 * the configuration) in all strings; `$${` is `${`. It comes after YAML, so that no value can be more
 * than a string.
 */
export function fillIn(value: unknown, env: Environment, configPath: string): Filled {
  const foreign: (readonly PropertyKey[])[] = []
  const mistakes: Mistake[] = []
  return { value: walk(value, []), foreign, mistakes }

  function walk(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') return fill(value, path)
    if (Array.isArray(value)) return value.map((one, index) => walk(one, [...path, index]))
    if (!isObject(value)) return value
    const members = Object.entries(value).map(([key, one]) => {
      // Whatever reads objects by their members' names would lose or obey it.
      if (key === '__proto__') mistakes.push({ path: [...path, key], message: 'Is no name.' })
      return [key, walk(one, [...path, key])] as const
    })
    return Object.fromEntries(members.filter(([key]) => key !== '__proto__'))
  }

  function fill(text: string, path: readonly PropertyKey[]): string {
    if (!text.includes('${')) return text
    let found = false
    let hardwired = false
    const result = text.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (whole, inside?: string) => {
      if (inside === undefined) return '${'
      found = true
      hardwired ||= inside.includes(':-') && !inside.endsWith(':-')
      return whole.endsWith('}') ? look(inside, path) : wrong(path, 'Has a ${ without its }.')
    })
    if (found && !hardwired) foreign.push(path)
    return result
  }

  function look(inside: string, path: readonly PropertyKey[]): string {
    if (inside.startsWith('file:')) return read(inside.slice('file:'.length), path)
    const [, name, otherwise] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(inside) ?? []
    if (name === undefined) {
      return wrong(path, 'Expected ${NAME}, ${NAME:-otherwise} or ${file:path}; write $${ for ${.')
    }
    // As in a shell with `:-`: an empty variable is as good as none.
    const given = env[name] === '' ? undefined : env[name]
    if (given !== undefined || otherwise !== undefined) return given ?? otherwise ?? ''
    // In other letters it may be a key, and its braces a mistake.
    const which = /^[A-Z_][A-Z0-9_]*$/.test(name) ? ` ${name}` : ''
    return wrong(path, `The variable${which} is not set. Set it, or give a default: \${NAME:-…}.`)
  }

  function read(file: string, path: readonly PropertyKey[]): string {
    try {
      return readFileSync(resolve(dirname(configPath), file), 'utf8').replace(/\r?\n$/, '')
    } catch {
      // Not quoted: it may be the key itself.
      return wrong(path, 'The file cannot be read. Give the path of one.')
    }
  }

  function wrong(path: readonly PropertyKey[], message: string): string {
    mistakes.push({ path, message })
    return ''
  }
}
