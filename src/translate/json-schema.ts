import { invalidRequest } from '../errors.ts'
import type { JsonObject } from './gemini.ts'
import { isObject } from './json.ts'
import { relaxRequiredCycles } from './schema/cycles.ts'
import { toHint, withHints } from './schema/hints.ts'
import { mergeSchemas, overlay } from './schema/merge.ts'
import { normalise } from './schema/normalise.ts'
import { isMixedUnion, splitUnion } from './schema/unions.ts'

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
