import { GoogleError } from './errors.ts'
import { allModels, type Backend, type Model, modelNamed } from './models.ts'
import type { InfoRoute } from './routes.ts'

/** `GET /models` of either backend. */
export function modelList(backend: Backend): unknown {
  return backend === 'vertex'
    ? { publisherModels: allModels().map(publisherModel) }
    : { models: allModels().filter(isListedByDeveloperApi).map(modelResource) }
}

/** `GET /models/{model}`. */
export function modelInfo({ backend, model: id, version }: InfoRoute): unknown {
  const model = modelNamed(id)
  if (!model) {
    throw new GoogleError(404, `Model is not found: models/${id} for api version ${version}`)
  }
  return backend === 'vertex' ? publisherModel(model) : modelResource(model)
}

// The older embedding models are left at Vertex AI only, as is the image preview of 2.0.
function isListedByDeveloperApi({ id }: Model): boolean {
  return !id.startsWith('text-embedding') && id !== 'gemini-2.0-flash-preview-image-generation'
}

function modelResource(model: Model): unknown {
  const { id, displayName, inputTokenLimit, outputTokenLimit, thinking, makes } = model
  return {
    name: `models/${id}`,
    version: '001',
    displayName,
    description: `${displayName}, emulated`,
    inputTokenLimit,
    outputTokenLimit,
    supportedGenerationMethods: methodsOf(model),
    ...(makes !== 'embeddings' && { temperature: 1, topP: 0.95, topK: 64, maxTemperature: 2 }),
    ...(thinking && { thinking: true }),
  }
}

function methodsOf({ makes }: Model): string[] {
  if (makes === 'embeddings') return ['embedContent', 'countTextTokens', 'countTokens']
  return ['generateContent', 'countTokens', ...(makes ? [] : ['createCachedContent'])]
}

function publisherModel({ id }: Model): unknown {
  const isPreview = id.includes('preview')
  return {
    name: `publishers/google/models/${id}`,
    versionId: 'default',
    openSourceCategory: 'PROPRIETARY',
    launchStage: isPreview ? 'PUBLIC_PREVIEW' : 'GA',
  }
}
