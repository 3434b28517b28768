/** Numbers from 0 to 1. */
export type Random = () => number

/**
 * JSON that can say what JavaScript values cannot: members named `__proto__`, members twice, numbers
 * beyond all limits, half characters.
 */
export type Json = string | number | boolean | null | Raw | Json[] | Members

/** Text that stands in the JSON as it is, right or wrong. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** An object, as the list of its members. */
export class Members {
  readonly list: readonly (readonly [string, Json])[]

  constructor(list: readonly (readonly [string, Json])[]) {
    this.list = list
  }
}

/** A plain value as such JSON. */
export function toJson(value: unknown): Json {
  if (Array.isArray(value)) return value.map(toJson)
  if (typeof value === 'object' && value !== null) {
    return new Members(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]))
  }
  // What is left of a JSON value.
  return value as string | number | boolean | null
}

/** The text of it; some keys are escaped, which changes nothing of what they are. */
export function toText(json: Json, random: Random): string {
  if (json instanceof Raw) return json.text
  if (Array.isArray(json)) return `[${json.map((item) => toText(item, random)).join(',')}]`
  if (json instanceof Members) {
    const members = json.list.map(
      ([key, inner]) => `${toKey(key, random)}:${toText(inner, random)}`,
    )
    return `{${members.join(',')}}`
  }
  return JSON.stringify(json)
}

function toKey(key: string, random: Random): string {
  const written = JSON.stringify(key)
  if (random() > 0.05) return written
  return written.replace(/[a-z_]/g, (letter) => (random() < 0.3 ? escaped(letter) : letter))
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The same with one place changed, chosen at random. */
export function changed(json: Json, random: Random, change: (old: Json) => Json): Json {
  const inner = innerOf(json)
  // The deeper a place, the less often chance gets there: going on is likelier than stopping.
  if (inner.length === 0 || random() < 0.2) return change(json)
  const at = Math.floor(random() * inner.length)
  const before = inner[at] ?? null
  const after = changed(before, random, change)
  if (Array.isArray(json)) return json.with(at, after)
  if (!(json instanceof Members)) return json
  return new Members(json.list.map(([key, old], n) => [key, n === at ? after : old] as const))
}

function innerOf(json: Json): readonly Json[] {
  if (Array.isArray(json)) return json
  return json instanceof Members ? json.list.map(([, inner]) => inner) : []
}
