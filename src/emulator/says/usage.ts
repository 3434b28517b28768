import type { Call } from '../call.ts'
import type { FunctionCall, Part } from '../request.ts'
import type { ModalityTokenCount, UsageMetadata } from '../response.ts'

/** What was produced up to some moment of an answer. */
export interface Spent {
  thoughts: number
  candidates: number
}

const tokensOfMedia = { IMAGE: 258, AUDIO: 32, VIDEO: 263, DOCUMENT: 258 }

/** Tokens of whatever a cachedContent holds. */
const tokensInCache = 2048

/** About four characters make a token; nothing makes none. */
export function tokensIn(text: string): number {
  return Math.ceil(Array.from(text).length / 4)
}

/** Tokens of function calls. */
export function tokensInCalls(calls: FunctionCall[]): number {
  return calls.reduce((sum, { name, args }) => sum + tokensIn(`${name}${JSON.stringify(args)}`), 0)
}

/** The counts after some part of the answer. */
export function usageOf(call: Call, { thoughts, candidates }: Spent): UsageMetadata {
  const details = promptDetails(call)
  const cached = call.request.cachedContent ? tokensInCache : undefined
  const prompt = details.reduce((sum, { tokenCount }) => sum + tokenCount, 0)
  return {
    promptTokenCount: prompt,
    cachedContentTokenCount: cached,
    candidatesTokenCount: candidates || undefined,
    thoughtsTokenCount: thoughts || undefined,
    totalTokenCount: prompt + candidates + thoughts,
    promptTokensDetails: details,
    cacheTokensDetails: cached ? [{ modality: 'TEXT', tokenCount: cached }] : undefined,
    // The Developer API stopped itemising answers with 2.5.
    candidatesTokensDetails:
      candidates && (call.backend === 'vertex' || call.model.generation < 2.5)
        ? [{ modality: 'TEXT', tokenCount: candidates }]
        : undefined,
  }
}

function promptDetails({ request }: Call): ModalityTokenCount[] {
  const { systemInstruction, contents = [], tools, cachedContent } = request
  const parts = [systemInstruction, ...contents].flatMap((content) => content?.parts ?? [])
  const text = parts.reduce((sum, part) => sum + textTokens(part), tools ? jsonTokens(tools) : 0)
  const media = parts.flatMap(modalities)
  const kinds = [...new Set(media)]
  return [
    { modality: 'TEXT', tokenCount: Math.max(text, 1) + (cachedContent ? tokensInCache : 0) },
    ...kinds.map((modality) => ({
      modality,
      tokenCount: tokensOfMedia[modality] * media.filter((other) => other === modality).length,
    })),
  ]
}

function textTokens({ text, functionCall, functionResponse }: Part): number {
  if (text !== undefined) return tokensIn(text)
  return functionCall || functionResponse ? jsonTokens(functionCall ?? functionResponse) : 0
}

function jsonTokens(value: unknown): number {
  return tokensIn(JSON.stringify(value))
}

function modalities(part: Part): (keyof typeof tokensOfMedia)[] {
  const blobs = [
    part.inlineData,
    part.fileData,
    ...(part.functionResponse?.parts ?? []).map((p) => p.inlineData),
  ]
  return blobs.flatMap((blob) => (blob ? [modalityOf(blob.mimeType ?? '')] : []))
}

function modalityOf(mimeType: string): keyof typeof tokensOfMedia {
  const kind = mimeType.split('/')[0]?.toUpperCase()
  return kind === 'IMAGE' || kind === 'AUDIO' || kind === 'VIDEO' ? kind : 'DOCUMENT'
}
