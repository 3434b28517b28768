import { z } from 'zod'
import { brief, invalidRequest } from '../../errors.ts'
import type { Abilities } from '../abilities.ts'
import type { GenerationConfig } from '../gemini.ts'
import { toJsonSchema } from '../json-schema.ts'
import { toOpenApiSchema } from '../openapi-schema.ts'
import { optional } from '../parse.ts'
import { SchemaBudget } from '../schema/budget.ts'
import type { KnownSchemas } from '../schema/known.ts'

const jsonSchema = z.object({
  name: optional(z.string()),
  description: optional(z.string()),
  schema: optional(z.record(z.string(), z.unknown())),
  strict: optional(z.boolean()),
})

/** The shape that the answer must have. */
export const format = {
  response_format: optional(
    z.object({
      type: z.string(),
      json_schema: optional(jsonSchema),
      schema: optional(z.record(z.string(), z.unknown())),
    }),
  ),
}

const fragment = z.object(format)
export type ResponseFormat = NonNullable<z.output<typeof fragment>['response_format']>

/** Throws 400 for a format that no Gemini model knows. */
export function toResponseFormat(
  responseFormat: ResponseFormat | undefined,
  can: Abilities,
  known?: KnownSchemas,
): GenerationConfig {
  if (responseFormat === undefined) return {}
  const { type, json_schema, schema: besides, ...forgotten } = responseFormat
  forgotten satisfies Record<string, never>
  switch (type) {
    case 'text':
      return {}
    case 'json_object':
    case 'json_schema': {
      const schema = json_schema?.schema ?? besides
      return { responseMimeType: 'application/json', ...toResponseSchema(schema, can, known) }
    }
    default:
      // Google's endpoint takes any MIME type here, e.g. text/x.enum, so ours does.
      if (!type.includes('/')) {
        throw invalidRequest(
          `Invalid value: '${brief(type)}'. Supported values are: 'text', 'json_object', 'json_schema', or a MIME type.`,
          'response_format.type',
        )
      }
      return { responseMimeType: type, ...toResponseSchema(besides, can, known) }
  }
}

function toResponseSchema(
  schema: object | undefined,
  can: Abilities,
  known: KnownSchemas | undefined,
): GenerationConfig {
  if (schema === undefined) return {}
  const param = 'response_format.json_schema.schema'
  return can.schema === 'openapi'
    ? { responseSchema: toOpenApiSchema(schema, param) }
    : { responseJsonSchema: toJsonSchema(schema, param, new SchemaBudget(), known) }
}

/**
 * Models before 3 refuse JSON answers beside function declarations. There the wish becomes words:
 * a model that calls functions follows an instruction, where it cannot be held to a grammar.
 */
export function toFormatInstruction(config: GenerationConfig): string {
  const schema = config.responseJsonSchema ?? config.responseSchema
  const wish =
    'When you answer rather than call a function, answer with JSON only, without a fence.'
  return schema === undefined ? wish : `${wish} It must fit this schema: ${JSON.stringify(schema)}`
}
