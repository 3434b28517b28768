/**
 * Gemini's wire, as far as we use it: what is sent, and what is read. Requests are exact; responses
 * are read loosely, because real traffic has fields and enum values that no contract lists.
 * Source: discovery document of the Gemini API (2026-03) and of Vertex AI (2026-09).
 */

/** The two wires that speak it: Vertex AI and the Gemini Developer API. */
export type Provider = 'vertex' | 'gemini'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: unknown }

export interface GenerateContentRequest {
  contents: Content[]
  systemInstruction?: Content | undefined
  tools?: Tool[] | undefined
  toolConfig?: ToolConfig | undefined
  safetySettings?: JsonObject[] | undefined
  generationConfig?: GenerationConfig | undefined
  cachedContent?: string | undefined
  /** Vertex AI only. */
  labels?: Record<string, string> | undefined
  /** Vertex AI only. */
  modelArmorConfig?: JsonObject | undefined
  /** Developer API only. */
  serviceTier?: string | undefined
}

export interface Content {
  role?: 'user' | 'model'
  parts: Part[]
}

export interface Part {
  text?: string
  inlineData?: Blob
  fileData?: FileData
  functionCall?: FunctionCall
  functionResponse?: FunctionResponse
  executableCode?: { language?: string; code?: string }
  codeExecutionResult?: { outcome?: string; output?: string }
  /** The part is the model's thinking, not its answer. */
  thought?: boolean
  /** Opaque; must come back in the same part. */
  thoughtSignature?: string
  mediaResolution?: { level: string }
  videoMetadata?: JsonObject
}

export interface Blob {
  mimeType: string
  data: string
  displayName?: string
}

export interface FileData {
  fileUri: string
  mimeType?: string
  displayName?: string
}

export interface FunctionCall {
  name?: string
  args?: JsonObject
  id?: string
  /** Vertex AI, Gemini 3: arguments that arrive piece by piece. */
  partialArgs?: PartialArg[]
  willContinue?: boolean
}

export interface PartialArg {
  jsonPath?: string
  stringValue?: string
  numberValue?: number
  boolValue?: boolean
  nullValue?: unknown
  willContinue?: boolean
}

export interface FunctionResponse {
  name: string
  response: JsonObject
  id?: string | undefined
  parts?: Part[] | undefined
}

export type Tool = JsonObject & { functionDeclarations?: FunctionDeclaration[] }

export interface FunctionDeclaration {
  name: string
  description?: string | undefined
  /** JSON Schema. */
  parametersJsonSchema?: unknown
  /** The OpenAPI 3.0 subset, for models before 2.5. */
  parameters?: unknown
}

export interface ToolConfig {
  functionCallingConfig?: FunctionCallingConfig | undefined
  retrievalConfig?: JsonObject | undefined
  /** Developer API only. */
  includeServerSideToolInvocations?: boolean | undefined
}

export interface FunctionCallingConfig {
  mode?: 'AUTO' | 'ANY' | 'NONE' | 'VALIDATED' | undefined
  allowedFunctionNames?: string[] | undefined
  /** Vertex AI only. */
  streamFunctionCallArguments?: boolean | undefined
}

export interface GenerationConfig {
  temperature?: number | undefined
  topP?: number | undefined
  topK?: number | undefined
  candidateCount?: number | undefined
  maxOutputTokens?: number | undefined
  stopSequences?: string[] | undefined
  seed?: number | undefined
  presencePenalty?: number | undefined
  frequencyPenalty?: number | undefined
  responseLogprobs?: boolean | undefined
  logprobs?: number | undefined
  responseMimeType?: string | undefined
  responseJsonSchema?: unknown
  responseSchema?: unknown
  responseModalities?: string[] | undefined
  mediaResolution?: string | undefined
  speechConfig?: JsonObject | undefined
  imageConfig?: JsonObject | undefined
  thinkingConfig?: ThinkingConfig | undefined
  audioTimestamp?: boolean | undefined
}

export interface ThinkingConfig {
  includeThoughts?: boolean | undefined
  thinkingBudget?: number | undefined
  thinkingLevel?: string | undefined
}

export interface GenerateContentResponse {
  candidates?: Candidate[]
  promptFeedback?: PromptFeedback
  usageMetadata?: UsageMetadata
  modelVersion?: string
  responseId?: string
  /** Vertex AI only: RFC 3339. */
  createTime?: string
  /** Stands in place of an answer when a stream fails after its first byte. */
  error?: unknown
}

export interface Candidate {
  index?: number
  /** Seen for real: no content, `{}`, and `{ role }` without parts. */
  content?: { role?: string; parts?: Part[] }
  finishReason?: string
  finishMessage?: string
  safetyRatings?: unknown[]
  groundingMetadata?: GroundingMetadata
  citationMetadata?: CitationMetadata
  urlContextMetadata?: JsonObject
  logprobsResult?: LogprobsResult
  avgLogprobs?: number
}

export interface PromptFeedback {
  blockReason?: string
  blockReasonMessage?: string
  safetyRatings?: unknown[]
}

export interface UsageMetadata {
  promptTokenCount?: number
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
  cachedContentTokenCount?: number
  toolUsePromptTokenCount?: number
  totalTokenCount?: number
  promptTokensDetails?: ModalityTokens[]
  candidatesTokensDetails?: ModalityTokens[]
  cacheTokensDetails?: ModalityTokens[]
  toolUsePromptTokensDetails?: ModalityTokens[]
  /** Vertex AI only. */
  trafficType?: string
}

export interface ModalityTokens {
  modality?: string
  tokenCount?: number
}

export interface GroundingMetadata {
  groundingChunks?: GroundingChunk[]
  groundingSupports?: GroundingSupport[]
  [key: string]: unknown
}

export interface GroundingChunk {
  web?: { uri?: string; title?: string; domain?: string }
  maps?: { uri?: string; title?: string }
  retrievedContext?: { uri?: string; title?: string }
}

export interface GroundingSupport {
  segment?: { partIndex?: number; startIndex?: number; endIndex?: number; text?: string }
  groundingChunkIndices?: number[]
}

export interface CitationMetadata {
  /** Vertex AI's name. */
  citations?: Citation[]
  /** The Developer API's name. */
  citationSources?: Citation[]
}

export interface Citation {
  startIndex?: number
  endIndex?: number
  uri?: string
  title?: string
}

export interface LogprobsResult {
  chosenCandidates?: LogprobsCandidate[]
  topCandidates?: { candidates?: LogprobsCandidate[] }[]
}

export interface LogprobsCandidate {
  token?: string
  tokenId?: number
  logProbability?: number
}
