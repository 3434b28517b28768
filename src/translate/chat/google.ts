import { z } from 'zod'
import { ApiError, invalidRequest } from '../../errors.ts'
import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'
import { optional, parse } from '../parse.ts'

/**
 * Google's additions to OpenAI's vocabulary: `extra_body.google` on a request, `extra_content.google`
 * on a message, a content part or a tool call.
 */
export const google = {
  google: optional(z.unknown()),
  extra_body: optional(z.unknown()),
}

const fragment = z.object(google)

const anyObject = z.looseObject({})

const thinkingConfig = z.object({
  includeThoughts: optional(z.boolean()),
  thinkingBudget: optional(z.int()),
  thinkingLevel: optional(z.string()),
})

/** Google writes its words in capitals, clients as they like. */
const word = z.string().transform((given) => given.toUpperCase())

const callingMode = word.pipe(
  z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED'], 'Expected auto, any, none or validated.'),
)

/** The keys of `extra_body.google`, in Gemini's spelling. */
const extras = z.object({
  safetySettings: optional(z.array(anyObject)),
  cachedContent: optional(z.string()),
  thinkingConfig: optional(thinkingConfig),
  thoughtTagMarker: optional(z.string()),
  streamFunctionCallArguments: optional(z.boolean()),
  tools: optional(z.array(anyObject)),
  mediaResolution: optional(z.string()),
  toolConfig: optional(
    z.object({
      functionCallingConfig: optional(z.looseObject({ mode: optional(callingMode) })),
      retrievalConfig: optional(anyObject),
      includeServerSideToolInvocations: optional(z.boolean()),
    }),
  ),
  generationConfig: optional(
    z.looseObject({
      thinkingConfig: optional(thinkingConfig),
      responseModalities: optional(z.array(word)),
    }),
  ),
  systemInstruction: optional(
    z.union([
      z.string().transform((text) => [text]),
      z
        .object({ parts: z.array(z.object({ text: z.string() })) })
        .transform(({ parts }) => parts.map(({ text }) => text)),
    ]),
  ),
  labels: optional(z.record(z.string(), z.string())),
  responseModalities: optional(z.array(word)),
  imageConfig: optional(anyObject),
  aspectRatio: optional(z.string()),
  speechConfig: optional(anyObject),
  audioTimestamp: optional(z.boolean()),
  responseSchema: optional(anyObject),
  responseJsonSchema: optional(anyObject),
  topK: optional(z.number()),
  retrievalConfig: optional(anyObject),
  modelArmorConfig: optional(anyObject),
  includeServerSideToolInvocations: optional(z.boolean()),
  serviceTier: optional(z.string()),
})

export type Extras = Partial<z.output<typeof extras>>

/** The names of `extra_body.google` that have a meaning here, in the spelling of the documentation. */
export const extraNames = Object.keys(extras.shape).map(toSnake)

/**
 * What a client put under `google`, however deep its SDK nested it, in either spelling.
 * Source: cloud.google.com/vertex-ai, "OpenAI compatibility"; nestings as recorded from clients.
 */
export function toExtras(request: z.output<typeof fragment>): Extras {
  const outer = isObject(request.extra_body) ? request.extra_body : {}
  const inner = isObject(outer.extra_body) ? outer.extra_body : {}
  const layers = [request.google, outer.google, inner.google].filter(isObject)
  if (layers.length === 0) return {}
  const merged = layers.map((layer) => toCamel(layer) as JsonObject).reduce(mergeDeep, {})
  try {
    return parse(extras, merged)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const path = `extra_body.google.${toSnake(error.param ?? '')}`
    throw invalidRequest(error.message.replace(error.param ?? '', path), path)
  }
}

/** What travels with a message, a part or a call; every field is optional and read forgivingly. */
export interface ExtraContent {
  thought?: boolean
  signature?: string
  parts?: JsonObject[]
  videoMetadata?: JsonObject
}

/** The carriers of extra content, by the names that clients use. */
export const carriers = {
  extra_content: optional(z.unknown()),
  /** The older name in Google's documentation. */
  extra_part: optional(z.unknown()),
}

export function readExtraContent(carrier: {
  extra_content?: unknown
  extra_part?: unknown
}): ExtraContent {
  const { extra_content, extra_part } = carrier
  if (extra_content === undefined && extra_part === undefined) return {}
  const found = [extra_content, extra_part]
    .filter(isObject)
    .map((extra) => extra.google ?? extra.vertex)
    .find(isObject)
  if (found === undefined) return {}
  const { thought, thoughtSignature, parts, videoMetadata } = toCamel(found) as JsonObject
  return {
    // Accumulators that add up deltas turn `true` into a number.
    ...((typeof thought === 'boolean' || typeof thought === 'number') && {
      thought: Boolean(thought),
    }),
    ...(isSignature(thoughtSignature) && { signature: thoughtSignature }),
    ...(Array.isArray(parts) && { parts: parts.filter(isObject) }),
    ...(isObject(videoMetadata) && { videoMetadata }),
  }
}

/** Signatures are opaque bytes in base64; anything else came from another vendor. */
export function isSignature(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && /^[A-Za-z0-9+/_-]+={0,2}$/.test(value)
}

/** Keys whose values are somebody else's vocabulary: their names are left as they are. */
const opaque = new Set([
  'parameters',
  'parametersJsonSchema',
  'response',
  'responseSchema',
  'responseJsonSchema',
  'responseFormat',
  'labels',
  'args',
])

/** Google's JSON takes snake_case and camelCase alike; so do we, by turning the one into the other. */
export function toCamel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCamel)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([key, member]) => {
        const camel = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
        return [camel, opaque.has(camel) ? member : toCamel(member)]
      }),
  )
}

/** camelCase -> snake_case, for paths in messages to clients. */
export function toSnake(path: string): string {
  return path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Keys in snake_case, as Google's OpenAI endpoint writes what it adds. */
export function toSnakeKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toSnakeKeys)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [toSnake(key), toSnakeKeys(member)]),
  )
}

/** Both objects' members, those of `b` over those of `a`, at every level. */
export function mergeDeep(a: JsonObject, b: JsonObject): JsonObject {
  const merged = Object.entries(b).map(([key, value]) => {
    const before = a[key]
    return [key, isObject(before) && isObject(value) ? mergeDeep(before, value) : value]
  })
  return { ...a, ...Object.fromEntries(merged) }
}
