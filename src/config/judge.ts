import type { BackendsConfig, ModelConfig } from '../config.ts'
import { isPattern, lettersOf, matches } from '../pattern.ts'
import { listedModels } from '../translate/abilities.ts'
import { mostEnds, type Resolve, resolver } from '../upstream/aliases.ts'
import { type Backends, isOfGoogle, type Route, routeTo, spellingsOf } from '../upstream/backend.ts'
import { findCircles } from './circles.ts'
import { judgeDefaults, type Verdict } from './defaults.ts'
import { findExpired, findGuessed, findTwins, judgeWishes, type PlacedKey } from './judge-keys.ts'
import type { Mistake } from './mistakes.ts'
import { meant } from './nearest.ts'
import { toNobodies } from './nobodies.ts'

/** The entries of a file that can be read, and the names of those that cannot. */
export interface Entries {
  models: readonly ModelConfig[]
  keys: readonly PlacedKey[]
  /** What is known of these is that they are there. */
  unread: readonly string[]
}

/** What is wrong between the entries of a file. `reach` is undefined where it is not known for sure. */
export function judge(
  { models, keys, unread }: Entries,
  reach: BackendsConfig | undefined,
  now: number,
): Verdict {
  const circles = findCircles(models)
  const own = [...findUnreached(models), ...findTwins(keys), ...findGuessed(keys)]
  const expired = findExpired(keys, now)
  if (reach === undefined) {
    const stars = models.flatMap(checkTargets)
    return { mistakes: [...circles, ...stars, ...own], warnings: expired }
  }
  const backends = toNobodies(reach)
  const known = [...models.map(({ name }) => name), ...unread, ...backends.names, ...listedModels]
  // What leads in circles leads nowhere else.
  const resolve = circles.length > 0 ? () => undefined : resolver(models)
  const google = reach.emulated || reach.vertex !== undefined || reach.gemini !== undefined
  const scene = { models, unread, backends, known, google, resolve, circular: circles.length > 0 }
  const verdicts = models.map((model) => judgeModel(model, scene))
  const spellings = listedModels
    .flatMap((model) => spellingsOf(model, reach.vertex))
    .filter((name) => routeTo(backends, name) !== undefined)
  return {
    mistakes: [
      ...circles,
      ...onlyFirst(verdicts.flatMap(({ mistakes }) => mistakes)),
      ...own,
      ...keys.flatMap((key) => judgeWishes(key, known, spellings, backends)),
    ],
    warnings: [...verdicts.flatMap(({ warnings }) => warnings), ...expired],
  }
}

/** One thing to do is said once, however many names need it. */
function onlyFirst(mistakes: readonly Mistake[]): Mistake[] {
  const first = mistakes.find(({ message }) => message === noGoogle)
  return mistakes.filter((one) => one.message !== noGoogle || one === first)
}

const noGoogle = 'No Google API is configured: set GOOGLE_CLOUD_PROJECT or GEMINI_API_KEY.'

/** What a model is judged by. */
interface Scene {
  models: readonly ModelConfig[]
  unread: readonly string[]
  backends: Backends
  /** All names that are known. */
  known: readonly string[]
  /** Whether any of Google's APIs is configured. */
  google: boolean
  resolve: Resolve
  circular: boolean
}

function judgeModel(model: ModelConfig, scene: Scene): Verdict {
  const { name, defaults } = model
  const { backends, resolve, circular } = scene
  const path = ['models', name]
  const mistakes = checkTargets(model)
  if (mistakes.length > 0 || circular) return { mistakes, warnings: [] }
  const ends = isPattern(name) ? [] : (resolve(name)?.ends ?? [])
  if (ends.length > mostEnds) {
    const message = `Leads to more than ${mostEnds} models in the end. Leave some out.`
    return { mistakes: [{ path, message }], warnings: [] }
  }
  const lost = findLost(model, scene)
  const recipients = [...new Set(model.targets.flatMap((target) => beyond(target, name, scene)))]
    .map((end) => routeLike(backends, end))
    .filter((route) => route !== undefined)
  const verdict = judgeDefaults(defaults, recipients)
  const inside = (one: Mistake) => ({ ...one, path: [...path, 'defaults', ...one.path] })
  return {
    mistakes: [...lost, ...verdict.mistakes.map(inside)],
    // Of a pattern nobody knows which models it leads to.
    warnings: isPattern(name) ? [] : verdict.warnings.map(inside),
  }
}

/** Where a target leads to in the end; its own name means the real model. */
function beyond(target: string, name: string, { models, resolve }: Scene): string[] {
  const further = target !== name && models.some((one) => one.name === target)
  return further ? (resolve(target)?.ends ?? []).map((end) => end.name) : [target]
}

/** Targets that nobody serves. A name on the way has its own mistakes. */
function findLost({ name, targets }: ModelConfig, scene: Scene): Mistake[] {
  const { models, unread, backends, known } = scene
  return targets.flatMap((target, index) => {
    const further = target !== name && models.some((one) => one.name === target)
    if (further || unread.includes(target) || routeLike(backends, target) !== undefined) return []
    const path = ['models', name, ...(targets.length === 1 ? [] : ['targets', index])]
    if (!scene.google && isOfGoogle(target.replaceAll('*', 'x')))
      return [{ path, message: noGoogle }]
    const message = `Its target '${target.slice(0, 100)}' is no model that is served here.${meant(target, known)}`
    return [{ path, message }]
  })
}

/** What is wrong with the targets by themselves. */
function checkTargets(model: ModelConfig): Mistake[] {
  const { name, targets } = model
  const twice = targets.flatMap((target, index) =>
    targets.indexOf(target) === index
      ? []
      : [{ path: ['models', name, 'targets', index], message: 'This target is there twice.' }],
  )
  return [...checkStars(model), ...twice]
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

/** The route of a name; one with `*` may be any. */
function routeLike(backends: Backends, name: string): Route | undefined {
  const like = [...backends.names].find((one) => matches(name, one)) ?? name.replaceAll('*', 'x')
  return routeTo(backends, like)
}
