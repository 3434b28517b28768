import { matches } from '../pattern.ts'
import { type Defaults, withDefaults } from '../translate/chat/defaults.ts'
import type { Backends } from './backend.ts'
import { targetsBackend } from './targets.ts'

/** A name of the operator's own for models of others, or for all whose names match a pattern. */
export interface Alias {
  name: string
  /** Who is asked, in turn. */
  targets: readonly string[]
  /** What is asked for where the client says nothing. */
  defaults: Defaults
}

/** A model as a backend knows it, at the end of all names. */
export interface End {
  name: string
  defaults: Defaults
}

/** Who a name leads to. */
export interface Resolved {
  /** The alias as the operator wrote it: the name itself, or a pattern. */
  written: string
  /** In turn. */
  ends: End[]
}

/** Undefined where a name is nobody's alias. */
export type Resolve = (name: string) => Resolved | undefined

/**
 * The exact name wins, then the pattern with the most characters beside its `*`, then the first. A
 * target may be another alias, by its exact name; its own name means the real model. What `*` stood for
 * takes the place of the `*` of a target.
 */
export function resolver(aliases: readonly Alias[]): Resolve {
  const exact = new Map(
    aliases.filter(({ name }) => !name.includes('*')).map((alias) => [alias.name, alias]),
  )
  const patterns = aliases
    .filter(({ name }) => name.includes('*'))
    .toSorted((a, b) => lettersOf(b.name) - lettersOf(a.name))
  return (name) => {
    const alias = exact.get(name) ?? patterns.find((one) => matches(one.name, name))
    return alias && { written: alias.name, ends: endsOf(alias, name, {}, [name]) }
  }

  function endsOf(
    { name: pattern, targets, defaults }: Alias,
    name: string,
    said: Defaults,
    /** Names on the way here, so that a circle ends. */
    way: readonly string[],
  ): End[] {
    const stood = starIn(pattern, name)
    // What was said nearer to the client wins. Of two objects an object comes.
    const all = withDefaults(said, defaults) as Defaults
    return targets.flatMap((written) => {
      const target = stood === undefined ? written : written.replace('*', () => stood)
      const further = way.includes(target) ? undefined : exact.get(target)
      if (further === undefined) return [{ name: target, defaults: all }]
      return endsOf(further, target, all, [...way, target])
    })
  }
}

function lettersOf(pattern: string): number {
  return pattern.replaceAll('*', '').length
}

/** What the one `*` of a pattern stands for in a name; undefined where it has none, or several. */
function starIn(pattern: string, name: string): string | undefined {
  const [before = '', after, more] = pattern.split('*')
  if (after === undefined || more !== undefined) return undefined
  return name.slice(before.length, name.length - after.length)
}

/** The same backends, also by the operator's own names. */
export function withAliases(backends: Backends, aliases: readonly Alias[]): Backends {
  const resolve = resolver(aliases)
  const own = aliases.map(({ name }) => name).filter((name) => !name.includes('*'))
  return {
    endpoint: (place) => backends.endpoint(place),
    names: [...new Set([...own, ...backends.names])],
    serving(name, door) {
      const alias = resolve(name)
      if (alias === undefined) return backends.serving(name, door)
      const targets = alias.ends.map((end) => ({ ...backends.serving(end.name, door), ...end }))
      const backend = targetsBackend(targets)
      return { backend, model: name, names: [name], written: alias.written }
    },
  }
}
