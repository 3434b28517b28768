// A plausible OpenAI request for a recorded answer: its tools, its format, its wish for thoughts.

import type {
  ChatCompletionCreateParams,
  ChatCompletionFunctionTool,
} from 'openai/resources/chat/completions'
import { isRecord } from '../support/shared.ts'
import type { Recording } from '../support/shared.ts'
import type { Native, Thoughts } from './oracle.ts'

export type Backend = 'gemini-api' | 'vertex'

interface NativeRequest {
  tools?: NativeTool | NativeTool[]
  generationConfig?: {
    responseMimeType?: string
    responseModalities?: string[]
    responseSchema?: unknown
    responseJsonSchema?: unknown
  }
}

interface NativeTool {
  functionDeclarations?: NativeDeclaration[]
}

interface NativeDeclaration {
  name: string
  description?: string
  parameters?: unknown
  parametersJsonSchema?: unknown
}

export interface Wish {
  thoughts: Thoughts
  stream: boolean
  includeUsage?: boolean
}

/** OpenAI's body and what Google's documentation adds to it. */
export type ChatRequest = Omit<ChatCompletionCreateParams, 'stream'> & {
  stream: boolean
  extra_body?: unknown
}

/** The Chat Completions body that could have led to this recording. */
export function requestFor(
  recording: Recording,
  responses: readonly Native[],
  wish: Wish,
): ChatRequest {
  const body = recording.request?.body
  const native = isNativeRequest(body) ? body : {}
  const tools = toolsOf(native, responses)
  return {
    model: modelFor(recording),
    messages: [{ role: 'user', content: 'hi' }],
    stream: wish.stream,
    ...(wish.includeUsage ? { stream_options: { include_usage: true } } : {}),
    ...(tools.length > 0 ? { tools } : {}),
    ...formatOf(native),
    ...logprobsOf(responses),
    ...modalitiesOf(native),
    ...(wish.thoughts === 'hidden' ? {} : { extra_body: { google: thinking(wish.thoughts) } }),
  }
}

/** Every field is optional, so every object is one. */
function isNativeRequest(value: unknown): value is NativeRequest {
  return isRecord(value)
}

/** The recorded model, unless the gateway would not take the name for one of Google's. */
export function modelFor({ model }: Recording): string {
  return model?.startsWith('gemini-') || model?.startsWith('gemma-') ? model : 'gemini-2.5-flash'
}

/** Where and as whom the gateway must ask Google, given what the client sent. */
export function expectedCall(backend: Backend, model: string, stream: boolean) {
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent'
  return backend === 'vertex'
    ? {
        url: `/v1beta1/projects/test-project/locations/global/publishers/google/models/${model}:${method}`,
        credential: ['authorization', 'Bearer ya29.test'] as const,
      }
    : {
        url: `/v1beta/models/${model}:${method}`,
        credential: ['x-goog-api-key', 'test'] as const,
      }
}

function thinking(thoughts: Exclude<Thoughts, 'hidden'>) {
  return {
    thinking_config: { include_thoughts: true },
    ...(thoughts === 'beside' ? {} : { thought_tag_marker: thoughts.tag }),
  }
}

function toolsOf(
  native: NativeRequest,
  responses: readonly Native[],
): ChatCompletionFunctionTool[] {
  // Some recorders sent one tool where a list belongs.
  const declared = [native.tools ?? []].flat().flatMap((tool) => tool.functionDeclarations ?? [])
  const called = responses
    .flatMap((response) => response.candidates ?? [])
    .flatMap((candidate) => candidate.content?.parts ?? [])
    .flatMap(({ functionCall }) => functionCall?.name ?? [])
  const byName = new Map<string, NativeDeclaration>([
    ...called.map((name) => [name, { name }] as const),
    ...declared.map((declaration) => [declaration.name, declaration] as const),
  ])
  return [...byName.values()].map(({ name, description, parametersJsonSchema, parameters }) => ({
    type: 'function',
    function: { name, description, parameters: jsonSchema(parametersJsonSchema, parameters) ?? {} },
  }))
}

function formatOf({
  generationConfig: config,
}: NativeRequest): Pick<ChatCompletionCreateParams, 'response_format'> {
  if (config?.responseMimeType !== 'application/json') return {}
  const schema = jsonSchema(config.responseJsonSchema, config.responseSchema)
  // Anything but an object would be wrapped on the way in and must be unwrapped on the way out:
  // such an answer was not recorded from such a request.
  return {
    response_format:
      schema?.['type'] === 'object'
        ? { type: 'json_schema', json_schema: { name: 'answer', schema } }
        : { type: 'json_object' },
  }
}

/** Raw PCM is what Gemini speaks and what OpenAI streams. */
function modalitiesOf({
  generationConfig: config,
}: NativeRequest): Pick<ChatRequest, 'modalities' | 'audio'> {
  return config?.responseModalities?.includes('AUDIO')
    ? { modalities: ['audio'], audio: { voice: 'alloy', format: 'pcm16' } }
    : {}
}

function logprobsOf(responses: readonly Native[]): Pick<ChatRequest, 'logprobs' | 'top_logprobs'> {
  const results = responses
    .flatMap((response) => response.candidates ?? [])
    .flatMap((candidate) => candidate.logprobsResult ?? [])
  if (results.length === 0) return {}
  const tops = results.flatMap(({ topCandidates = [] }) =>
    topCandidates.map(({ candidates = [] }) => candidates.length),
  )
  return { logprobs: true, ...(tops.length > 0 ? { top_logprobs: Math.max(...tops) } : {}) }
}

function jsonSchema(schema: unknown, openapi: unknown): Record<string, unknown> | undefined {
  return [schema, lowerCased(openapi)].find(isRecord)
}

/** OpenAPI spells types in capitals, JSON Schema does not. */
function lowerCased(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(lowerCased)
  if (!isRecord(schema)) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'type' && typeof value === 'string' ? value.toLowerCase() : lowerCased(value),
    ]),
  )
}
