import type {
  GenerateContentRequest,
  GenerationConfig,
  JsonObject,
  Part,
  Provider,
  Tool,
} from '../gemini.ts'
import { isObject } from '../json.ts'
import { toOpenApiSchema } from '../openapi-schema.ts'
import { dummySignature, withDummySignatures } from './signatures.ts'

/** A request, and how many calls its choices are spread over. */
export interface Asked {
  request: GenerateContentRequest
  copies: number
}

interface Mend {
  /** As clients read it in a header. */
  name: string
  /** What Google says when it is needed. */
  says: RegExp
  mend(asked: Asked, provider: Provider): Asked
}

/**
 * What Google refuses on some models and versions but not on others, so that only its answer tells:
 * each is mended once, and the request sent again. Wordings as recorded.
 */
const mends: Mend[] = [
  {
    name: 'penalties_dropped',
    says: /penalty is not enabled/i,
    mend: withConfig(({ presencePenalty: _, frequencyPenalty: __, ...config }) => config),
  },
  {
    name: 'logprobs_dropped',
    says: /logprobs.{0,80}(is|are) not (enabled|supported)/i,
    mend: withConfig(({ responseLogprobs: _, logprobs: __, ...config }) => config),
  },
  {
    name: 'signatures_replaced',
    says: /thought.?signature/i,
    mend: ({ request, copies }, provider) => ({
      request: withDummySignatures(request, dummySignature(provider)),
      copies,
    }),
  },
  {
    // The other of the two forms that the placeholder is accepted in.
    name: 'signatures_replaced_again',
    says: /thought.?signature/i,
    mend: ({ request, copies }, provider) => ({
      request: withDummySignatures(
        request,
        dummySignature(provider === 'vertex' ? 'gemini' : 'vertex'),
      ),
      copies,
    }),
  },
  {
    name: 'call_ids_dropped',
    says: /unknown name "id"|function_?(call|response)\.id/i,
    mend: ({ request, copies }) => ({ request: withParts(request, withoutId), copies }),
  },
  {
    name: 'thinking_level_dropped',
    says: /thinking.?level/i,
    mend: withConfig(({ thinkingConfig, ...config }) => ({
      ...config,
      thinkingConfig: thinkingConfig && { ...thinkingConfig, thinkingLevel: undefined },
    })),
  },
  {
    name: 'schemas_simplified',
    says: /unknown name "(parameters|response)_?json_?schema"/i,
    mend: ({ request, copies }) => ({ request: withOpenApiSchemas(request), copies }),
  },
  {
    name: 'schemas_loosened',
    says: /too many states/i,
    mend: withConfig((config) => ({
      ...config,
      responseSchema: loosen(config.responseSchema),
      responseJsonSchema: loosen(config.responseJsonSchema),
    })),
  },
  {
    name: 'choices_asked_for_one_by_one',
    says: /candidate_?count must be 1|multiple candidates is not enabled|only one candidate/i,
    mend: ({ request, copies }) => ({
      request: withConfig(({ candidateCount: _, ...config }) => config)({ request, copies })
        .request,
      copies: request.generationConfig?.candidateCount ?? copies,
    }),
  },
]

/** The first mend that Google's words ask for and that was not tried yet; undefined if none is left. */
export function mendRefused(
  asked: Asked,
  message: string,
  provider: Provider,
  tried: readonly string[],
): { name: string; asked: Asked } | undefined {
  const found = mends.find(({ name, says }) => !tried.includes(name) && says.test(message))
  return found && { name: found.name, asked: found.mend(asked, provider) }
}

function withConfig(change: (config: GenerationConfig) => GenerationConfig) {
  return ({ request, copies }: Asked): Asked => ({
    request: { ...request, generationConfig: change(request.generationConfig ?? {}) },
    copies,
  })
}

function withParts(
  request: GenerateContentRequest,
  change: (part: Part) => Part,
): GenerateContentRequest {
  const contents = request.contents.map((content) => ({
    ...content,
    parts: content.parts.map(change),
  }))
  return { ...request, contents }
}

function withoutId(part: Part): Part {
  const { functionCall, functionResponse } = part
  return {
    ...part,
    ...(functionCall && { functionCall: dropId(functionCall) }),
    ...(functionResponse && { functionResponse: dropId(functionResponse) }),
  }
}

function dropId<T extends { id?: string | undefined }>({ id: _, ...rest }: T) {
  return rest
}

/** For a version of the API that does not know JSON Schema yet. */
function withOpenApiSchemas(request: GenerateContentRequest): GenerateContentRequest {
  const { responseJsonSchema, ...config } = request.generationConfig ?? {}
  return {
    ...request,
    tools: request.tools?.map(toOldTool),
    generationConfig: isObject(responseJsonSchema)
      ? { ...config, responseSchema: toOpenApiSchema(responseJsonSchema, 'response_format') }
      : request.generationConfig,
  }
}

function toOldTool(tool: Tool): Tool {
  if (tool.functionDeclarations === undefined) return tool
  const functionDeclarations = tool.functionDeclarations.map(
    ({ parametersJsonSchema, ...declaration }) =>
      isObject(parametersJsonSchema)
        ? { ...declaration, parameters: toOpenApiSchema(parametersJsonSchema, 'tools') }
        : declaration,
  )
  return { ...tool, functionDeclarations }
}

/** Without the limits and the words that make a schema hard to follow to the letter. */
const hard = new Set([
  'description',
  'title',
  'format',
  'pattern',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'enum',
])

function loosen(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(loosen)
  if (!isObject(schema)) return schema
  const { properties, ...rest } = schema
  const kept = Object.entries(rest)
    .filter(([key]) => !hard.has(key))
    .map(([key, value]) => [key, loosen(value)])
  // Names of properties are no keywords, whatever they are called.
  const named = isObject(properties)
    ? {
        properties: Object.fromEntries(
          Object.entries(properties).map(([key, value]) => [key, loosen(value)]),
        ),
      }
    : {}
  const loose: JsonObject = { ...Object.fromEntries(kept), ...named }
  return loose
}
