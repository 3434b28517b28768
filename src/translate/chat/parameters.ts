import type { Abilities } from '../abilities.ts'
import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { toJsonSchema } from '../json-schema.ts'
import { readForOpenApi, writeOpenApi } from '../openapi-schema.ts'
import type { SchemaBudget } from '../schema/budget.ts'
import type { KnownSchemas } from '../schema/known.ts'
import { hasType } from '../schema/normalise.ts'

/** A function's parameters as Gemini hears of them. */
export interface Parameters {
  /** The schema, in the field of the dialect that the model reads. */
  field: { parametersJsonSchema?: JsonObject; parameters?: JsonObject }
  /** Gemini's arguments are always an object; a function of anything else takes it as a member. */
  wrapped: boolean
}

/** What schemas are written with. */
export interface SchemaWriting {
  can: Abilities
  /** One for all of a request: many schemas must not cost more than one may. */
  budget: SchemaBudget
  known: KnownSchemas | undefined
}

/** A function without parameters must not have a schema: Gemini refuses an object without properties. */
export function toParameters(
  parameters: JsonObject | undefined,
  param: string,
  { can, budget, known }: SchemaWriting,
): Parameters {
  if (parameters === undefined || Object.keys(parameters).length === 0) return none
  const openApi = can.schema === 'openapi'
  const read = openApi
    ? readForOpenApi(parameters, param, budget)
    : toJsonSchema(parameters, param, budget, known)
  if (saysNothing(read, parameters)) return none
  const wrapped = !isOfObject(read)
  const whole = wrapped ? wrap(read) : read
  return {
    field: openApi
      ? { parameters: writeOpenApi(whole, param, budget) }
      : { parametersJsonSchema: whole },
    wrapped,
  }
}

const none: Parameters = { field: {}, wrapped: false }

function isOfObject({ type, properties }: JsonObject): boolean {
  return hasType(type, 'object') || properties !== undefined
}

/** What a hint has added to the description is more than nothing. */
function saysNothing(read: JsonObject, { description }: JsonObject): boolean {
  if (read.description !== undefined && read.description !== description) return false
  return Object.entries(read).every(([key, value]) => {
    if (key === 'properties') return isObject(value) && Object.keys(value).length === 0
    if (key === 'additionalProperties') return typeof value === 'boolean'
    if (key === 'type') return typeof value === 'string' && value.toLowerCase() === 'object'
    return ['title', 'description', 'required', '$id', 'propertyOrdering'].includes(key)
  })
}

/** The member that holds what is no object. */
export const wrapper = 'value'

/** The definitions stay at the root, where references look for them. */
function wrap({ $id, $defs, ...schema }: JsonObject): JsonObject {
  return {
    ...($id !== undefined && { $id }),
    type: 'object',
    properties: { [wrapper]: schema },
    required: [wrapper],
    ...($defs !== undefined && { $defs }),
  }
}
