import type { BackendsConfig, KeyConfig, ModelConfig } from '../config.ts'
import { ApiError } from '../errors.ts'
import { digestOf } from '../key.ts'
import { isPattern, matches } from '../pattern.ts'
import { listedModels } from '../translate/abilities.ts'
import { resolver } from '../upstream/aliases.ts'
import { type Backend, type Backends, createBackends, type Route } from '../upstream/backend.ts'
import { judgeDefaults, type Verdict } from './defaults.ts'
import type { Mistake } from './mistakes.ts'
import { nearest } from './nearest.ts'

/** What is wrong between the entries of a file. `reach` is undefined where it is not known for sure. */
export function judge(
  models: readonly ModelConfig[],
  keys: readonly KeyConfig[],
  reach: BackendsConfig | undefined,
  now: number,
): Verdict {
  const backends = reach && toNobodies(reach)
  const circles = findCircles(models)
  const verdicts = models.map((model) => judgeModel(model, models, backends, circles))
  return {
    mistakes: [
      ...circles,
      ...verdicts.flatMap(({ mistakes }) => mistakes),
      ...findUnreached(models),
      ...findTwins(keys),
      ...findGuessable(keys),
      ...(backends === undefined ? [] : keys.flatMap((key, at) => judgeWishes(key, at))),
    ],
    warnings: [
      ...verdicts.flatMap(({ warnings }) => warnings),
      ...keys.flatMap(({ expires = Infinity }, at) =>
        expires <= now ? [{ path: ['keys', at, 'expires'], message: 'This key has expired.' }] : [],
      ),
    ],
  }

  /** A key that may ask for what is not there was meant for something else. */
  function judgeWishes({ models: wishes = [] }: KeyConfig, at: number): Mistake[] {
    return wishes.flatMap((wish, index) => {
      const names = [...models.map(({ name }) => name), ...(backends?.names ?? []), ...listedModels]
      const there = isPattern(wish)
        ? names.some((name) => matches(wish, name) || meet(wish, name))
        : names.some((name) => matches(name, wish))
      if (there || (backends !== undefined && isServed(backends, wish.replaceAll('*', 'x'))))
        return []
      const path = ['keys', at, 'models', index]
      return [{ path, message: `No model goes by this name.${meant(wish, names)}` }]
    })
  }
}

/** Whether there may be names that both patterns mean: their beginnings do not differ. */
function meet(a: string, b: string): boolean {
  const [first = ''] = a.split('*')
  const [second = ''] = b.split('*')
  return isPattern(b) && (first.startsWith(second) || second.startsWith(first))
}

function judgeModel(
  model: ModelConfig,
  models: readonly ModelConfig[],
  backends: Backends | undefined,
  circles: readonly Mistake[],
): Verdict {
  const { name, targets, defaults } = model
  const path = ['models', name]
  const mistakes = [
    ...checkStars(model),
    ...targets.flatMap((target, index) =>
      targets.indexOf(target) === index
        ? []
        : [{ path: [...path, 'targets', index], message: 'This target is there twice.' }],
    ),
  ]
  const resolve = resolver(models)
  // What leads in circles leads nowhere else.
  if (backends === undefined || mistakes.length > 0 || circles.length > 0) {
    return { mistakes, warnings: [] }
  }
  const recipients: Route[] = []
  for (const [index, target] of targets.entries()) {
    const further = target !== name && models.some((one) => one.name === target)
    const ends = further ? (resolve(target)?.ends ?? []) : [{ name: target }]
    for (const end of ends) {
      const route = routeTo(backends, end.name)
      if (route !== undefined) recipients.push(route)
      // A name on the way has its own mistakes.
      if (route !== undefined || further) continue
      const known = [...models.map((one) => one.name), ...backends.names, ...listedModels]
      const message = `Its target '${target.slice(0, 100)}' is no model that is served here.${meant(target, known)}`
      const at = targets.length === 1 ? path : [...path, 'targets', index]
      mistakes.push({ path: at, message })
    }
  }
  const verdict = judgeDefaults(defaults, recipients)
  const inside = (one: Mistake) => ({ ...one, path: [...path, 'defaults', ...one.path] })
  return {
    mistakes: [...mistakes, ...verdict.mistakes.map(inside)],
    // Of a pattern nobody knows which models it leads to.
    warnings: isPattern(name) ? [] : verdict.warnings.map(inside),
  }
}

