import { invalidRequest } from '../../errors.ts'
import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { charactersPerNode, costOf } from './budget.ts'
import type { SchemaBudget } from './budget.ts'
import { relaxRequiredCycles } from './cycles.ts'
import { toHint, withHints } from './hints.ts'
import { mergeSchemas, overlay } from './merge.ts'
import { normalise, wrapBareProperties } from './normalise.ts'
import { References } from './references.ts'
import { isMixedUnion, isNull, splitUnion, withRequired } from './unions.ts'

/** What a reader's result may hold. */
export interface Dialect {
  keywords: ReadonlySet<string>
  /** Nothing may stand beside `anyOf`, so it moves into the branches. */
  splitsUnions: boolean
}

/** Keywords that say nothing to a model: no hint replaces them. */
const silent = new Set([
  '$schema',
  '$comment',
  '$id',
  '$anchor',
  '$vocabulary',
  'definitions',
  '$defs',
])

/** They may stand beside a reference, in the description. */
const words = new Set(['title', 'description', 'default'])

const maxDepth = 64
const maxNodes = 20_000

/** Reads one schema. The state is what references need: they point from anywhere to anywhere. */
export class SchemaReader {
  readonly #root: JsonObject
  readonly #references: References
  readonly #param: string
  readonly #dialect: Dialect
  readonly #budget: SchemaBudget
  /** Definitions by the name they get in the result; filled as references to them are met. */
  readonly #defs = new Map<string, JsonObject>()
  /** What the definitions are made of, by name; it grows while it is read. */
  readonly #pending = new Map<string, () => JsonObject>()
  /** Which name a reference got, so that each target is read once, however often it is pointed at. */
  readonly #names = new Map<string, string>()
  /** Bounds the work: a schema may grow by a factor at each level of references. */
  #nodes = 0

  constructor(schema: object, param: string, dialect: Dialect, budget: SchemaBudget) {
    this.#root = wrapBareProperties({ ...schema })
    this.#references = new References(this.#root)
    this.#param = param
    this.#dialect = dialect
    this.#budget = budget
  }

  read(): JsonObject {
    const { $id } = this.#root
    const read = { ...($id !== undefined && { $id }), ...this.#readRoot() }
    // Not as they are met: a chain of definitions may be longer than the stack is deep.
    for (const [name, schema] of this.#pending) {
      this.#defs.set(name, this.#object(schema(), [], 0))
    }
    if (this.#defs.size === 0) return read
    return { ...read, $defs: Object.fromEntries(relaxRequiredCycles(this.#defs)) }
  }

  /** A root that is a reference gives way to what it points at: a root must say what it is. */
  #readRoot(): JsonObject {
    let root = this.#root
    for (const met = new Set<unknown>(); typeof root.$ref === 'string' && !met.has(root.$ref);) {
      const { $ref, ...siblings } = root
      met.add($ref)
      root = overlay(this.#resolve($ref), siblings)
    }
    return this.#object(root, [], 0)
  }

  /** `inlining` are the references whose targets are being read in place, to stop at a cycle. */
  #schema(schema: unknown, inlining: string[], depth: number): unknown {
    if (schema === true || schema === undefined || schema === null) return {}
    if (schema === false) return undefined
    if (!isObject(schema)) throw this.#invalid('holds a value where a schema should be')
    return this.#object(schema, inlining, depth)
  }

  #object(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    if (depth > maxDepth) throw this.#tooLarge()
    const cost = costOf(schema)
    this.#count(1)
    this.#spend(cost, inlining.length > 0 ? cost : 0)
    const { $ref } = schema
    if (typeof $ref === 'string') return this.#reference($ref, schema, inlining, depth)
    if (Array.isArray(schema.allOf)) return this.#merged(schema, inlining, depth)
    if (this.#dialect.splitsUnions && isMixedUnion(schema, this.#dialect.keywords)) {
      return this.#object(this.#split(schema), inlining, depth + 1)
    }
    return this.#node(normalise(schema), inlining, depth)
  }

  /**
   * A reference with siblings gives way to what it points at. Where that would never end or take
   * too much room it goes on in a definition of its own, or stays with its words beside it: Google
   * says of it that "only description and default can be set alongside".
   */
  #reference($ref: string, schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const siblings = Object.fromEntries(
      Object.entries(schema).filter(([key]) => key !== '$ref' && !silent.has(key)),
    )
    const target = this.#resolve($ref)
    const circular = inlining.includes($ref)
    const inPlace = !circular && this.#budget.writesInPlace
    const keys = Object.keys(siblings)
    const stays = keys.length === 0 || (!inPlace && keys.every((key) => words.has(key)))
    if (stays) {
      return { ...this.#define($ref, $ref, () => target), ...toWords(siblings) }
    }
    // What stands in no other target is read once, however many refer to it.
    if (!inPlace && (circular || inlining.length > 0)) {
      const key = `${$ref} ${JSON.stringify(siblings)}`
      return this.#define(key, $ref, () => overlay(target, siblings))
    }
    return this.#object(overlay(target, siblings), [...inlining, $ref], depth + 1)
  }

  /** A reference to a definition, which is made where this is the first; `key` tells them apart. */
  #define(key: string, $ref: string, schema: () => JsonObject): JsonObject {
    const known = this.#names.get(key)
    const name = known ?? this.#nameOf($ref)
    if (known === undefined) {
      this.#names.set(key, name)
      // Its place is taken before it is read, so that definitions keep the order they are met in.
      this.#defs.set(name, {})
      this.#pending.set(name, schema)
    }
    return { $ref: `#/$defs/${name}` }
  }

  #nameOf($ref: string): string {
    const last =
      $ref
        .split(/[/#]/)
        .at(-1)
        ?.slice(-longestName)
        .replace(/[^\w.-]/g, '_') || 'root'
    const name = last === '_' ? 'root' : last
    if (!this.#defs.has(name)) return name
    let number = this.#defs.size
    while (this.#defs.has(`${name}_${number}`)) number += 1
    return `${name}_${number}`
  }

  #resolve($ref: string): JsonObject {
    const target = this.#references.find($ref)
    if (target === true) return {}
    if (isObject(target)) return target
    throw this.#invalid(
      $ref.startsWith('#')
        ? `has nothing at $ref '${$ref.slice(0, 100)}'`
        : `points outside itself with $ref '${$ref.slice(0, 100)}'`,
    )
  }

  /** Gemini knows no `allOf`: its members become one schema, where the first word on a thing wins. */
  #merged(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const met = new Set<string>()
    const members = this.#members(schema, met)
    const again = [...met].find((ref) => inlining.includes(ref))
    const [first] = met
    const crowded = inlining.length > 0 && !this.#budget.writesInPlace ? first : undefined
    // A circle goes on in a definition of its own, and so does what would take too much room.
    const apart = again ?? crowded
    if (apart !== undefined) return this.#define(JSON.stringify(schema), apart, () => schema)
    return this.#object(mergeSchemas(members), [...inlining, ...met], depth + 1)
  }

  /** All that a schema is the sum of, references followed; what is met again says nothing new. */
  #members(schema: JsonObject, met: Set<string>): JsonObject[] {
    const members: JsonObject[] = []
    // Its own stack: members may be nested deeper than functions may call each other.
    const waiting = [schema]
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      const { allOf, $ref, ...rest } = at
      this.#count(1)
      this.#spend(costOf(rest))
      if (met.size > maxDepth) throw this.#tooLarge()
      members.push(rest)
      const more = (Array.isArray(allOf) ? allOf : []).filter(isObject).toReversed()
      for (const member of more) waiting.push(member)
      if (typeof $ref === 'string' && !met.has($ref)) {
        met.add($ref)
        waiting.push(this.#resolve($ref))
      }
    }
    return members
  }

