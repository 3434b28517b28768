import { invalidRequest } from '../errors.ts'
import type { JsonObject } from './gemini.ts'
import { isObject } from './json.ts'

/**
 * JSON Schema -> the subset of it that Gemini 2.5 and later accept (`parametersJsonSchema`,
 * `responseJsonSchema`). Key order is kept, because Gemini answers in that order. What the subset
 * lacks is said in the description instead, so that the model still hears of it.
 * Source: ai.google.dev/gemini-api/docs/structured-output, discovery document of 2026-03.
 */
export function toJsonSchema(schema: object, param: string): JsonObject {
  return new SchemaReader(schema, param, {
    keywords: jsonSchemaKeywords,
    splitsUnions: false,
  }).read()
}

/** The keywords that Gemini reads in JSON-Schema mode. */
export const jsonSchemaKeywords: ReadonlySet<string> = new Set([
  '$id',
  '$anchor',
  '$ref',
  '$defs',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'anyOf',
  'oneOf',
  'properties',
  'additionalProperties',
  'required',
  'propertyOrdering',
])

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

const maxDepth = 64
const maxNodes = 20_000

/** What a reader's result may hold. */
export interface Dialect {
  keywords: ReadonlySet<string>
  splitsUnions: boolean
}

/** Reads one schema. The state is what references need: they point from anywhere to anywhere. */
export class SchemaReader {
  readonly #root: JsonObject
  readonly #param: string
  readonly #keywords: ReadonlySet<string>
  readonly #splitsUnions: boolean
  /** Definitions by the name they get in the result; filled as references to them are met. */
  readonly #defs = new Map<string, JsonObject>()
  /** What the definitions are made of, by name; it grows while it is read. */
  readonly #pending = new Map<string, JsonObject>()
  /** Which name a reference got, so that each target is read once, however often it is pointed at. */
  readonly #names = new Map<string, string>()
  /** Bounds the work: a schema may grow by a factor at each level of references. */
  #nodes = 0

  /** `dialect.splitsUnions`: nothing may stand beside `anyOf`, so it moves into the branches. */
  constructor(schema: object, param: string, { keywords, splitsUnions }: Dialect) {
    this.#root = wrapBareProperties({ ...schema })
    this.#param = param
    this.#keywords = keywords
    this.#splitsUnions = splitsUnions
  }

