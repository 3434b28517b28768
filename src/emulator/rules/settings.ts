import type { Call } from '../call.ts'
import { invalidArgument, invalidField, noReason } from '../errors.ts'
import { protoName } from '../fields/vocabulary.ts'
import { declarations, type GenerationConfig } from '../request.ts'
import { unableToSubmit } from './contents.ts'
import { checkJsonSchema, checkSchema } from './schema.ts'

/** The smallest value, the largest at the Developer API, and the first too large for Vertex AI. */
const ranges = [
  ['temperature', 0, 2, 2.0001],
  ['topP', 0, 1, 1.0001],
  ['topK', 1, 1000, 1001],
  ['presencePenalty', -2, 2, 2],
  ['frequencyPenalty', -2, 2, 2],
  ['candidateCount', 1, 8, 9],
  ['logprobs', 0, 20, 21],
] as const

const mimeTypes = [
  'text/plain',
  'application/json',
  'application/xml',
  'application/yaml',
  'text/x.enum',
]

/** Refuses settings out of range, unknown to the model, or at odds with each other. */
export function checkSettings(call: Call): void {
  checkSafetySettings(call)
  checkCachedContent(call)
  const config = call.request.generationConfig
  if (!config) return
  checkRanges(config, call)
  checkCandidates(config, call)
  checkPenalties(config, call)
  checkLogprobs(config, call)
  checkResponseFormat(config, call)
}

function checkSafetySettings({ request }: Call): void {
  const categories = (request.safetySettings ?? []).map(({ category }) => category)
  if (new Set(categories).size < categories.length) {
    throw invalidField('safety_settings', 'only one setting per category is allowed.')
  }
  // It is documented; how it is worded is not.
  if (request.modelArmorConfig && categories.length > 0) throw invalidArgument(noReason)
}

function checkCachedContent({ request, backend }: Call): void {
  const { cachedContent, systemInstruction, tools, toolConfig } = request
  if (cachedContent && (systemInstruction || tools || toolConfig)) {
    throw invalidArgument(notBesideCache[backend])
  }
}

const notBesideCache = {
  'gemini-api':
    'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.',
  vertex:
    'Tool config, tools and system instruction should not be set in the request when using cached content.',
}

function checkRanges(config: GenerationConfig, call: Call): void {
  const { outputTokenLimit } = call.model
  const { maxOutputTokens, stopSequences } = config
  checkRange('maxOutputTokens', maxOutputTokens, [1, outputTokenLimit, outputTokenLimit + 1], call)
  checkRange('stopSequences', stopSequences?.length, [0, 5, 6], call)
  for (const [name, ...range] of ranges) checkRange(name, config[name], range, call)
}

function checkRange(
  name: string,
  value: number | undefined,
  [lowest, highest, end]: [number, number, number],
  { backend }: Call,
): void {
  // Both backends say this of output tokens; the Developer API has its own words for the rest.
  const exclusive = backend === 'vertex' || name === 'maxOutputTokens'
  const fits = (number: number) =>
    number >= lowest && (exclusive ? number < end : number <= highest)
  if (value === undefined || fits(value)) return
  throw exclusive
    ? unableToSubmit(
        `it has a ${name} value of ${value} but the supported range is from ${lowest} (inclusive) to ${end} (exclusive). Update the value and try again.`,
      )
    : invalidField(
        `generation_config.${protoName(name)}`,
        `${protoName(name)} must be in the range [${lowest}, ${highest}].`,
      )
}

function checkCandidates(config: GenerationConfig, { backend, model }: Call): void {
  const { candidateCount = 1 } = config
  if (candidateCount <= 1 || model.generation < 3) return
  throw invalidArgument(
    backend === 'vertex'
      ? `Unable to submit request because candidateCount must be 1 but the entered value was ${candidateCount}. Update the candidateCount value and try again.`
      : 'Multiple candidates is not enabled for this model',
  )
}

function checkPenalties(config: GenerationConfig, { backend, model }: Call): void {
  const { presencePenalty, frequencyPenalty } = config
  if (presencePenalty === undefined && frequencyPenalty === undefined) return
  if (backend === 'gemini-api' && model.generation >= 2.5) {
    throw invalidArgument('Penalty is not enabled for this model')
  }
}

function checkLogprobs(config: GenerationConfig, { backend, model }: Call): void {
  const { responseLogprobs, logprobs } = config
  if (!responseLogprobs && logprobs === undefined) return
  if (backend === 'gemini-api' && model.generation >= 2.5) {
    throw invalidArgument('Logprobs is not enabled for this model')
  }
  if (!responseLogprobs) {
    throw invalidField('generation_config.logprobs', 'requires response_logprobs to be true.')
  }
}

function checkResponseFormat(config: GenerationConfig, call: Call): void {
  const { responseSchema, responseJsonSchema } = config
  const mimeType = config.responseMimeType ?? 'text/plain'
  if (!mimeTypes.includes(mimeType)) {
    throw invalidField('generation_config.response_mime_type', allowed)
  }
  if (responseSchema && responseJsonSchema !== undefined) {
    throw invalidField(
      'generation_config.response_json_schema',
      'must not be set together with response_schema.',
    )
  }
  if (responseSchema || responseJsonSchema !== undefined) {
    if (mimeType === 'text/plain') {
      throw invalidArgument("Response_schema with a response mime type 'text/plain' is unsupported")
    }
    if (responseSchema) checkSchema(responseSchema, 'generation_config.response_schema')
    checkJsonSchema(responseJsonSchema, 'generation_config.response_json_schema')
  }
  if (mimeType !== 'text/plain') checkFormatBesideTools(mimeType, call)
}

const allowed = `allowed mimetypes are ${mimeTypes.slice(0, -1).map(quoted).join(', ')} and ${mimeTypes.slice(-1).map(quoted).join('')}.`

function checkFormatBesideTools(mimeType: string, { request, model }: Call): void {
  if (model.generation >= 3) return
  const tools = request.tools ?? []
  if (declarations(request).length > 0) {
    throw invalidArgument(
      `Function calling with a response mime type: '${mimeType}' is unsupported`,
    )
  }
  if (tools.some((tool) => tool['googleSearch'])) {
    throw invalidArgument('controlled generation is not supported with google_search tool')
  }
  if (tools.some((tool) => Object.keys(tool).some((name) => name !== 'functionDeclarations'))) {
    throw invalidArgument(`Tool use with a response mime type: '${mimeType}' is unsupported`)
  }
}

function quoted(mimeType: string): string {
  return `\`${mimeType}\``
}
