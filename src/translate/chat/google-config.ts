import type { GenerationConfig, JsonObject, Provider } from '../gemini.ts'
import { toResolution } from './content.ts'
import type { Extras } from './google.ts'

/** The keys of `extra_body.google` that are settings of the generation. */
export function toExtraConfig(extras: Extras, provider: Provider): GenerationConfig {
  const { responseSchema, responseJsonSchema, aspectRatio, imageConfig, mediaResolution } = extras
  const image = { ...imageConfig, ...(aspectRatio !== undefined && { aspectRatio }) }
  const described = responseSchema !== undefined || responseJsonSchema !== undefined
  const named = {
    responseMimeType: described ? 'application/json' : undefined,
    responseSchema,
    responseJsonSchema,
    mediaResolution: mediaResolution && (toResolution(mediaResolution) ?? mediaResolution),
    responseModalities: extras.responseModalities?.map((modality) => modality.toUpperCase()),
    imageConfig: Object.keys(image).length > 0 ? image : undefined,
    speechConfig: extras.speechConfig,
    audioTimestamp: provider === 'vertex' ? extras.audioTimestamp : undefined,
    topK: extras.topK,
  }
  const known = Object.entries(extras.generationConfig ?? {}).filter(([key]) => settable.has(key))
  const given = Object.entries(named).filter(([, value]) => value !== undefined)
  return Object.fromEntries([...known, ...given])
}

/** What `extra_body.google.generation_config` may set: never a blind merge into Google's request. */
const settable = new Set([
  'temperature',
  'topP',
  'topK',
  'candidateCount',
  'maxOutputTokens',
  'stopSequences',
  'seed',
  'presencePenalty',
  'frequencyPenalty',
  'responseLogprobs',
  'logprobs',
  'responseMimeType',
  'responseSchema',
  'responseJsonSchema',
  'responseModalities',
  'mediaResolution',
  'speechConfig',
  'thinkingConfig',
  'imageConfig',
  'audioTimestamp',
])

/** `method` is Vertex AI's alone. */
export function toSafetySettings(settings: JsonObject[] | undefined, provider: Provider) {
  if (provider === 'vertex') return settings
  return settings?.map(({ method: _method, ...setting }) => setting)
}
