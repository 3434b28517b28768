import { lettersOf, matches } from '../pattern.ts'
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

/** How many models a name may lead to; what leads to more is not followed to its end. */
export const mostEnds = 16

/** Who a name leads to. */
export interface Resolved {
  /** The alias as the operator wrote it: the name itself, or a pattern. */
  written: string
  /** In turn, and each once. */
  ends: readonly End[]
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
  // Each once, in their order: a request finds where its name leads to.
  const known = new Map<string, readonly End[]>()
  for (const name of exact.keys()) beyond(name, new Set())
  return (name) => {
    if (exact.has(name)) return { written: name, ends: beyond(name, new Set()) }
    const alias = patterns.find((one) => matches(one.name, name))
    return alias && { written: alias.name, ends: endsOf(alias, name, new Set()) }
  }

  function endsOf(
    { name: pattern, targets, defaults }: Alias,
    name: string,
    /** Names on the way here, so that a circle ends. */
    way: ReadonlySet<string>,
  ): End[] {
    const stood = starIn(pattern, name)
    const further = new Set([...way, name])
    const ends = new Map<string, End>()
    for (const written of targets) {
      const target = stood === undefined ? written : written.replace('*', () => stood)
      for (const end of beyond(target, further)) {
        // Who is asked already is asked the first way only.
        if (ends.has(end.name)) continue
        // What is said nearer to the client wins. Of two objects an object comes.
        ends.set(end.name, { ...end, defaults: withDefaults(defaults, end.defaults) as Defaults })
        if (ends.size > mostEnds) return [...ends.values()]
      }
    }
    return [...ends.values()]
  }

  function beyond(target: string, way: ReadonlySet<string>): readonly End[] {
    const alias = way.has(target) ? undefined : exact.get(target)
    if (alias === undefined) return [{ name: target, defaults: {} }]
    const ends = known.get(target) ?? endsOf(alias, target, way)
    known.set(target, ends)
    return ends
  }
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
