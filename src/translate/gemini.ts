/**
 * Gemini's wire, as far as we use it: what is sent, and what is read. Requests are exact; responses
 * are read loosely, because real traffic has fields and enum values that no contract lists.
 * Source: discovery document of the Gemini API (2026-03) and of Vertex AI (2026-09).
 */

import { isObject } from './json.ts'

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

/**
 * A response as it came off the wire, if it is of the right kinds wherever we look at it. Fields and
 * words may be unknown, and null means absent, as some that stand before Google write it.
 */
export function readResponse(value: unknown): GenerateContentResponse | undefined {
  const response = readObject(value)
  if (response === undefined) return undefined
  const { candidates, usageMetadata, promptFeedback, responseId, createTime } = response
  const read = candidates === undefined ? [] : readAll(candidates, readCandidate)
  const usage = readObject(usageMetadata)
  const wrong =
    read === undefined ||
    (usageMetadata !== undefined && usage === undefined) ||
    !isMaybeObject(promptFeedback) ||
    !isMaybeString(responseId) ||
    !isMaybeString(createTime)
  if (wrong) return undefined
  return {
    ...response,
    ...(candidates !== undefined && { candidates: read }),
    ...(usage && { usageMetadata: usage }),
  }
}

function readCandidate(value: unknown): Candidate | undefined {
  const candidate = readObject(value)
  if (candidate === undefined) return undefined
  const { index, content, finishReason, finishMessage } = candidate
  const said = content === undefined ? {} : readObject(content)
  const parts = said?.parts === undefined ? [] : readAll(said.parts, readPart)
  const right =
    (index === undefined || Number.isSafeInteger(index)) &&
    isMaybeString(finishReason) &&
    isMaybeString(finishMessage)
  if (!right || said === undefined || parts === undefined) return undefined
  return { ...candidate, content: { ...said, parts } }
}

function readPart(value: unknown): Part | undefined {
  const part = readObject(value)
  if (part === undefined) return undefined
  const { text, thoughtSignature, functionCall, inlineData } = part
  const call = functionCall === undefined ? undefined : readCall(functionCall)
  const right =
    isMaybeString(text) &&
    isMaybeString(thoughtSignature) &&
    isMaybeObject(part.executableCode) &&
    isMaybeObject(part.codeExecutionResult) &&
    (functionCall === undefined || call !== undefined) &&
    (inlineData === undefined || isBlob(inlineData))
  if (!right) return undefined
  return call === undefined ? part : { ...part, functionCall: call }
}

function readCall(value: unknown): FunctionCall | undefined {
  const call = readObject(value)
  if (call === undefined) return undefined
  const { name, args, id, partialArgs } = call
  const pieces =
    partialArgs === undefined || (Array.isArray(partialArgs) && partialArgs.every(isPiece))
  return isMaybeString(name) && isMaybeObject(args) && isMaybeString(id) && pieces
    ? call
    : undefined
}

/** A null is a value here: `nullValue` may be written so. */
function isPiece(value: unknown): boolean {
  return isObject(value) && isMaybeString(value.jsonPath)
}

function isBlob(value: unknown): boolean {
  return isObject(value) && typeof value.mimeType === 'string' && typeof value.data === 'string'
}

function isMaybeObject(value: unknown): boolean {
  return value === undefined || isObject(value)
}

function isMaybeString(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

/** The object without its nulls; undefined for anything else. */
function readObject(value: unknown): { [key: string]: unknown } | undefined {
  if (!isObject(value)) return undefined
  const hasNull = Object.values(value).includes(null)
  return hasNull
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
    : value
}

function readAll<T>(value: unknown, read: (member: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const members = value.map(read)
  return members.every((member) => member !== undefined) ? members : undefined
}