  read(): JsonObject {
    const read = this.#readRoot()
    // Not as they are met: a chain of definitions may be longer than the stack is deep.
    for (const [name, schema] of this.#pending) {
      this.#defs.set(name, this.#object(schema, [], 0))
    }
    if (this.#defs.size === 0) return read
    return { ...read, $defs: Object.fromEntries(relaxRequiredCycles(this.#defs)) }
  }

  /** A root that is a reference gives way to what it points at: a root must say what it is. */
  #readRoot(): JsonObject {
    const { $ref, ...siblings } = this.#root
    if (typeof $ref !== 'string') return this.#object(this.#root, [], 0)
    return this.#object(overlay(this.#resolve($ref), siblings), [$ref], 0)
  }

  /** `inlining` are the references whose targets are being read in place, to stop at a cycle. */
  #schema(schema: unknown, inlining: string[], depth: number): unknown {
    if (schema === true || schema === undefined || schema === null) return {}
    if (schema === false) return undefined
    if (!isObject(schema)) throw this.#invalid('holds a value where a schema should be')
    return this.#object(schema, inlining, depth)
  }

  #object(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    this.#count(depth)
    const { $ref } = schema
    if (typeof $ref === 'string') return this.#reference($ref, schema, inlining, depth)
    if (Array.isArray(schema.allOf)) return this.#merged(schema, inlining, depth)
    if (this.#splitsUnions && isMixedUnion(schema)) {
      return this.#object(splitUnion(schema), inlining, depth + 1)
    }
    return this.#node(normalise(schema), inlining, depth)
  }

  /** Gemini wants a `$ref` to stand alone; one with siblings gives way to what it points at. */
  #reference($ref: string, schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const siblings = Object.fromEntries(
      Object.entries(schema).filter(([key]) => key !== '$ref' && !silent.has(key)),
    )
    const target = this.#resolve($ref)
    const alone = Object.keys(siblings).length === 0
    if (alone) return this.#define($ref, $ref, target)
    const whole = overlay(target, siblings)
    // A circle through siblings goes on in a definition of its own.
    if (inlining.includes($ref))
      return this.#define(`${$ref} ${JSON.stringify(siblings)}`, $ref, whole)
    return this.#object(whole, [...inlining, $ref], depth + 1)
  }

  /** A reference to a definition, which is made where this is the first; `key` tells them apart. */
  #define(key: string, $ref: string, schema: JsonObject): JsonObject {
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
        .split('/')
        .at(-1)
        ?.replace(/[^\w.-]/g, '_') || 'root'
    const name = last === '#' || last === '_' ? 'root' : last
    return this.#defs.has(name) ? `${name}_${this.#defs.size}` : name
  }

  #resolve($ref: string): JsonObject {
    if ($ref === '#') return this.#root
    if (!$ref.startsWith('#/')) throw this.#invalid(`points outside itself with $ref '${$ref}'`)
    const steps = $ref.slice(2).split('/').map(decodePointer)
    const target = steps.reduce<unknown>((at, step) => {
      if (Array.isArray(at)) return at[Number(step)]
      return isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
    }, this.#root)
    if (target === true) return {}
    if (!isObject(target)) throw this.#invalid(`has nothing at $ref '${$ref}'`)
    return target
  }

  /** Gemini knows no `allOf`: its members become one schema, where the first word on a thing wins. */
  #merged(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const met = new Set<string>()
    const members = this.#members(schema, met)
    const again = [...met].find((ref) => inlining.includes(ref))
    // A circle goes on in a definition of its own.
    if (again !== undefined) return this.#define(JSON.stringify(schema), again, schema)
    return this.#object(members.reduce(mergeSchemas), [...inlining, ...met], depth + 1)
  }

  /** All that a schema is the sum of, references followed; what is met again says nothing new. */
  #members({ allOf, $ref, ...rest }: JsonObject, met: Set<string>): JsonObject[] {
    this.#count(met.size)
    const target = typeof $ref === 'string' && !met.has($ref) ? this.#resolve($ref) : {}
    if (typeof $ref === 'string') met.add($ref)
    const more = (Array.isArray(allOf) ? allOf : []).filter(isObject)
    return [
      rest,
      ...[target, ...more].flatMap((member) => (hasKeys(member) ? this.#members(member, met) : [])),
    ]
  }

  #count(depth: number): void {
    this.#nodes += 1
    if (depth > maxDepth || this.#nodes > maxNodes) throw this.#invalid('is too deep or too large')
  }

  #node(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const read = (member: unknown) => this.#schema(member, inlining, depth + 1)
    const readAll = (members: unknown) =>
      (Array.isArray(members) ? members : []).map(read).filter((member) => member !== undefined)
    const node: JsonObject = {}
    const hints: string[] = []
    for (const [key, value] of Object.entries(schema)) {
      if (!this.#keywords.has(key)) {
        if (!silent.has(key) && !key.startsWith('x-')) hints.push(toHint(key, value))
        continue
      }
      switch (key) {
        case '$defs':
          break
        case 'properties':
          if (isObject(value)) node[key] = this.#properties(value, inlining, depth)
          break
        case 'anyOf':
        case 'oneOf':
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
    if (Array.isArray(schema.required)) node.required = toRequired(schema, node)
    return withHints(node, hints)
  }

  #properties(properties: JsonObject, inlining: string[], depth: number): JsonObject {
    const read = Object.entries(properties).map(
      ([name, schema]) => [name, this.#schema(schema, inlining, depth + 1)] as const,
    )
    return Object.fromEntries(read.filter(([, schema]) => schema !== undefined))
  }

  #invalid(what: string) {
    return invalidRequest(`The schema ${what}. Mend it and send it again.`, this.#param)
  }
}

function hasKeys(object: JsonObject): boolean {
  return Object.keys(object).length > 0
}

const unionKeys = ['anyOf', 'oneOf'] as const

/** A union with more than words beside it. */
function isMixedUnion(schema: JsonObject): boolean {
  const besides = ['type', 'properties', 'items', 'required', 'enum', 'additionalProperties']
  return unionKeys.some((key) => Array.isArray(schema[key])) && besides.some((key) => key in schema)
}

function splitUnion(schema: JsonObject): JsonObject {
  const { anyOf, oneOf, description, title, nullable, ...base } = schema
  const branches: unknown[] = [anyOf, oneOf].find(Array.isArray) ?? []
  const split = branches.map((branch) =>
    isObject(branch) && !isNull(branch) ? mergeSchemas(branch, base) : branch,
  )
  const words = {
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
  }
  return { ...words, ...(nullable === true && { nullable }), anyOf: split }
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema.type === 'null'
}

/** Spells out what the subset has other words for. Changes no schema: returns a new one. */
function normalise(schema: JsonObject): JsonObject {
  const { const: constant, nullable, items, exclusiveMinimum, exclusiveMaximum, ...others } = schema
  // Set anew below: on a property it may be a mere `true`, which belongs to the parent's list.
  const { required: _, ...rest } = others
  const tuple = Array.isArray(items)
  const type = withNull(inferType(schema), nullable === true)
  const required = toRequiredList(schema)
  const values = 'const' in schema ? [constant] : schema.enum
  return {
    ...rest,
    ...(nullable === true && type === undefined && orNull(schema)),
    ...(type !== undefined && { type }),
    ...(Array.isArray(values) && toEnum(values, type)),
    ...(tuple && { prefixItems: items }),
    ...(items !== undefined && !tuple && { items }),
    // Gemini refuses an array that does not say what it holds.
    ...(hasType(type, 'array') &&
      items === undefined &&
      !('prefixItems' in schema) && { items: { type: 'string' } }),
    ...bound('minimum', exclusiveMinimum, schema, 1),
    ...bound('maximum', exclusiveMaximum, schema, -1),
    ...(required.length > 0 && { required }),
  }
}

/** A union that may be null too has one more branch. */
function orNull(schema: JsonObject): JsonObject {
  const found = unionKeys.find((key) => Array.isArray(schema[key]))
  const branches = found === undefined ? undefined : schema[found]
  return found !== undefined && Array.isArray(branches)
    ? { [found]: [...branches, { type: 'null' }] }
    : {}
}

/** Whether a schema's `type`, a word or a list of words, allows this one. */
export function hasType(type: unknown, wanted: string): boolean {
  return Array.isArray(type) ? type.includes(wanted) : type === wanted
}

function inferType({
  type,
  properties,
  items,
  prefixItems,
  enum: values,
  ...schema
}: JsonObject): unknown {
  if (type !== undefined) return type
  if (isObject(properties)) return 'object'
  if (items !== undefined || prefixItems !== undefined) return 'array'
  const [first] = 'const' in schema ? [schema.const] : Array.isArray(values) ? values : []
  if (typeof first === 'number') return Number.isInteger(first) ? 'integer' : 'number'
  return typeof first === 'string' || typeof first === 'boolean' ? typeof first : undefined
}

function withNull(type: unknown, nullable: boolean): unknown {
  if (!nullable || type === undefined) return type
  const types = Array.isArray(type) ? type : [type]
  return types.includes('null') ? types : [...types, 'null']
}

/** Gemini's enums hold strings and numbers; anything else is said in words. */
function toEnum(values: unknown[], type: unknown): JsonObject {
  const plain = values.filter(isWordOrNumber)
  const nullable = values.includes(null)
  const words = values.filter((value) => value !== null && !isWordOrNumber(value))
  return {
    ...(plain.length > 0 ? { enum: plain } : { enum: undefined }),
    ...(nullable && type !== undefined && { type: withNull(type, true) }),
    ...(words.length > 0 && { allowed: words }),
  }
}

function isWordOrNumber(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}

/** `exclusiveMinimum: 3` -> `minimum: 4` for integers; else `minimum: 3`, the nearest there is. */
function bound(
  key: 'minimum' | 'maximum',
  exclusive: unknown,
  schema: JsonObject,
  step: number,
): JsonObject {
  if (typeof exclusive !== 'number' || schema[key] !== undefined) return {}
  return { [key]: schema.type === 'integer' ? exclusive + step : exclusive }
}

/** The names in `required`, and those of properties that say `required: true` of themselves. */
function toRequiredList({ required, properties }: JsonObject): unknown[] {
  const listed = Array.isArray(required) ? required : []
  const own = isObject(properties)
    ? Object.entries(properties)
        .filter(([, schema]) => isObject(schema) && schema.required === true)
        .map(([name]) => name)
    : []
  return [...new Set([...listed, ...own])]
}

/** Gemini refuses a required name that is no property. */
function toRequired({ required }: JsonObject, { properties }: JsonObject): unknown[] | undefined {
  if (!Array.isArray(required) || !isObject(properties)) return undefined
  const known = required.filter(
    (name) => typeof name === 'string' && Object.hasOwn(properties, name),
  )
  return known.length > 0 ? known : undefined
}

/** `{ path: { type: 'string' } }` is no schema, but some tools send it: they mean the properties. */
function wrapBareProperties(schema: JsonObject): JsonObject {
  const entries = Object.entries(schema)
  const bare =
    entries.length > 0 &&
    entries.every(
      ([key, value]) => isObject(value) && !key.startsWith('$') && key !== 'properties',
    ) &&
    entries.some(([, value]) => isObject(value) && ('type' in value || 'description' in value)) &&
    !entries.some(([key]) => schemaKeys.has(key))
  return bare ? { type: 'object', properties: schema } : schema
}

const schemaKeys = new Set([
  'not',
  'if',
  'then',
  'else',
  'items',
  'additionalProperties',
  'definitions',
])

/** What stands beside a reference wins over its target, in the target's order. */
function overlay(target: JsonObject, siblings: JsonObject): JsonObject {
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

function mergeSchemas(a: JsonObject, b: JsonObject): JsonObject {
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

function toHint(key: string, value: unknown): string {
  const written = JSON.stringify(value) ?? ''
  return `${key}: ${written.length > 300 ? `${written.slice(0, 300)}…` : written}`
}

function withHints(node: JsonObject, hints: string[]): JsonObject {
  const present = Object.entries(node).filter(([, value]) => value !== undefined)
  const clean: JsonObject = Object.fromEntries(present)
  if (hints.length === 0) return clean
  const { description } = clean
  const said = typeof description === 'string' && description !== '' ? `${description} ` : ''
  return { ...clean, description: `${said}(${hints.join('; ')})` }
}

function decodePointer(step: string): string {
  return safeDecode(step).replaceAll('~1', '/').replaceAll('~0', '~')
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * A definition may refer to itself only through a property that is not required (a nullable one is
 * not enough). Where a required property closes the circle, it stays, and its requirement becomes
 * a word in its description: better than cutting the structure off.
 */
function relaxRequiredCycles(defs: ReadonlyMap<string, JsonObject>): Map<string, JsonObject> {
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
    return { name, steps: stepsOf(defs.get(name) ?? {}) }
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
  if (typeof $ref === 'string') return [$ref.replace('#/$defs/', '')]
  const owed: unknown[] =
    isObject(properties) && Array.isArray(required)
      ? required.map((key: unknown) => properties[String(key)])
      : []
  return [items, anyOf, oneOf, prefixItems, owed].flat().flatMap(owedReferences)
}
