import type { ErrorBody } from './errors.ts'
import type { Part } from './request.ts'

/** One event of a stream; a whole answer is one event too. */
export interface GenerateContentResponse {
  candidates?: Candidate[]
  promptFeedback?: {
    blockReason: string
    blockReasonMessage?: string
    safetyRatings?: SafetyRating[]
  }
  usageMetadata: UsageMetadata
  modelVersion: string
  createTime?: string
  responseId: string
}

/** One answer of possibly several. */
export interface Candidate {
  content?: { role?: string; parts?: Part[] }
  finishReason?: string
  finishMessage?: string
  index?: number
  safetyRatings?: SafetyRating[]
  citationMetadata?: { citations?: Citation[]; citationSources?: Citation[] }
  groundingMetadata?: GroundingMetadata
  urlContextMetadata?: { urlMetadata: UrlMetadata[] }
  avgLogprobs?: number
  logprobsResult?: LogprobsResult
}

/** How likely a text is to harm, by category. */
export interface SafetyRating {
  category: string
  probability: string
  blocked?: boolean
}

/** Where a passage was taken from; offsets are bytes of UTF-8. */
export interface Citation {
  startIndex?: number
  endIndex: number
  uri: string
}

/** What an answer rests on. */
export interface GroundingMetadata {
  searchEntryPoint?: { renderedContent: string }
  groundingChunks?: GroundingChunk[]
  groundingSupports?: GroundingSupport[]
  webSearchQueries?: string[]
  retrievalQueries?: string[]
}

/** One source. */
export interface GroundingChunk {
  web?: { uri: string; title: string }
  maps?: { uri: string; title: string; placeId: string }
  retrievedContext?: { text: string; fileSearchStore?: string }
}

/** Which sources a stretch of the text rests on; offsets are bytes of UTF-8, 0 is left out. */
export interface GroundingSupport {
  segment: { startIndex?: number; endIndex: number; text: string }
  groundingChunkIndices: number[]
  confidenceScores?: number[]
}

/** What came of reading a page. */
export interface UrlMetadata {
  retrievedUrl: string
  urlRetrievalStatus: string
}

/** Probabilities of the tokens chosen and of those passed over. */
export interface LogprobsResult {
  chosenCandidates: TokenProbability[]
  topCandidates?: { candidates: TokenProbability[] }[]
}

/** One token and how likely it was. */
export interface TokenProbability {
  token: string
  tokenId: number
  logProbability: number
}

/** What was spent; a count of nothing is absent, not 0. */
export interface UsageMetadata {
  promptTokenCount?: number
  cachedContentTokenCount?: number
  candidatesTokenCount?: number
  thoughtsTokenCount?: number
  toolUsePromptTokenCount?: number
  totalTokenCount?: number
  promptTokensDetails?: ModalityTokenCount[]
  cacheTokensDetails?: ModalityTokenCount[]
  candidatesTokensDetails?: ModalityTokenCount[]
  toolUsePromptTokensDetails?: ModalityTokenCount[]
  trafficType?: string
  serviceTier?: string
}

/** A share of a count. */
export interface ModalityTokenCount {
  modality: 'TEXT' | 'IMAGE' | 'AUDIO' | 'VIDEO' | 'DOCUMENT'
  tokenCount: number
}

/** What the server writes: events in order, a failure among them if it happens mid-stream. */
export interface Answer {
  /** Scripted events are sent as they are written, hence the unknown. */
  events: (GenerateContentResponse | ErrorBody | Record<string, unknown>)[]
  /** Milliseconds of silence before each event but the first. */
  pause: number
  headers?: Record<string, string>
}
