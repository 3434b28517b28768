import type { Backend } from '../models.ts'
import { words } from './common.ts'

const taskTypes = words(
  'RETRIEVAL_QUERY RETRIEVAL_DOCUMENT SEMANTIC_SIMILARITY CLASSIFICATION CLUSTERING QUESTION_ANSWERING FACT_VERIFICATION CODE_RETRIEVAL_QUERY',
)

const embedding = { taskType: 'TaskType', title: 'string', outputDimensionality: 'int32' }

/** Requests of the methods beside generateContent. */
export const otherMethods: Record<Backend, Record<string, Record<string, string>>> = {
  'gemini-api': {
    CountTokensRequest: { contents: '[Content]', generateContentRequest: 'GenerateContentRequest' },
    EmbedContentRequest: { model: 'string', content: 'Content', ...embedding },
    BatchEmbedContentsRequest: { requests: '[EmbedContentRequest]' },
  },
  vertex: {
    CountTokensRequest: {
      model: 'string',
      instances: '[value]',
      contents: '[Content]',
      systemInstruction: 'Content',
      tools: '[Tool]',
      generationConfig: 'GenerationConfig',
    },
    EmbedContentRequest: {
      content: 'Content',
      ...embedding,
      autoTruncate: 'bool',
      embedContentConfig: 'EmbedContentRequest.EmbedContentConfig',
    },
    'EmbedContentRequest.EmbedContentConfig': {
      ...embedding,
      autoTruncate: 'bool',
      documentOcr: 'bool',
      audioTrackExtraction: 'bool',
    },
    PredictRequest: { instances: '[value]', parameters: 'value', labels: '{string}' },
  },
}

/** Enums of the messages above. */
export const otherEnums: Record<Backend, Record<string, string[]>> = {
  'gemini-api': { TaskType: ['TASK_TYPE_UNSPECIFIED', ...taskTypes] },
  vertex: { TaskType: ['UNSPECIFIED', ...taskTypes] },
}
