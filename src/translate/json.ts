import { type Bounds, structureOf } from './json-structure.ts'

declare global {
  // Node has these (ES2026, "JSON.parse source text access"); TypeScript's library does not yet.
  interface JSON {
    parse(
      text: string,
      reviver: (key: string, value: unknown, context: Context) => unknown,
    ): unknown
    rawJSON(text: string): unknown
  }
}

interface Context {
  /** The digits as they were written; absent for objects and arrays. */
  source?: string
}

function keepDigits(_key: string, value: unknown, context: Context): unknown {
  const rounded =
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
  return rounded && context.source !== undefined ? JSON.rawJSON(context.source) : value
}

/** Deeper than anything that is meant, and far from what would overflow. */
const walkable: Bounds = {
  deepest: 256,
  mostTokens: 2_000_000,
  mostAtTop: Number.POSITIVE_INFINITY,
}

/** For JSON in the strings of a request, which comes on top of the request's own. */
export const modest: Bounds = { deepest: 64, mostTokens: 50_000, mostAtTop: 50_000 }

/**
 * The value if the text is JSON that can be walked, else undefined. Big integers keep their digits:
 * `12345678901234567890` must reach the other side as it was written, though no JavaScript number can
 * hold it. Such a number is carried as raw JSON, which `JSON.stringify` writes back digit by digit.
 */
export function tryParseJson(text: string, bounds: Bounds = walkable): unknown {
  const structure = structureOf(text, bounds)
  if (structure === 'too complex') return undefined
  try {
    // To look at each number as it is read takes many times as long.
    return structure === 'simple' ? JSON.parse(text) : JSON.parse(text, keepDigits)
  } catch {
    return undefined
  }
}

/** A JSON object: not null, not an array. */
export function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The row of a table. Names come from the wire, and `constructor` is none of a table's. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}
