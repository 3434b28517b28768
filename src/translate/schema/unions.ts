import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'

/** The keywords that hold branches. */
export const unionKeys = ['anyOf', 'oneOf'] as const

const words = new Set(['title', 'description', '$id', '$anchor', '$defs'])

/** A union with more than words beside it, as far as the keywords are known; or two unions. */
export function isMixedUnion(schema: JsonObject, keywords: ReadonlySet<string>): boolean {
  const found = unionKeys.find((key) => Array.isArray(schema[key]))
  const besides = (key: string) => key !== found && keywords.has(key) && !words.has(key)
  return found !== undefined && Object.keys(schema).some(besides)
}

/** What stands beside the branches of a mixed union, and the branches it is to be moved into. */
export function splitUnion(schema: JsonObject): {
  shell: JsonObject
  base: JsonObject
  branches: unknown[]
} {
  const { description, title, nullable, ...rest } = schema
  const found = unionKeys.find((key) => Array.isArray(rest[key])) ?? 'anyOf'
  const { [found]: union, ...base } = rest
  const shell = {
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
    ...(nullable === true && { nullable }),
  }
  return { shell, base, branches: Array.isArray(union) ? union : [] }
}

/** Whether a branch only says that there may be nothing. */
export function isNull(schema: unknown): boolean {
  return isObject(schema) && schema.type === 'null'
}

/** More branches than these are hard to follow for a model, and for Gemini's grammar too. */
const mostBranches = 64

/**
 * Several unions that must all hold are one of their combinations, `(a|b) & (c|d)` = `ac|ad|bc|bd`,
 * as long as these are few. A union that would make them too many is lost here.
 */
export function multiplyUnions(unions: unknown[]): { kept: unknown[]; lost: unknown[] } {
  const [first = [], ...others] = unions.filter(Array.isArray)
  return others.reduce<{ kept: unknown[]; lost: unknown[] }>(
    ({ kept, lost }, union) => {
      if (kept.length * union.length > mostBranches) return { kept, lost: [...lost, union] }
      const pairs = kept.flatMap((left) =>
        union.map((right: unknown) => ({ allOf: [left, right] })),
      )
      return { kept: pairs, lost }
    },
    { kept: first, lost: [] },
  )
}

/**
 * A branch that requires properties of the schema around it brings them along: a name may be
 * required only where it is a property.
 */
export function withRequired(branch: unknown, around: unknown): unknown {
  if (!isObject(branch) || !Array.isArray(branch.required) || !isObject(around)) return branch
  const own = isObject(branch.properties) ? branch.properties : {}
  const owed = branch.required.filter(
    (name: unknown) =>
      typeof name === 'string' && !Object.hasOwn(own, name) && Object.hasOwn(around, name),
  )
  if (owed.length === 0) return branch
  const brought = owed.map((name) => [name, around[name]])
  return { ...branch, properties: { ...own, ...Object.fromEntries(brought) } }
}
