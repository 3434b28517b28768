import type { Abilities } from '../abilities.ts'
import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { toJsonSchema } from '../json-schema.ts'
import { toOpenApiSchema } from '../openapi-schema.ts'
import { hasType } from '../schema/normalise.ts'

/** A function's parameters, in the field of the dialect that the model reads. */
export interface Parameters {
  parametersJsonSchema?: JsonObject
  parameters?: JsonObject
}

/** A function without parameters must not have a schema: Gemini refuses an object without properties. */
export function toParameters(
  parameters: JsonObject | undefined,
  param: string,
  can: Abilities,
): Parameters {
  if (parameters === undefined || Object.keys(parameters).length === 0) return {}
  const given = needsWrapping(parameters, param) ? wrap(parameters) : parameters
  const schema = toJsonSchema(given, param)
  const { properties, additionalProperties } = schema
  const bare = !isObject(properties) || Object.keys(properties).length === 0
  if (bare && !isObject(additionalProperties)) return {}
  return can.schema === 'openapi'
    ? { parameters: toOpenApiSchema(given, param) }
    : { parametersJsonSchema: schema }
}

/** Gemini's arguments are always an object; a function of anything else takes it as a member. */
export function needsWrapping(parameters: JsonObject | undefined, param: string): boolean {
  if (parameters === undefined || Object.keys(parameters).length === 0) return false
  const { type, properties } = toJsonSchema(parameters, param)
  return !hasType(type, 'object') && properties === undefined
}

/** The member that holds what is no object. */
export const wrapper = 'value'

function wrap({ $defs, definitions, ...schema }: JsonObject): JsonObject {
  return {
    type: 'object',
    properties: { [wrapper]: schema },
    required: [wrapper],
    ...($defs !== undefined && { $defs }),
    ...(definitions !== undefined && { definitions }),
  }
}
