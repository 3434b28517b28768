import { invalidRequest } from '../../errors.ts'
import type { GenerationConfig, Provider, ThinkingConfig } from '../gemini.ts'
import { toResolution } from './content.ts'
import type { Extras } from './google.ts'

/** The keys of `extra_body.google` that are settings of the generation. */
export function toExtraConfig(extras: Extras, provider: Provider): GenerationConfig {
  if (Object.keys(extras).length === 0) return {}
  const { responseSchema, responseJsonSchema, aspectRatio, imageConfig, mediaResolution } = extras
  const image = { ...imageConfig, ...(aspectRatio !== undefined && { aspectRatio }) }
  const described = responseSchema !== undefined || responseJsonSchema !== undefined
  const named = {
    responseMimeType: described ? 'application/json' : undefined,
    responseSchema,
    responseJsonSchema,
    mediaResolution: mediaResolution && (toResolution(mediaResolution) ?? mediaResolution),
    responseModalities: extras.responseModalities,
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
  'imageConfig',
  'audioTimestamp',
])

/** `method` is Vertex AI's alone. Throws 400 beside a Model Armor template, which excludes them. */
export function toSafetySettings({ safetySettings, modelArmorConfig }: Extras, provider: Provider) {
  if (provider === 'gemini')
    return safetySettings?.map(({ method: _method, ...setting }) => setting)
  if (safetySettings !== undefined && modelArmorConfig !== undefined) {
    throw invalidRequest(
      'Give safety_settings or model_armor_config, not both.',
      'extra_body.google.safety_settings',
    )
  }
  return safetySettings
}

/** What was said of thinking, in either of the places for it. */
export function toThinkingWish(extras: Extras): ThinkingConfig | undefined {
  const native = extras.generationConfig?.thinkingConfig
  if (native === undefined || extras.thinkingConfig === undefined)
    return extras.thinkingConfig ?? native
  const known = Object.entries(extras.thinkingConfig).filter(([, value]) => value !== undefined)
  return { ...native, ...Object.fromEntries(known) }
}
