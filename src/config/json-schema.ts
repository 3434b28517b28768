import { z } from 'zod'
import { configFile } from './schema.ts'

/** The JSON Schema of the file, for editors: strings may hold variables, which are filled in later. */
export function toFileSchema(): object {
  const schema = z.toJSONSchema(configFile, {
    io: 'input',
    override({ jsonSchema }) {
      const { type, pattern, format } = jsonSchema
      if (type !== 'string' || (pattern === undefined && format === undefined)) return
      const { description: _, ...strict } = structuredClone(jsonSchema)
      for (const name of Object.keys(strict)) delete jsonSchema[name]
      jsonSchema.anyOf = [strict, { type: 'string', pattern: String.raw`\$\{.+\}` }]
    },
  })
  return { ...schema, title: 'Pollux' }
}
