import { type Backend, allModels, type Model, modelNamed } from './models.ts'
import { GoogleError } from './errors.ts'
import type { Framing } from './wire.ts'

/** What a URL asks for. */
export type Route =
  | { kind: 'generate'; backend: Backend; model: string; path: string; framing: Framing }
  | { kind: 'models'; backend: Backend }
  | { kind: 'model'; backend: Backend; model: string; version: string }

const developer = /^\/(v1|v1beta)\/models\/([^/:]+)(?::(\w+))?$/
const vertex =
  /^\/(?:v1|v1beta1)\/((?:projects\/[^/]+\/locations\/[^/]+\/)?publishers\/google\/models\/([^/:]+)):(\w+)$/

/** The route of a request, undefined if Google has none there. */
export function routeOf(method: string, url: URL): Route | undefined {
  const { pathname } = url
  const onVertex = vertex.exec(pathname)
  if (onVertex && method === 'POST') {
    const [, path = '', model = '', action = ''] = onVertex
    return generate('vertex', model, path, action, url)
  }
  if (method === 'GET' && /^\/(v1|v1beta)\/models$/.test(pathname)) {
    return { kind: 'models', backend: 'gemini-api' }
  }
  const [, version = '', model = '', action] = developer.exec(pathname) ?? []
  if (model === '') return undefined
  if (method === 'GET' && action === undefined) {
    return { kind: 'model', backend: 'gemini-api', model, version }
  }
  return method === 'POST' && action !== undefined
    ? generate('gemini-api', model, version, action, url)
    : undefined
}

function generate(
  backend: Backend,
  model: string,
  path: string,
  action: string,
  url: URL,
): Route | undefined {
  const framing = framingOf(action, url)
  return framing && { kind: 'generate', backend, model, path, framing }
}

function framingOf(action: string, url: URL): Framing | undefined {
  if (action === 'generateContent') return 'whole'
  if (action !== 'streamGenerateContent') return undefined
  return url.searchParams.get('alt') === 'sse' ? 'sse' : 'array'
}

/** The model a route names, or the refusal in its backend's words. */
export function modelOf(route: Extract<Route, { kind: 'generate' }>): Model {
  const { backend, model: id, path } = route
  const model = modelNamed(id)
  if (model) return model
  throw new GoogleError(
    404,
    backend === 'vertex'
      ? `Publisher Model \`${path}\` was not found or your project does not have access to it. Please ensure you are using a valid model version. For more information, see: https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions`
      : `models/${id} is not found for API version ${path}, or is not supported for generateContent. Call ModelService.ListModels to see the list of available models and their supported methods.`,
  )
}

/** `GET /models`. */
export function modelList(): unknown {
  return { models: allModels().map(modelResource) }
}

/** `GET /models/{model}`. */
export function modelInfo({ model: id, version }: Extract<Route, { kind: 'model' }>): unknown {
  const model = modelNamed(id)
  if (!model) {
    throw new GoogleError(404, `Model is not found: models/${id} for api version ${version}`)
  }
  return modelResource(model)
}

function modelResource({ id, displayName, outputTokenLimit, thinking }: Model): unknown {
  return {
    name: `models/${id}`,
    version: '001',
    displayName,
    description: `${displayName}, emulated`,
    inputTokenLimit: 1_048_576,
    outputTokenLimit,
    supportedGenerationMethods: ['generateContent'],
    temperature: 1,
    topP: 0.95,
    topK: 64,
    maxTemperature: 2,
    ...(thinking && { thinking: true }),
  }
}
