import type { Call } from '../call.ts'
import type { FunctionCall, Part } from '../request.ts'
import type { ModalityTokenCount, UsageMetadata } from '../response.ts'

/** What was produced up to some moment of an answer. */
export interface Spent {
  thoughts: number
  /** Text and calls. */
  candidates: number
  /** What Google's tools added to the prompt. */
  toolUse: number
  media: ModalityTokenCount[]
}

/** Nothing yet. */
export const nothingSpent: Spent = { thoughts: 0, candidates: 0, toolUse: 0, media: [] }

/** All that was spent on several candidates. */
export function sum(spent: Spent[]): Spent {
  return spent.reduce(
    (total, one) => ({
      thoughts: total.thoughts + one.thoughts,
      candidates: total.candidates + one.candidates,
      toolUse: total.toolUse + one.toolUse,
      media: [...total.media, ...one.media],
    }),
    nothingSpent,
  )
}

const tokensOfMedia = { IMAGE: 258, AUDIO: 32, VIDEO: 263, DOCUMENT: 258 }

/** Tokens of whatever a cachedContent holds. */
const tokensInCache = 2048

/** About four characters make a token; nothing makes none. */
export function tokensIn(text: string): number {
  let letters = 0
  for (const _ of text) letters += 1
  return Math.ceil(letters / 4)
}

/** Tokens of function calls. */
export function tokensInCalls(calls: FunctionCall[]): number {
  return calls.reduce((sum, { name, args }) => sum + tokensIn(`${name}${JSON.stringify(args)}`), 0)
}

/** Tokens of what the model wrote for Google's tools: code and queries. */
export function tokensInSteps(parts: Part[]): number {
  return parts.reduce(
    (total, { executableCode, toolCall }) =>
      total + tokensIn(executableCode?.code ?? '') + (toolCall ? jsonTokens(toolCall) : 0),
    0,
  )
}

/** The counts after some part of the answer. */
export function usageOf(call: Call, spent: Spent): UsageMetadata {
  const { thoughts, candidates: text, toolUse, media } = spent
  const details = promptTokens(call)
  const cached = call.request.cachedContent ? tokensInCache : undefined
  const prompt = tokensOf(details)
  const candidates = text + tokensOf(media)
  const itemised = itemise(spent, call)
  return {
    promptTokenCount: prompt,
    cachedContentTokenCount: cached,
    candidatesTokenCount: candidates || undefined,
    thoughtsTokenCount: thoughts || undefined,
    toolUsePromptTokenCount: toolUse || undefined,
    totalTokenCount: prompt + toolUse + candidates + thoughts,
    promptTokensDetails: details,
    // Vertex AI tells how much was cached, but not of what kind.
    cacheTokensDetails:
      cached && call.backend === 'gemini-api'
        ? [{ modality: 'TEXT', tokenCount: cached }]
        : undefined,
    toolUsePromptTokensDetails: toolUse ? [{ modality: 'TEXT', tokenCount: toolUse }] : undefined,
    candidatesTokensDetails: itemised.length > 0 ? itemised : undefined,
  }
}

// With 2.5 the Developer API stopped itemising text.
function itemise({ candidates, media }: Spent, { backend, model }: Call): ModalityTokenCount[] {
  const itemisesText = backend === 'vertex' || model.generation < 2.5
  return [
    ...(candidates > 0 && itemisesText
      ? [{ modality: 'TEXT' as const, tokenCount: candidates }]
      : []),
    ...media,
  ]
}

function tokensOf(details: ModalityTokenCount[]): number {
  return details.reduce((total, { tokenCount }) => total + tokenCount, 0)
}

/** Tokens of the prompt alone. */
export function promptTokens({ request }: Call): ModalityTokenCount[] {
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
