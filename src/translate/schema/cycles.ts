import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { toHint, withHints } from './hints.ts'

/**
 * A definition may refer to itself only through a property that is not required (a nullable one is
 * not enough). Where a required property closes the circle, it stays, and its requirement becomes
 * a word in its description: better than cutting the structure off.
 */
export function relaxRequiredCycles(
  defs: ReadonlyMap<string, JsonObject>,
): Map<string, JsonObject> {
  const closing = closingProperties(defs)
  const relaxed = [...defs].map(([name, schema]): [string, JsonObject] => {
    const keys = closing.get(name)
    if (keys === undefined || !Array.isArray(schema.required)) return [name, schema]
    const left = schema.required.filter((key: unknown) => !keys.has(String(key)))
    const required = left.length > 0 ? left : undefined
    return [name, withHints({ ...schema, required }, [toHint('always give', [...keys])])]
  })
  return new Map(relaxed)
}

/** A way through required places: from a property of one definition to another definition. */
interface Step {
  key: string
  to: string
}

/**
 * The required properties, by definition, that lead back to one that the walk is inside of. The walk
 * keeps its own stack: definitions may form longer chains than functions may call each other.
 */
function closingProperties(defs: ReadonlyMap<string, JsonObject>): Map<string, Set<string>> {
  const endOf = aliasesIn(defs)
  const closing = new Map<string, Set<string>>()
  const state = new Map<string, 'inside' | 'done'>()
  for (const start of defs.keys()) {
    const walk = state.has(start) ? [] : [enter(start)]
    for (let at = walk.at(-1); at !== undefined; at = walk.at(-1)) {
      const step = at.steps.pop()
      if (step === undefined) {
        state.set(at.name, 'done')
        walk.pop()
      } else if (state.get(step.to) === 'inside') {
        closing.set(at.name, (closing.get(at.name) ?? new Set<string>()).add(step.key))
      } else if (!state.has(step.to)) {
        walk.push(enter(step.to))
      }
    }
  }
  return closing

  function enter(name: string) {
    state.set(name, 'inside')
    const steps = stepsOf(defs.get(name) ?? {})
    return { name, steps: steps.map(({ key, to }) => ({ key, to: endOf(to) })) }
  }
}

/** A definition may be nothing but a reference to another: gives the one that it comes to in the end. */
function aliasesIn(defs: ReadonlyMap<string, JsonObject>): (name: string) => string {
  const ends = new Map<string, string>()
  return (name) => {
    const met = new Set<string>()
    let end = ends.get(name) ?? name
    for (let next = end; !met.has(next); next = toName(defs.get(end)?.$ref) ?? end) {
      met.add(next)
      end = ends.get(next) ?? next
    }
    for (const alias of met) ends.set(alias, end)
    return end
  }
}

function stepsOf({ properties, required }: JsonObject): Step[] {
  if (!isObject(properties) || !Array.isArray(required)) return []
  return required.flatMap((key: unknown) =>
    owedReferences(properties[String(key)]).map((to) => ({ key: String(key), to })),
  )
}

/** The definitions that a schema refers to in places that must be there. */
function owedReferences(schema: unknown): string[] {
  if (!isObject(schema)) return []
  const { $ref, items, anyOf, oneOf, prefixItems, properties, required } = schema
  const referred = toName($ref)
  if (referred !== undefined) return [referred]
  const owed: unknown[] =
    isObject(properties) && Array.isArray(required)
      ? required.map((key: unknown) => properties[String(key)])
      : []
  return [items, anyOf, oneOf, prefixItems, owed].flat().flatMap(owedReferences)
}

/** The definition that a reference of the result points at. */
function toName($ref: unknown): string | undefined {
  return typeof $ref === 'string' ? $ref.replace('#/$defs/', '') : undefined
}
