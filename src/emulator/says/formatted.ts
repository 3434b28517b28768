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
  const told = toldSchema(request)
  return told === undefined ? undefined : JSON.stringify(fitting(told, prompt), null, 2)
}

/** The schema in a system instruction that asks for JSON: a model follows it as well as it can. */
function toldSchema({ systemInstruction }: GenerateContentRequest): Schema | undefined {
  const text = (systemInstruction?.parts ?? []).map((part) => part.text ?? '').join('\n')
  const from = /\bJSON\b/.test(text) ? text.search(/schema:?\s*\{/i) : -1
  if (from === -1) return undefined
  return asSchema(tryParse(text.slice(text.indexOf('{', from), text.lastIndexOf('}') + 1)))
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fitting(schema: Schema, { text }: Prompt): unknown {
  return sample(schema, hintsFrom(text, properNames(text)), 'full')
}
