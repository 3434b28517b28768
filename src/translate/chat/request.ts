import { z } from 'zod'
import { invalidRequest } from '../../errors.ts'
import { abilities } from '../abilities.ts'
import type {
  Content,
  GenerateContentRequest,
  GenerationConfig,
  JsonObject,
  Provider,
  Tool,
  ToolConfig,
} from '../gemini.ts'
import { isObject } from '../json.ts'
import { optional, parse } from '../parse.ts'
import type { KnownSchemas } from '../schema/known.ts'
import { toResolution } from './content.ts'
import { format, toFormatInstruction, toResponseFormat } from './format.ts'
import { type Extras, google, mergeDeep, toExtras } from './google.ts'
import { toExtraConfig, toSafetySettings, toThinkingWish } from './google-config.ts'
import { messages, type Repair } from './message.ts'
import { toConversation } from './messages.ts'
import { output, toOutputConfig } from './output.ts'
import { reasoning, toThinkingConfig } from './reasoning.ts'
import { sampling, toSampling } from './sampling.ts'
import { serviceTier, toServiceTier } from './service-tier.ts'
import type { Target } from './target.ts'
import { readMarker, type ThoughtForm } from './thoughts.ts'
import type { ToolNames } from './tool-names.ts'
import { type Toolbox, toToolbox, tools } from './tools.ts'

/** Every parameter of a chat completion that has a meaning here: the sum of the fragments. */
export const chatRequest = z.object({
  model: z.string('Give the model as a string.').min(1, 'Give a model.'),
  stream: optional(z.boolean()),
  stream_options: optional(
    z.object({
      include_usage: optional(z.boolean()),
      include_obfuscation: optional(z.boolean()),
    }),
  ),
  ...messages,
  ...sampling,
  ...reasoning,
  ...format,
  ...tools,
  ...output,
  ...serviceTier,
  ...google,
})

export type ChatRequest = z.output<typeof chatRequest>

/** What the gateway's operator, its memory and the route add to a request. */
export interface Circumstances {
  provider: Provider
  /** The bare id, e.g. `gemini-2.5-flash`. */
  model: string
  /** `projects/…/locations/…` on Vertex AI, where its resources are. */
  parent?: string | undefined
  /** Where thoughts go when the client set no marker. */
  thoughts: 'reasoning_content' | 'content'
  /** Signatures that clients did not send back, by call id. */
  remembered: ReadonlyMap<string, string>
  /** Gemini's own ids of calls, by the ids that clients have. */
  nativeIds?: ReadonlyMap<string, string>
  /** What other requests had written. */
  knownSchemas?: KnownSchemas
}

/** A request in Gemini's words, and what its answer is to be read with. */
export interface Translation {
  request: GenerateContentRequest
  headers: Record<string, string>
  answer: AnswerOptions
  /** Parameters that were left out, for the client to know. */
  ignored: string[]
  /** What was mended in the history, for the client to know. */
  repairs: Repair[]
}

/** What the translation of the answer must know of the request. */
export interface AnswerOptions {
  thoughts: ThoughtForm
  includeUsage: boolean
  names: ToolNames
  custom: ReadonlySet<string>
  wrapped: ReadonlySet<string>
  legacy: boolean
  single: boolean
  /** How many calls the candidates are spread over, where the model gives one each. */
  copies: number
  /** The tier that a response header names; Vertex AI says it in the body instead. */
  servedTier: string | undefined
  /** How many alternatives of each token the client wants to see. */
  topLogprobs: number
  /** `wav` needs a header around Gemini's bare samples. */
  audioFormat: string | undefined
}

/**
 * OpenAI's chat request -> Gemini's generateContent. Unknown parameters fall away and are named.
 * Throws 400, with the JSON path of the field, for what neither side could understand.
 */
