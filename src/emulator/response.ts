import type { ErrorBody } from './errors.ts'
import type { Part } from './request.ts'

/** One event of a stream; a whole answer is one event too. */
export interface GenerateContentResponse {
  candidates?: Candidate[]
  promptFeedback?: { blockReason: string; blockReasonMessage?: string }
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
  avgLogprobs?: number
  logprobsResult?: LogprobsResult
}

/** How likely a text is to harm, by category. */
export interface SafetyRating {
  category: string
  probability: string
  blocked?: boolean
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
  totalTokenCount?: number
  promptTokensDetails?: ModalityTokenCount[]
  cacheTokensDetails?: ModalityTokenCount[]
  candidatesTokensDetails?: ModalityTokenCount[]
  trafficType?: string
}

/** A share of a count. */
export interface ModalityTokenCount {
  modality: 'TEXT' | 'IMAGE' | 'AUDIO' | 'VIDEO' | 'DOCUMENT'
  tokenCount: number
}

/** What the server writes: events in order, a failure among them if it happens mid-stream. */
export interface Answer {
  events: (GenerateContentResponse | ErrorBody)[]
  /** Milliseconds of silence before each event but the first. */
  pause: number
  headers?: Record<string, string>
}