  #split(schema: JsonObject): JsonObject {
    const { shell, base, branches } = splitUnion(schema)
    const { properties, required } = base
    // Paid before it is done: all of it is copied into every branch.
    const width = Object.keys(isObject(properties) ? properties : {}).length
    const length = Array.isArray(required) ? required.length : 0
    this.#spend((branches.length * (width + length)) / 10)
    const split = branches.map((branch) =>
      isObject(branch) && !isNull(branch) ? mergeSchemas([branch, base]) : branch,
    )
    return { ...shell, anyOf: split }
  }

  #node(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const read = (member: unknown) => this.#schema(member, inlining, depth + 1)
    const readAll = (members: unknown) =>
      (Array.isArray(members) ? members : []).map(read).filter((member) => member !== undefined)
    const node: JsonObject = {}
    const hints: string[] = []
    for (const [key, value] of Object.entries(schema)) {
      if (silent.has(key) || key.startsWith('x-')) continue
      if (!this.#dialect.keywords.has(key)) {
        hints.push(toHint(key, value))
        continue
      }
      switch (key) {
        case 'properties':
          if (isObject(value)) node[key] = this.#properties(value, inlining, depth)
          break
        case 'anyOf':
        case 'oneOf':
          node[key] = readAll(
            Array.isArray(value) ? value.map((one) => withRequired(one, schema.properties)) : [],
          )
          break
        case 'prefixItems':
          node[key] = readAll(value)
          break
        case 'items':
          node[key] = read(value) ?? {}
          break
        case 'additionalProperties':
          node[key] = isObject(value) ? read(value) : value
          break
        default:
          node[key] = value
      }
    }
    this.#spend(hints.reduce((sum, hint) => sum + hint.length, 0) / charactersPerNode)
    if (Array.isArray(schema.required)) node.required = toRequired(schema, node)
    return withHints(node, hints)
  }

  #properties(properties: JsonObject, inlining: string[], depth: number): JsonObject {
    const entries = Object.entries(properties)
    // Refused before the first of them is read.
    if (this.#nodes + entries.length > maxNodes) throw this.#tooLarge()
    const read = entries.map(
      ([name, schema]) => [name, this.#schema(schema, inlining, depth + 1)] as const,
    )
    return Object.fromEntries(read.filter(([, schema]) => schema !== undefined))
  }

  #count(more: number): void {
    this.#nodes += more
    if (this.#nodes > maxNodes) throw this.#tooLarge()
  }

  #spend(cost: number, inPlace = 0): void {
    if (!this.#budget.spend(cost, inPlace)) throw this.#tooLarge()
  }

  #tooLarge() {
    return this.#invalid('is too deep or too large')
  }

  #invalid(what: string) {
    return invalidRequest(`The schema ${what}. Mend it and send it again.`, this.#param)
  }
}

/** Words that stand beside a reference: a description at most, and the rest as hints in it. */
function toWords({ description, ...others }: JsonObject): JsonObject {
  const hints = Object.entries(others).map(([key, value]) => toHint(key, value))
  return withHints({ description }, hints)
}

/** Gemini refuses a required name that is no property. */
function toRequired({ required }: JsonObject, { properties }: JsonObject): unknown[] | undefined {
  if (!Array.isArray(required) || !isObject(properties)) return undefined
  const known = required.filter(
    (name) => typeof name === 'string' && Object.hasOwn(properties, name),
  )
  return known.length > 0 ? known : undefined
}

/** Characters of a definition's name. */
const longestName = 100