export function toGemini(body: unknown, circumstances: Circumstances): Translation {
  const request = parse(chatRequest, body)
  const { provider, model, remembered, knownSchemas } = circumstances
  const can = abilities(model)
  const target: Target = { provider, model, can }
  const extras = toExtras(request)
  const toolbox = toToolbox(request, can, knownSchemas)
  const marker =
    extras.thoughtTagMarker === undefined ? undefined : readMarker(extras.thoughtTagMarker)
  const cached = extras.cachedContent !== undefined
  const { names, wrapped } = toolbox
  const offered = joinTools(toolbox.tools, extras.tools ?? [])
  // A cached content brings its own tools and refuses others.
  if (!cached) checkOffer(offered, target)
  const answerFormat = toResponseFormat(request.response_format, can, knownSchemas)
  const inWords =
    answerFormat.responseMimeType !== undefined &&
    !cached &&
    declares(offered) &&
    !can.jsonWithTools
  const conversation = toConversation(request.messages, {
    target,
    names,
    wrapped,
    marker,
    remembered,
    nativeIds: circumstances.nativeIds ?? new Map(),
    cached,
    furtherInstructions: [
      ...(extras.systemInstruction ?? []),
      ...(inWords ? [toFormatInstruction(answerFormat)] : []),
    ],
  })
  const mediaResolution = toMediaResolution(conversation.details, target)
  const asked: GenerationConfig = {
    ...toSampling(request, can),
    ...(inWords ? {} : answerFormat),
    ...toOutputConfig(request, can),
    thinkingConfig: toThinkingConfig(request.reasoning_effort, toThinkingWish(extras), can),
    mediaResolution,
  }
  const generationConfig = orAbsent<GenerationConfig>(
    mergeDeep({ ...asked }, { ...toExtraConfig(extras, provider) }),
  )
  const shown = generationConfig?.thinkingConfig?.includeThoughts === true
  const tier = toServiceTier(request.service_tier ?? extras.serviceTier, provider)
  return {
    request: {
      contents:
        mediaResolution === undefined
          ? conversation.contents
          : withoutResolutions(conversation.contents),
      systemInstruction: conversation.systemInstruction,
      tools: cached || offered.length === 0 ? undefined : offered,
      toolConfig: cached ? undefined : toToolConfig(toolbox, extras, offered, target),
      safetySettings: toSafetySettings(extras, provider),
      generationConfig,
      cachedContent: toCachedContent(extras.cachedContent, circumstances),
      labels: provider === 'vertex' ? extras.labels : undefined,
      modelArmorConfig: provider === 'vertex' ? extras.modelArmorConfig : undefined,
      serviceTier: tier.field,
    },
    headers: tier.headers,
    answer: {
      thoughts: toThoughtForm(shown, marker, circumstances.thoughts),
      includeUsage: request.stream_options?.include_usage === true,
      names,
      custom: toolbox.custom,
      wrapped: toolbox.wrapped,
      legacy: toolbox.legacy,
      single: toolbox.single,
      copies: can.candidates ? 1 : (request.n ?? 1),
      servedTier: undefined,
      topLogprobs: request.top_logprobs ?? 0,
      audioFormat: request.audio?.format,
    },
    ignored: [
      ...toIgnored(body),
      ...toUnheard(request, extras, target, offered),
      ...(cached ? ownOfCache.filter((key) => isObject(body) && body[key] != null) : []),
    ],
    repairs: conversation.repairs,
  }
}

function toThoughtForm(
  shown: boolean,
  marker: string | undefined,
  otherwise: 'reasoning_content' | 'content',
): ThoughtForm {
  if (!shown) return { to: 'nowhere' }
  return marker === undefined ? { to: otherwise } : { to: 'tags', marker }
}

/**
 * A bare id gets the name of its collection before it. Throws 400 for what is no cache's name: it
 * would go into Google's hands as it is.
 */
function toCachedContent(
  name: string | undefined,
  { provider, parent }: Circumstances,
): string | undefined {
  if (name === undefined) return undefined
  if (!cacheName.test(name)) {
    const message = "Give the name of a cached content, such as 'cachedContents/abc123'."
    throw invalidRequest(message, 'extra_body.google.cached_content')
  }
  if (name.includes('/')) return name
  if (provider === 'gemini') return `cachedContents/${name}`
  return parent === undefined ? name : `${parent}/cachedContents/${name}`
}

const cacheName =
  /^(?:(?:projects\/[\w:.-]{1,100}\/locations\/[\w-]{1,60}\/)?cachedContents\/)?[\w-]{1,200}$/

/** One Tool for all functions, one for each of Google's own; what the client spelt out itself wins. */
function joinTools(tools: Tool[], native: JsonObject[]): Tool[] {
  // The client's own native tools, which Google checks.
  const given = native as Tool[]
  const declarations = [...tools, ...given].flatMap((tool) => tool.functionDeclarations ?? [])
  const builtIn = [...tools, ...given].flatMap(({ functionDeclarations: _, ...tool }) =>
    Object.entries(tool),
  )
  return [
    ...(declarations.length > 0 ? [{ functionDeclarations: declarations }] : []),
    ...Object.entries(Object.fromEntries(builtIn)).map(([name, options]) => ({ [name]: options })),
  ]
}

