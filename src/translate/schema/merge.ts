import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'

/** What stands beside a reference wins over its target, in the target's order. */
export function overlay(target: JsonObject, siblings: JsonObject): JsonObject {
  const { properties, required, allOf } = mergeSchemas(target, siblings)
  const lists = {
    ...(required !== undefined && { required }),
    ...(allOf !== undefined && { allOf }),
  }
  const own = siblings.properties
  const both =
    isObject(properties) && isObject(own) ? { properties: { ...properties, ...own } } : {}
  return { ...target, ...siblings, ...lists, ...both }
}

/** Both schemas as one; the first word on a thing wins. */
export function mergeSchemas(a: JsonObject, b: JsonObject): JsonObject {
  return {
    ...b,
    ...a,
    ...(isObject(a.properties) &&
      isObject(b.properties) && {
        properties: { ...a.properties, ...b.properties, ...a.properties },
      }),
    ...mergeLists('required', a, b),
    ...mergeLists('allOf', a, b),
  }
}

function mergeLists(key: string, a: JsonObject, b: JsonObject): JsonObject {
  const [left, right] = [a[key], b[key]]
  return Array.isArray(left) && Array.isArray(right) ? { [key]: [...left, ...right] } : {}
}
