import type { Call } from './call.ts'
import type { GenerateContentRequest } from './request.ts'
import { promptTokens } from './says/usage.ts'

/** A request to count: what it counts stands by itself or, at the Developer API, one level down. */
export interface CountTokensRequest extends GenerateContentRequest {
  generateContentRequest?: GenerateContentRequest
}

/** The answer to `:countTokens`. */
export function counted({ request, ...call }: Call & { request: CountTokensRequest }): unknown {
  const counts = request.generateContentRequest ?? request
  const promptTokensDetails = promptTokens({ ...call, request: counts })
  const totalTokens = promptTokensDetails.reduce((sum, { tokenCount }) => sum + tokenCount, 0)
  return {
    totalTokens,
    ...(call.backend === 'vertex' && { totalBillableCharacters: characters(counts) }),
    promptTokensDetails,
  }
}

// Vertex AI bills letters, not the space between them.
function characters({ systemInstruction, contents = [] }: GenerateContentRequest): number {
  const parts = [systemInstruction, ...contents].flatMap((content) => content?.parts ?? [])
  return Array.from(parts.map(({ text = '' }) => text.replace(/\s/g, '')).join('')).length
}
