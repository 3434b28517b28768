import type { KeyConfig } from '../config.ts'
import { digestOf } from '../key.ts'
import { isPattern, matches } from '../pattern.ts'
import { type Backends, routeTo } from '../upstream/backend.ts'
import type { Mistake } from './mistakes.ts'
import { meant } from './nearest.ts'

/** A key, and which one of the file it is; between them may be some that cannot be read. */
export interface PlacedKey {
  at: number
  key: KeyConfig
}

/** Keys of the same name, or that are the same. */
export function findTwins(keys: readonly PlacedKey[]): Mistake[] {
  return keys.flatMap(({ at, key: { name, sha256 } }, index): Mistake[] => {
    const before = keys.slice(0, index)
    const namesake = before.find(({ key }) => key.name === name)
    const same = before.find(({ key }) => key.sha256 === sha256)
    return [
      ...(namesake === undefined
        ? []
        : [{ path: ['keys', at, 'name'], message: `keys[${namesake.at}] has this name already.` }]),
      ...(same === undefined
        ? []
        : [{ path: ['keys', at], message: `This is the same key as keys[${same.at}].` }]),
    ]
  })
}

/** What everybody tries first. */
const guessed = new Set(['', 'test', 'secret', 'password', 'changeme'].map(digestOf))

/** Keys that keep nobody out. */
export function findGuessed(keys: readonly PlacedKey[]): Mistake[] {
  const message = 'Everybody knows this key. Make one that nobody does: `keys create <name>`.'
  return keys.flatMap(({ at, key }) =>
    guessed.has(key.sha256) ? [{ path: ['keys', at], message }] : [],
  )
}

export function findExpired(keys: readonly PlacedKey[], now: number): Mistake[] {
  return keys.flatMap(({ at, key: { expires = Infinity } }) =>
    expires <= now ? [{ path: ['keys', at, 'expires'], message: 'This key has expired.' }] : [],
  )
}

/**
 * A key that may ask for what is not there was meant for something else. `names` are those that are known,
 * `spellings` the other ways in which clients write them.
 */
export function judgeWishes(
  { at, key: { models: wishes = [] } }: PlacedKey,
  names: readonly string[],
  spellings: readonly string[],
  backends: Backends,
): Mistake[] {
  return wishes.flatMap((wish, index) => {
    const there = isPattern(wish)
      ? names.some((name) => matches(wish, name) || meet(wish, name)) ||
        spellings.some((name) => matches(wish, name))
      : names.some((name) => matches(name, wish))
    if (there || mayBeServed(wish, backends)) return []
    const path = ['keys', at, 'models', index]
    return [{ path, message: `No model goes by this name.${meant(wish, names)}` }]
  })
}

/** Of models that are on no list: partners' names end in `-maas`. */
function mayBeServed(wish: string, backends: Backends): boolean {
  return ['x', 'x-maas'].some((some) => routeTo(backends, wish.replaceAll('*', some)) !== undefined)
}

/** Whether there may be names that both patterns mean: their beginnings do not differ. */
function meet(a: string, b: string): boolean {
  const [first = ''] = a.split('*')
  const [second = ''] = b.split('*')
  return isPattern(b) && (first.startsWith(second) || second.startsWith(first))
}
