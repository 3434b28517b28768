import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { isRecord, readShared } from './shared.ts'

/** What is wrong with a value; an empty list when it keeps the contract. */
export type Contract = (value: unknown) => string[]

/** OpenAI's whole answer, plus the extras that the specification lists. */
export const openaiResponse = against('openai.CreateChatCompletionResponse', withoutExtras)

/** OpenAI's stream chunk, plus the extras that the specification lists. */
export const openaiChunk = against('openai.CreateChatCompletionStreamResponse', withoutExtras)

/** OpenAI's error body, plus `error.google`. */
export const openaiError = against('openai.ErrorResponse', withoutExtras)

/** What each backend accepts as a generateContent body: no unknown field, no unknown value. */
export const googleRequest: Record<'vertex' | 'gemini-api', Contract> = {
  vertex: against('vertex.v1beta1.GenerateContentRequest'),
  'gemini-api': against('gemini-api.v1beta.GenerateContentRequest'),
}

function against(name: string, prepare: (value: unknown) => unknown = (value) => value): Contract {
  // Compiled with the first value: reading at import would fail where there is no shared folder.
  let validate: ValidateFunction | undefined
  return (value) => {
    validate ??= new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(
      JSON.parse(readShared('contracts', 'strict', `${name}.schema.json`)),
    )
    if (validate(prepare(value))) return []
    return (validate.errors ?? [])
      .slice(0, 3)
      .map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)
  }
}

// Beyond OpenAI's schema, by the place where it may stand. `annotations` and `audio` on a delta are
// OpenAI's own words, which its schema knows on messages only.
const extras = [
  'choices.*.extra_content',
  'choices.*.message.extra_content',
  'choices.*.message.reasoning_content',
  'choices.*.message.images',
  'choices.*.message.tool_calls.*.extra_content',
  'choices.*.message.annotations.*.extra_content',
  'choices.*.delta.extra_content',
  'choices.*.delta.reasoning_content',
  'choices.*.delta.images',
  'choices.*.delta.annotations',
  'choices.*.delta.audio',
  'choices.*.delta.tool_calls.*.extra_content',
  'usage.extra_properties',
  'usage.completion_tokens_details.image_tokens',
  'error.google',
].map((place) => place.split('.'))

function withoutExtras(value: unknown): unknown {
  return extras.reduce(without, value)
}

function without(value: unknown, place: string[]): unknown {
  const [name = '', ...rest] = place
  if (name === '*') {
    return Array.isArray(value) ? value.map((item) => without(item, rest)) : value
  }
  if (!isRecord(value) || !(name in value)) return value
  const { [name]: inner, ...others } = value
  return rest.length === 0 ? others : { ...others, [name]: without(inner, rest) }
}
