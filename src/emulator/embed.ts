import { createHash } from 'node:crypto'
import { badRequest, invalidArgument } from './errors.ts'
import type { Model } from './models.ts'
import type { Content } from './request.ts'
import { tokensIn } from './says/usage.ts'

/** A request of any of the three methods that embed. */
export interface EmbedRequest {
  content?: Content
  outputDimensionality?: number
  /** `:batchEmbedContents`. */
  requests?: EmbedRequest[]
  /** `:predict`. */
  instances?: { content?: string }[]
  parameters?: { outputDimensionality?: number }
}

/** The answer to `:embedContent`, `:batchEmbedContents` and Vertex AI's `:predict`. */
export function embedded(method: string, request: EmbedRequest, model: Model): unknown {
  switch (method) {
    case 'predict':
      return predicted(request, model)
    case 'batchEmbedContents': {
      const texts = (request.requests ?? []).map(textOf)
      if (texts.length === 0)
        throw invalidArgument('* BatchEmbedContentsRequest.requests: contents is not specified\n')
      const sizes = (request.requests ?? []).map((one) => one.outputDimensionality)
      const embeddings = texts.map((text, i) => ({ values: vector(text, sizes[i], model) }))
      return { embeddings, ...usage(texts, model) }
    }
    default: {
      const text = textOf(request)
      const values = vector(text, request.outputDimensionality, model)
      return { embedding: { values }, ...usage([text], model) }
    }
  }
}

function predicted({ instances = [], parameters }: EmbedRequest, model: Model): unknown {
  if (instances.length === 0) {
    throw badRequest([{ field: 'instances', description: 'Empty instances.' }])
  }
  return {
    predictions: instances.map(({ content = '' }) => ({
      embeddings: {
        statistics: { truncated: false, token_count: tokensIn(content) },
        values: vector(content, parameters?.outputDimensionality, model),
      },
    })),
    metadata: {
      billableCharacterCount: instances.reduce(
        (sum, { content = '' }) => sum + content.replace(/\s/g, '').length,
        0,
      ),
    },
  }
}

function textOf({ content }: EmbedRequest): string {
  const text = (content?.parts ?? []).map((part) => part.text ?? '').join('\n')
  if (text === '')
    throw invalidArgument('* EmbedContentRequest.content: contents is not specified\n')
  return text
}

// Counting came with the second generation.
function usage(texts: string[], { id }: Model): object {
  if (!id.startsWith('gemini-embedding-2')) return {}
  const tokenCount = texts.reduce((sum, text) => sum + tokensIn(text), 0)
  const promptTokenDetails = [{ modality: 'TEXT', tokenCount }]
  return { usageMetadata: { promptTokenCount: tokenCount, promptTokenDetails } }
}

/** A unit vector, the same for the same text; texts that share words lie closer together. */
function vector(text: string, asked: number | undefined, { id }: Model): number[] {
  const size = asked ?? (id.startsWith('gemini') ? 3072 : 768)
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]
  const directions = words.slice(0, 64).map((word) => direction(word))
  const values = Array.from({ length: size }, (_, i) =>
    directions.reduce((sum, bytes) => sum + value(bytes, i), 0),
  )
  const length = Math.hypot(...values) || 1
  return values.map((one) => Number((one / length).toFixed(8)))
}

function direction(word: string): Buffer {
  return createHash('sha512').update(word).digest()
}

// 64 bytes are stretched over any number of dimensions, differently each time around.
function value(bytes: Buffer, i: number): number {
  const [byte = 0, other = 0] = [bytes[i % 64], bytes[Math.floor(i / 64) % 64]]
  return ((byte * 31 + other * (i + 7)) % 256) - 127.5
}