function declares(offered: Tool[]): boolean {
  return offered.some((tool) => tool.functionDeclarations !== undefined)
}

function checkOffer(offered: Tool[], { provider, can }: Target): void {
  if (provider === 'gemini' && offered.some((tool) => 'enterpriseWebSearch' in tool)) {
    throw invalidRequest('enterprise_web_search is on Vertex AI only; use google_search.', 'tools')
  }
  const builtIn = offered.some((tool) => tool.functionDeclarations === undefined)
  if (builtIn && declares(offered) && !can.mixedTools) {
    throw invalidRequest(
      'This model takes either functions or Google’s built-in tools. Leave one of them out, or use a Gemini 3 model.',
      'tools',
    )
  }
}

function toToolConfig(
  toolbox: Toolbox,
  extras: Extras,
  offered: Tool[],
  { provider }: Target,
): ToolConfig | undefined {
  const mixed = declares(offered) && offered.some((tool) => tool.functionDeclarations === undefined)
  const calling = orAbsent({
    ...toolbox.calling,
    ...extras.toolConfig?.functionCallingConfig,
    streamFunctionCallArguments:
      provider === 'vertex' ? extras.streamFunctionCallArguments : undefined,
  })
  const asked =
    extras.includeServerSideToolInvocations ?? extras.toolConfig?.includeServerSideToolInvocations
  return orAbsent({
    functionCallingConfig: calling,
    retrievalConfig: extras.retrievalConfig ?? extras.toolConfig?.retrievalConfig,
    // The Developer API wants this said when its own tools stand beside functions.
    includeServerSideToolInvocations:
      provider === 'gemini' ? (asked ?? (mixed || undefined)) : undefined,
  })
}

/** Models before 3 take one resolution for all pictures; throws 400 where they differ. */
function toMediaResolution(details: string[], target: Target): string | undefined {
  if (target.can.mediaResolution === 'part') return sharedResolution(details, target)
  // The highest of all is for single parts only.
  const words = details.map((detail) => (detail === 'ultra_high' ? 'high' : detail))
  const levels = new Set(words.map(toResolution).filter((level) => level !== undefined))
  if (levels.size > 1) {
    throw invalidRequest('All images must use the same detail level for this model.', 'messages')
  }
  return [...levels][0]
}

/**
 * Said once where all parts agree. The Developer API's published contract knows the resolution of a
 * part in another shape than its documentation; said for the request, both take it.
 */
function sharedResolution(details: string[], { provider }: Target): string | undefined {
  const [first, ...others] = new Set(details)
  const shared = provider === 'gemini' && others.length === 0 && first !== 'ultra_high'
  return shared ? toResolution(first) : undefined
}

function withoutResolutions(contents: Content[]): Content[] {
  return contents.map((content) => ({
    ...content,
    parts: content.parts.map(({ mediaResolution: _, ...part }) => part),
  }))
}

/** What a cached content brings itself. */
const ownOfCache = ['tools', 'functions', 'tool_choice', 'function_call', 'web_search_options']

/** Parameters that this model or this API does not hear, though others do. */
function toUnheard(
  request: ChatRequest,
  extras: Extras,
  { provider, can }: Target,
  offered: Tool[],
): string[] {
  const { temperature, top_p, top_k, reasoning_effort, tool_choice } = request
  const unheard: Record<string, unknown>[] = [
    can.sampling ? {} : { temperature, top_p, top_k },
    can.thinking.by === 'nothing' ? { reasoning_effort } : {},
    declares(offered) ? {} : { tool_choice },
    provider === 'vertex'
      ? {}
      : {
          'extra_body.google.labels': extras.labels,
          'extra_body.google.audio_timestamp': extras.audioTimestamp,
          'extra_body.google.model_armor_config': extras.modelArmorConfig,
          'extra_body.google.stream_function_call_arguments': extras.streamFunctionCallArguments,
        },
  ]
  return unheard.flatMap((given) => Object.keys(given).filter((name) => given[name] !== undefined))
}

/** Parameters that have no row here: OpenAI's that Gemini lacks, and anybody's inventions. */
function toIgnored(body: unknown): string[] {
  if (!isObject(body)) return []
  return Object.keys(body).filter(
    (key) => body[key] !== null && !Object.hasOwn(chatRequest.shape, key),
  )
}

/** An object in which nothing is said is not sent. */
function orAbsent<T extends object>(object: T): T | undefined {
  for (const key in object) if (object[key] !== undefined) return object
  return undefined
}
