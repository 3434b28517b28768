import { asSchema, type GenerateContentRequest, type Schema } from '../request.ts'
import { hintsFrom } from './hints.ts'
import { type Prompt, properNames } from './prompt.ts'
import { sample } from './schema-sample.ts'

/** The answer in the format the request prescribes; undefined where it prescribes none. */
export function formattedFor(
  request: GenerateContentRequest,
  prompt: Prompt,
  text: string,
): string | undefined {
  const { responseMimeType, responseSchema, responseJsonSchema } = request.generationConfig ?? {}
  const schema = responseSchema ?? asSchema(responseJsonSchema)
  if (responseMimeType === 'application/json') {
    return JSON.stringify(schema ? fitting(schema, prompt) : { answer: text }, null, 2)
  }
  if (responseMimeType === 'text/x.enum' && schema) return String(fitting(schema, prompt))
  return undefined
}

function fitting(schema: Schema, { text }: Prompt): unknown {
  return sample(schema, hintsFrom(text, properNames(text)), 'full')
}
