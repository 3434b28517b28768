import { lookUp } from '../pointer.ts'
import { asSchema, isSchema, type Schema } from '../request.ts'

/** A schema without references or alternatives, and the references followed to get there. */
export interface Resolved {
  schema: Schema
  refs: string[]
}

/** Follows `$ref`, merges `allOf`, and decides for one branch of `anyOf` and `oneOf`. */
export function resolve(schema: Schema, root: Schema, refs: string[]): Resolved {
  const { $ref, allOf, anyOf, oneOf, ...rest } = schema
  if (typeof $ref === 'string') {
    // References that only lead to each other would go on for ever.
    if (refs.filter((ref) => ref === $ref).length > 2) return { schema: rest, refs }
    return resolve({ ...asSchema(lookUp($ref, root)), ...rest }, root, [...refs, $ref])
  }
  if (Array.isArray(allOf)) return resolve(merged(rest, allOf, root, refs), root, refs)
  const branches = [anyOf, oneOf].find((list) => Array.isArray(list))
  return Array.isArray(branches) ? decided(branches, rest, root, refs) : { schema, refs }
}

// The first branch that is not null, and if possible none we come from.
function decided(branches: unknown[], rest: Schema, root: Schema, refs: string[]): Resolved {
  const options = branches.filter(isSchema).map((branch) => {
    return resolve(branch, root, refs)
  })
  const telling = options.filter(({ schema }) => !/^null$/i.test(String(schema.type)))
  const fresh = telling.find(({ refs: reached }) => new Set(reached).size === reached.length)
  const chosen = fresh ?? telling[0] ?? options[0]
  return chosen
    ? { schema: { ...rest, ...chosen.schema, ...both(rest, chosen.schema) }, refs: chosen.refs }
    : { schema: rest, refs }
}

function merged(rest: Schema, all: unknown[], root: Schema, refs: string[]): Schema {
  const parts = all.filter(isSchema).map((part) => resolve(part, root, refs).schema)
  return parts.reduce((sum, part) => ({ ...sum, ...part, ...both(sum, part) }), rest)
}

function both(a: Schema, b: Schema): Schema {
  return {
    ...(a.properties && b.properties && { properties: { ...a.properties, ...b.properties } }),
    ...(a.required && b.required && { required: [...new Set([...a.required, ...b.required])] }),
  }
}
