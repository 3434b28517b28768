import type { Call } from '../call.ts'
import { invalidArgument, invalidField } from '../errors.ts'
import { protoName } from '../fields/vocabulary.ts'
import { declarations, type GenerationConfig } from '../request.ts'
import { unableToSubmit } from './contents.ts'
import { checkJsonSchema, checkSchema } from './schema.ts'

const ranges = [
  ['temperature', 0, 2],
  ['topP', 0, 1],
  ['topK', 1, 1000],
  ['presencePenalty', -2, 2],
  ['frequencyPenalty', -2, 2],
  ['candidateCount', 1, 8],
  ['logprobs', 0, 20],
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
}

function checkCachedContent({ request }: Call): void {
  const { cachedContent, systemInstruction, tools, toolConfig } = request
  if (cachedContent && (systemInstruction || tools || toolConfig)) {
    throw invalidArgument(
      'CachedContent can not be used with GenerateContent request setting system_instruction, tools or tool_config.\n\nProposed fix: move those values to CachedContent from GenerateContent request.',
    )
  }
}

function checkRanges(config: GenerationConfig, call: Call): void {
  checkRange('maxOutputTokens', config.maxOutputTokens, 1, call.model.outputTokenLimit, call)
  checkRange('stopSequences', config.stopSequences?.length, 0, 5, call)
  for (const [name, lowest, highest] of ranges) {
    checkRange(name, config[name], lowest, highest, call)
  }
}

function checkRange(
  name: string,
  value: number | undefined,
  lowest: number,
  highest: number,
  { backend }: Call,
): void {
  if (value === undefined || (value >= lowest && value <= highest)) return
  // Both backends say this of output tokens; the Developer API has its own words for the rest.
  throw backend === 'vertex' || name === 'maxOutputTokens'
    ? unableToSubmit(
        `it has a ${name} value of ${value} but the supported range is from ${lowest} (inclusive) to ${highest + 1} (exclusive). Update the value and try again.`,
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
  if (mimeType === 'application/json') checkJsonBesideTools(call)
}

const allowed = `allowed mimetypes are ${mimeTypes.slice(0, -1).map(quoted).join(', ')} and ${mimeTypes.slice(-1).map(quoted).join('')}.`

function checkJsonBesideTools({ request, model }: Call): void {
  if (model.generation >= 3) return
  if (declarations(request).length > 0) {
    throw invalidArgument(
      "Function calling with a response mime type: 'application/json' is unsupported",
    )
  }
  if ((request.tools ?? []).some((tool) => tool['googleSearch'])) {
    throw invalidArgument('controlled generation is not supported with google_search tool')
  }
}

function quoted(mimeType: string): string {
  return `\`${mimeType}\``
}
