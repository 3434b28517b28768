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
  return new SchemaReader(schema, param, jsonSchemaKeywords).read()
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

/** Reads one schema. The state is what references need: they point from anywhere to anywhere. */
export class SchemaReader {
  readonly #root: JsonObject
  readonly #param: string
  readonly #keywords: ReadonlySet<string>
  /** Definitions by the name they get in the result; filled as references to them are met. */
  readonly #defs = new Map<string, JsonObject>()
  /** Which name a reference got, so that each target is read once, however often it is pointed at. */
  readonly #names = new Map<string, string>()
  /** Bounds the work: a schema may grow by a factor at each level of references. */
  #nodes = 0

  constructor(schema: object, param: string, keywords: ReadonlySet<string>) {
    this.#root = wrapBareProperties({ ...schema })
    this.#param = param
    this.#keywords = keywords
  }

  read(): JsonObject {
    const read = this.#object(this.#root, [], 0)
    if (this.#defs.size === 0) return read
    return { ...read, $defs: Object.fromEntries(relaxRequiredCycles(this.#defs)) }
  }

  /** `inlining` are the references whose targets are being read in place, to stop at a cycle. */
  #schema(schema: unknown, inlining: string[], depth: number): unknown {
    if (schema === true || schema === undefined || schema === null) return {}
    if (schema === false) return undefined
    if (!isObject(schema)) throw this.#invalid('holds a value where a schema should be')
    return this.#object(schema, inlining, depth)
  }

  #object(schema: JsonObject, inlining: string[], depth: number): JsonObject {
    this.#nodes += 1
    if (depth > maxDepth || this.#nodes > maxNodes) throw this.#invalid('is too deep or too large')
    const { $ref } = schema
    if (typeof $ref === 'string') return this.#reference($ref, schema, inlining, depth)
    if (Array.isArray(schema.allOf)) return this.#merged(schema, inlining, depth)
    return this.#node(normalise(schema), inlining, depth)
  }

  /** Gemini wants a `$ref` to stand alone; one with siblings gives way to what it points at. */
  #reference($ref: string, schema: JsonObject, inlining: string[], depth: number): JsonObject {
    const siblings = Object.fromEntries(
      Object.entries(schema).filter(([key]) => key !== '$ref' && !silent.has(key)),
    )
    const alone = Object.keys(siblings).length === 0
    if (alone || inlining.includes($ref)) return { $ref: `#/$defs/${this.#define($ref, depth)}` }
    const target = this.#resolve($ref)
    return this.#object({ ...target, ...siblings }, [...inlining, $ref], depth + 1)
  }

  #define($ref: string, depth: number): string {
    const known = this.#names.get($ref)
    if (known !== undefined) return known
    const name = this.#nameOf($ref)
    this.#names.set($ref, name)
    // Its place is taken before it is read, so that definitions keep the order they are met in.
    this.#defs.set(name, {})
    this.#defs.set(name, this.#object(this.#resolve($ref), [], depth + 1))
    return name
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
    const { allOf, ...rest } = schema
    const members = (Array.isArray(allOf) ? allOf : []).filter(isObject)
    const flat = members.map((member): JsonObject => {
      if (typeof member.$ref !== 'string') return member
      // An allOf that reaches itself says nothing new the second time.
      if (inlining.includes(member.$ref)) return {}
      const { $ref: _, ...siblings } = member
      return { ...this.#resolve(member.$ref), ...siblings }
    })
    const met = members.map((member) => member.$ref).filter((ref) => typeof ref === 'string')
    return this.#object([rest, ...flat].reduce(mergeSchemas), [...inlining, ...met], depth + 1)
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
    ...(type !== undefined && { type }),
    ...(Array.isArray(values) && toEnum(values, type)),
    ...(tuple && { prefixItems: items }),
    ...(items !== undefined && !tuple && { items }),
    // Gemini refuses an array that does not say what it holds.
    ...(type === 'array' &&
      items === undefined &&
      !('prefixItems' in schema) && { items: { type: 'string' } }),
    ...bound('minimum', exclusiveMinimum, schema, 1),
    ...bound('maximum', exclusiveMaximum, schema, -1),
    ...(required.length > 0 && { required }),
  }
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

function mergeSchemas(a: JsonObject, b: JsonObject): JsonObject {
  return {
    ...b,
    ...a,
    ...(isObject(a.properties) &&
      isObject(b.properties) && { properties: { ...b.properties, ...a.properties } }),
    ...(Array.isArray(a.required) &&
      Array.isArray(b.required) && { required: [...a.required, ...b.required] }),
    ...(Array.isArray(b.allOf) && { allOf: b.allOf }),
  }
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
  const relaxed = new Map(defs)
  for (const [name, schema] of defs) {
    const { properties, required } = schema
    if (!isObject(properties) || !Array.isArray(required)) continue
    const closes = (key: unknown) =>
      reaches(properties[String(key)], name, relaxed, new Set<string>())
    const closing = required.filter(closes)
    if (closing.length === 0) continue
    const left = required.filter((key) => !closing.includes(key))
    const hint = `always give: ${closing.join(', ')}`
    relaxed.set(
      name,
      withHints({ ...schema, required: left.length > 0 ? left : undefined }, [hint]),
    )
  }
  return relaxed
}

/** Whether `name` is met on a way through required places only. */
function reaches(
  schema: unknown,
  name: string,
  defs: ReadonlyMap<string, JsonObject>,
  seen: Set<string>,
): boolean {
  if (!isObject(schema)) return false
  const { $ref, items, anyOf, oneOf, prefixItems, properties, required } = schema
  if (typeof $ref === 'string') {
    const target = $ref.replace('#/$defs/', '')
    if (target === name) return true
    if (seen.has(target)) return false
    return reaches(defs.get(target), name, defs, seen.add(target))
  }
  const owed =
    isObject(properties) && Array.isArray(required)
      ? required.map((key: unknown) => properties[String(key)])
      : []
  return [items, anyOf, oneOf, prefixItems, owed]
    .flat()
    .some((next) => reaches(next, name, defs, seen))
}
