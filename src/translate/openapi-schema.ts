import { invalidRequest } from '../errors.ts'
import type { JsonObject } from './gemini.ts'
import { isObject, lookUp } from './json.ts'
import { jsonSchemaKeywords } from './json-schema.ts'
import { costOf, SchemaBudget } from './schema/budget.ts'
import { SchemaReader } from './schema/reader.ts'

/**
 * JSON Schema -> the OpenAPI 3.0 subset (`parameters`, `responseSchema`) that models before 2.5 ask
 * for, where any other keyword is refused with 400. References are written out, `null` types become
 * `nullable`, and what the subset lacks is said in the description.
 * Source: discovery document of the Gemini API 2026-03, `Schema`.
 */
export function toOpenApiSchema(
  schema: object,
  param: string,
  budget = new SchemaBudget(),
): JsonObject {
  return writeOpenApi(readForOpenApi(schema, param, budget), param, budget)
}

/** The first half: still JSON Schema, but of what the OpenAPI subset can say. */
export function readForOpenApi(schema: object, param: string, budget: SchemaBudget): JsonObject {
  const dialect = { keywords: readKeywords, splitsUnions: true }
  return new SchemaReader(schema, param, dialect, budget).read()
}

/** The second half: a schema that was read, in the words of the OpenAPI subset. */
export function writeOpenApi(
  { $defs, ...root }: JsonObject,
  param: string,
  budget: SchemaBudget,
): JsonObject {
  return new OpenApiWriter(isObject($defs) ? $defs : {}, param, budget).write(root, [], 0)
}

const ownKeywords = [
  'minLength',
  'maxLength',
  'pattern',
  'minProperties',
  'maxProperties',
  'example',
]
const readKeywords: ReadonlySet<string> = new Set([...jsonSchemaKeywords, ...ownKeywords])

/** How often a definition is written out inside itself before it is cut off. */
const unrolled = 3

/** Deeper than any schema that is meant, and still far from the end of the stack. */
const mostDepth = 256

/** Formats that every backend accepts, by type; older ones refuse any other. */
const formats: Record<string, string[]> = {
  string: ['enum', 'date-time'],
  integer: ['int32', 'int64'],
  number: ['float', 'double'],
}

class OpenApiWriter {
  readonly #defs: JsonObject
  readonly #param: string
  /** References are written out, and each may hold many: the work must have an end. */
  readonly #budget: SchemaBudget

  constructor(defs: JsonObject, param: string, budget: SchemaBudget) {
    this.#defs = defs
    this.#param = param
    this.#budget = budget
  }

  /** `inside` are the definitions that are being written out around this schema. */
  write(schema: unknown, inside: string[], depth: number): JsonObject {
    // What references bring in may multiply, so that it has to stay smaller than what is there.
    const cost = (isObject(schema) ? costOf(schema) : 1) * (inside.length > 0 ? 3 : 1)
    if (depth > mostDepth || !this.#budget.spend(cost)) {
      throw invalidRequest(
        'The schema is too deep or too large once its references are written out. Use fewer.',
        this.#param,
      )
    }
    if (!isObject(schema)) return { type: 'STRING' }
    if (typeof schema.$ref === 'string')
      return this.#writeReference(schema.$ref, schema, inside, depth)
    const branches = [schema.anyOf, schema.oneOf].find(Array.isArray)
    if (branches !== undefined) return this.#writeUnion(branches, schema, inside, depth)
    const types: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
    const real = types.filter((type) => type !== 'null')
    const nullable = real.length < types.length ? { nullable: true } : {}
    if (real.length < 2) {
      const only = typeof real[0] === 'string' ? real[0] : 'string'
      return { ...this.#writeOne(schema, only, inside, depth), ...nullable }
    }
    const { description, ...rest } = schema
    const single = real.map((type) => ({ ...rest, type }))
    return { ...this.#writeUnion(single, { description }, inside, depth), ...nullable }
  }

  /** A schema of one type: what belongs to other types falls away. */
  #writeOne(schema: JsonObject, type: string, inside: string[], depth: number): JsonObject {
    const {
      anyOf: _a,
      oneOf: _o,
      $id: _i,
      $anchor: _n,
      additionalProperties,
      prefixItems,
      ...rest
    } = schema
    const {
      format,
      enum: values,
      items,
      properties,
      required,
      propertyOrdering: _p,
      ...plain
    } = rest
    const strings = (Array.isArray(values) ? values : []).filter((value) => value !== '')
    const known = typeof format === 'string' && lookUp(formats, type)?.includes(format) === true
    return compact({
      ...plain,
      type: type.toUpperCase(),
      description: withHints(plain.description, [
        typeof format === 'string' && !known && `format: ${format}`,
        isObject(additionalProperties) &&
          `other properties: ${JSON.stringify(additionalProperties)}`,
        type !== 'string' && strings.length > 0 && `one of ${JSON.stringify(strings)}`,
      ]),
      format: known ? format : undefined,
      enum: type === 'string' && strings.length > 0 ? strings.map(String) : undefined,
      items:
        type === 'array'
          ? this.write(items ?? toMember(prefixItems), inside, depth + 1)
          : undefined,
      ...(type === 'object' &&
        this.#writeProperties(isObject(properties) ? properties : {}, required, inside, depth)),
    })
  }

  /** Only the outermost object may be one without properties. */
  #writeProperties(
    properties: JsonObject,
    required: unknown,
    inside: string[],
    depth: number,
  ): JsonObject {
    const names = Object.keys(properties)
    if (names.length === 0) return depth === 0 ? {} : anyProperty
    const written = names.map((name) => [name, this.write(properties[name], inside, depth + 1)])
    // Models before 2.5 answer in alphabetical order unless told otherwise.
    return { properties: Object.fromEntries(written), required, propertyOrdering: names }
  }

  #writeReference(
    $ref: string,
    { description }: JsonObject,
    inside: string[],
    depth: number,
  ): JsonObject {
    const name = $ref.replace('#/$defs/', '')
    if (inside.filter((one) => one === name).length >= unrolled) {
      const description = `Again a ${name}, and so on.`
      return { type: 'OBJECT', description, ...anyProperty }
    }
    const written = this.write(this.#defs[name], [...inside, name], depth + 1)
    return { ...written, ...compact({ description }) }
  }

  /** A union with `null` is a nullable; a union of one is that one. */
  #writeUnion(
    branches: unknown[],
    { description, title }: JsonObject,
    inside: string[],
    depth: number,
  ): JsonObject {
    const real = branches.filter((branch) => !(isObject(branch) && branch.type === 'null'))
    const written = real.map((branch) => this.write(branch, inside, depth + 1))
    const [first = { type: 'STRING' }] = written
    return {
      ...(written.length > 1 ? { anyOf: written } : first),
      ...compact({
        description,
        title,
        nullable: real.length < branches.length ? true : undefined,
      }),
    }
  }
}

/** What stands for properties that are not known by name. */
const anyProperty: JsonObject = {
  properties: { any: { type: 'STRING', nullable: true, description: 'Stands for any property.' } },
  propertyOrdering: ['any'],
}

/** The places of a tuple are members like any other here. */
function toMember(prefixItems: unknown): unknown {
  return Array.isArray(prefixItems) ? { anyOf: prefixItems } : undefined
}

function withHints(description: unknown, hints: (string | false)[]): string | undefined {
  const said = [description, ...hints.map((hint) => hint && `(${hint})`)]
  return said.filter((text) => typeof text === 'string' && text !== '').join(' ') || undefined
}

function compact(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))
}
