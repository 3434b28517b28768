import type { ModelConfig } from '../config.ts'
import type { Mistake } from './mistakes.ts'

/** Nobody means so many names in a row, and each takes a place on the stack. */
const longestWay = 100

/** Names that lead to themselves through others, each circle once, and ways without end in sight. */
export function findCircles(models: readonly ModelConfig[]): Mistake[] {
  const targetsOf = new Map(models.map(({ name, targets }) => [name, targets]))
  const seen = new Set<string>()
  return models.flatMap(({ name }) => follow(name, []))

  function follow(name: string, before: readonly string[]): Mistake[] {
    const again = before.indexOf(name)
    const [first = name] = again === -1 ? before : before.slice(again)
    const wrong = (message: string) => [{ path: ['models', first], message }]
    if (again !== -1) {
      return wrong(`Leads in a circle: ${[...before.slice(again), name].join(' → ')}.`)
    }
    if (seen.has(name)) return []
    if (before.length === longestWay) return wrong(`Leads through more than ${longestWay} names.`)
    seen.add(name)
    // Its own name means the real model.
    const others = (targetsOf.get(name) ?? []).filter((target) => target !== name)
    return others.flatMap((target) => follow(target, [...before, name]))
  }
}
