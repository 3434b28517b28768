import { invalidArgument, invalidField } from '../errors.ts'
import { lookUp } from '../pointer.ts'
import type { Schema } from '../request.ts'

/**
 * Refuses an OpenAPI-subset schema whose keywords contradict each other. Unknown keywords do not
 * come this far: the message `Schema` has no fields for them.
 */
export function checkSchema(schema: Schema, path: string): void {
  const { type, properties = {}, anyOf, additionalProperties, ref } = schema
  const isOpen = [anyOf, additionalProperties, ref].some((one) => one !== undefined)
  if (type === 'OBJECT' && Object.keys(properties).length === 0 && !isOpen) {
    throw invalidField(`${path}.properties`, 'should be non-empty for OBJECT type')
  }
  checkKeywords(schema, path)
}

/** The same for the parameters of a function, which may well have none. */
export function checkParameters(schema: Schema, path: string): void {
  if (schema.type !== undefined && schema.type !== 'OBJECT') {
    throw invalidField(path, 'functionDeclaration parameters schema should be of type OBJECT.')
  }
  checkKeywords(schema, path)
}

function checkKeywords(schema: Schema, path: string): void {
  const { type, properties, required = [], items, anyOf } = schema
  if (schema.enum && type !== undefined && type !== 'STRING') {
    throw invalidField(`${path}.enum`, 'only allowed for STRING type')
  }
  const nameless = schema.enum?.indexOf('') ?? -1
  if (nameless >= 0) throw invalidField(`${path}.enum[${nameless}]`, 'cannot be empty')
  if (properties && type !== 'OBJECT') {
    throw invalidField(`${path}.properties`, 'only allowed for OBJECT type')
  }
  if (required.length > 0 && type !== 'OBJECT') {
    throw invalidField(`${path}.required`, 'only allowed for OBJECT type')
  }
  if (type === 'ARRAY' && !items) throw invalidField(`${path}.items`, 'missing field.')
  required.forEach((name, i) => {
    if (properties && !Object.hasOwn(properties, name)) {
      throw invalidField(`${path}.required[${i}]`, 'property is not defined')
    }
  })
  Object.entries(properties ?? {}).forEach(([name, property]) =>
    checkSchema(property, `${path}.properties[${name}]`),
  )
  anyOf?.forEach((branch, i) => checkSchema(branch, `${path}.any_of[${i}]`))
  if (items) checkSchema(items, `${path}.items`)
}

const besideRef = ['description', 'default', 'title']

/** Refuses a JSON Schema that is none, or that uses `$ref` in ways Gemini cannot follow. */
export function checkJsonSchema(schema: unknown, path: string): void {
  if (schema === undefined) return
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) {
    throw invalidField(path, 'schema must be a JSON object.')
  }
  checkRefs(schema, schema, path)
}

function checkRefs(node: unknown, root: object, path: string): void {
  if (typeof node !== 'object' || node === null) return
  if ('$ref' in node && typeof node.$ref === 'string') checkRef(node.$ref, node, root, path)
  for (const [key, child] of Object.entries(node)) {
    // An instance may well have a key called $ref.
    if (!['enum', 'const', 'default', 'example', 'examples'].includes(key)) {
      checkRefs(child, root, `${path}.${key}`)
    }
  }
}

function checkRef(ref: string, node: object, root: object, path: string): void {
  const unsupported = Object.keys(node).some(
    (key) => !key.startsWith('$') && !besideRef.includes(key),
  )
  if (unsupported) {
    throw invalidArgument(
      `reference to schema at ${path}: \`$ref '${ref}'\` was set alongside unsupported fields. If a schema node has $ref set, then only description and default can be set alongside it`,
    )
  }
  if (lookUp(ref, root) === undefined) {
    throw invalidArgument(`reference to undefined schema at ${path}: \`$ref '${ref}'\``)
  }
}
