import { GoogleError } from './errors.ts'
import type { Framing } from './framing.ts'
import { type Backend, type Model, modelNamed } from './models.ts'

/** What a URL asks for. */
export type Route = ModelRoute | { kind: 'models'; backend: Backend } | InfoRoute

/** A method of a model. */
export interface ModelRoute {
  kind: 'generate' | 'count' | 'embed'
  backend: Backend
  model: string
  /** How the backend names the place of the model in its errors. */
  path: string
  method: string
  framing: Framing
  /** The fault that was asked for by a suffix of the model. */
  fault?: string
}

/** The description of one model. */
export interface InfoRoute {
  kind: 'model'
  backend: Backend
  model: string
  version: string
  fault?: string
}

// A model may carry a fault: gemini-2.5-flash+fault:reset@3;split=1
const model = String.raw`([^/:]+?)(?:(?:\+|%2[Bb])fault(?::|%3[Aa])([^/]*?))?`
const developer = new RegExp(String.raw`^/(v1|v1beta)/models/${model}(?::(\w+))?$`)
const vertexPlace = String.raw`/(v1|v1beta1)/((?:projects/[^/]+/locations/[^/]+/)?publishers/google/models)`
const vertex = new RegExp(String.raw`^${vertexPlace}/${model}(?::(\w+))?$`)
const vertexList = new RegExp(String.raw`^${vertexPlace}$`)

/** The route of a request, undefined if Google has none there. */
export function routeOf(method: string, url: URL): Route | undefined {
  const { pathname } = url
  if (method === 'GET' && /^\/(v1|v1beta)\/models$/.test(pathname)) {
    return { kind: 'models', backend: 'gemini-api' }
  }
  if (method === 'GET' && vertexList.test(pathname)) return { kind: 'models', backend: 'vertex' }
  const onVertex = vertex.exec(pathname)
  const [, version = '', id = '', fault, action] = onVertex
    ? [onVertex[0], onVertex[1], ...onVertex.slice(3)]
    : (developer.exec(pathname) ?? [])
  if (id === '') return undefined
  const backend = onVertex ? 'vertex' : 'gemini-api'
  const place = onVertex ? `${onVertex[2]}/${id}` : version
  const found = {
    backend,
    model: id,
    ...(fault !== undefined && { fault: decoded(fault) }),
  } as const
  if (method === 'GET') return action ? undefined : { kind: 'model', version, ...found }
  const kind = kinds[action ?? '']
  return method === 'POST' && kind && action !== undefined
    ? { kind, ...found, path: place, method: action, framing: framingOf(action, url) }
    : undefined
}

const kinds: Record<string, ModelRoute['kind']> = {
  generateContent: 'generate',
  streamGenerateContent: 'generate',
  countTokens: 'count',
  embedContent: 'embed',
  batchEmbedContents: 'embed',
  predict: 'embed',
}

function framingOf(action: string, url: URL): Framing {
  if (action !== 'streamGenerateContent') return 'whole'
  // Google's own parameters go by two names.
  const alt = url.searchParams.get('alt') ?? url.searchParams.get('$alt')
  return alt === 'sse' ? 'sse' : 'array'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** How the refusal of an unknown model calls the method. */
const methodNames: Record<ModelRoute['kind'], string> = {
  generate: 'generateContent',
  count: 'countTokens',
  embed: 'embedContent',
}

/** The model a route names, or the refusal in its backend's words. */
export function modelOf({ backend, model: id, path, kind }: ModelRoute): Model {
  const found = modelNamed(id)
  if (found && (kind === 'count' || (found.makes === 'embeddings') === (kind === 'embed'))) {
    return found
  }
  throw new GoogleError(
    404,
    backend === 'vertex'
      ? `Publisher Model \`${path}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions`
      : `models/${id} is not found for API version ${path}, or is not supported for ${methodNames[kind]}. Call ModelService.ListModels to see the list of available models and their supported methods.`,
  )
}