function checkStars({ name, targets }: ModelConfig): Mistake[] {
  const stars = name.split('*').length - 1
  return targets.flatMap((target, index) => {
    const path = ['models', name, 'targets', index]
    if (!isPattern(target)) return []
    if (target.split('*').length > 2) return [{ path, message: 'Expected one * at the most.' }]
    return stars === 1
      ? []
      : [{ path, message: 'A * in a target takes what the one * of the name stood for.' }]
  })
}

/** Names that lead to themselves through others. */
function findCircles(models: readonly ModelConfig[]): Mistake[] {
  const targetsOf = new Map(models.map(({ name, targets }) => [name, targets]))
  return models.flatMap(({ name }) => {
    const way = wayBack(name, name, [name])
    return way === undefined
      ? []
      : [{ path: ['models', name], message: `Leads in a circle: ${way.join(' → ')}.` }]
  })

  function wayBack(from: string, goal: string, way: string[]): string[] | undefined {
    for (const target of targetsOf.get(from) ?? []) {
      // Its own name means the real model.
      if (target === from) continue
      if (target === goal) return [...way, goal]
      if (way.includes(target)) continue
      const found = wayBack(target, goal, [...way, target])
      if (found !== undefined) return found
    }
    return undefined
  }
}

/** Patterns all of whose names another one takes. Of two with as many letters the first is asked. */
function findUnreached(models: readonly ModelConfig[]): Mistake[] {
  const patterns = models.map(({ name }) => name).filter(isPattern)
  return patterns.flatMap((pattern, index) => {
    const winner = patterns
      .slice(0, index)
      .find((other) => lettersOf(other) === lettersOf(pattern) && matches(other, pattern))
    return winner === undefined
      ? []
      : [{ path: ['models', pattern], message: `Is never reached: '${winner}' means the same.` }]
  })
}

function lettersOf(pattern: string): number {
  return pattern.replaceAll('*', '').length
}

/** Keys of the same name, or that are the same. */
function findTwins(keys: readonly KeyConfig[]): Mistake[] {
  return keys.flatMap(({ name, sha256 }, at): Mistake[] => {
    const before = keys.slice(0, at)
    const namesake = before.findIndex((one) => one.name === name)
    const same = before.findIndex((one) => one.sha256 === sha256)
    return [
      ...(namesake === -1
        ? []
        : [{ path: ['keys', at, 'name'], message: `keys[${namesake}] has this name already.` }]),
      ...(same === -1
        ? []
        : [{ path: ['keys', at], message: `This is the same key as keys[${same}].` }]),
    ]
  })
}

/** Keys that everybody tries first, or has read in our own examples. */
const guessable = new Set(
  ['', 'test', 'secret', 'password', 'changeme', 'sk-for-this-example-only'].map(digestOf),
)

function findGuessable(keys: readonly KeyConfig[]): Mistake[] {
  const message = 'Everybody knows this key. Make one that nobody does: `keys create <name>`.'
  return keys.flatMap(({ sha256 }, at) =>
    guessable.has(sha256) ? [{ path: ['keys', at], message }] : [],
  )
}

/** Backends that answer nobody, to be asked which models they would serve. */
function toNobodies({ vertex, gemini, preferred, endpoints, emulated }: BackendsConfig): Backends {
  const place = emulated ? { project: 'emulator', location: 'global' } : vertex
  return createBackends({
    vertex: place && { ...place, backend: nobody, partners: () => nobody },
    gemini: gemini !== undefined || emulated ? { backend: nobody } : undefined,
    endpoints: endpoints.map(({ name }) => ({ name, place: undefined, backend: nobody })),
    preferred,
  })
}

const nobody: Backend = {
  complete: () => Promise.reject(new Error('Nobody is asked yet.')),
  stream: () => Promise.reject(new Error('Nobody is asked yet.')),
}

/** The route of a name; one with `*` may be any. */
function routeTo(backends: Backends, name: string): Route | undefined {
  const like = [...backends.names].find((one) => matches(name, one)) ?? name.replaceAll('*', 'x')
  try {
    return backends.serving(like)
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

function isServed(backends: Backends, name: string): boolean {
  return routeTo(backends, name) !== undefined
}

function meant(name: string, known: readonly string[]): string {
  const found = nearest(name, known)
  return found === undefined ? '' : ` Did you mean '${found}'?`
}
