import type { GenerateContentResponse, ModalityTokens, UsageMetadata } from '../gemini.ts'
import { mergeUsage } from './usage.ts'

/**
 * Several choices from a model that gives one candidate a call: n calls are made, and their answers
 * become the candidates of one. The prompt is counted once, as the client sent it once.
 */
export class Copies {
  /** The last counts of each call; they grow while it streams. */
  readonly #usages = new Map<number, UsageMetadata>()

  /** The response of the call with this index, as a part of the one answer. */
  read(response: GenerateContentResponse, index: number): GenerateContentResponse {
    const { candidates, usageMetadata, promptFeedback, ...rest } = response
    if (usageMetadata !== undefined) {
      this.#usages.set(index, mergeUsage(this.#usages.get(index), usageMetadata) ?? {})
    }
    const blocked = promptFeedback?.blockReason
    // What blocks one of them is that one's end; the others may have answered.
    const end = {
      finishReason: 'PROHIBITED_CONTENT',
      finishMessage: `The prompt was blocked: ${blocked}.`,
    }
    const own = candidates ?? (blocked === undefined ? undefined : [end])
    return {
      ...rest,
      ...(own && { candidates: own.map((candidate) => ({ ...candidate, index })) }),
      ...(usageMetadata && { usageMetadata: sum([...this.#usages.values()]) }),
    }
  }
}

/** Whole answers of several calls -> one answer. */
export function mergeCopies(responses: GenerateContentResponse[]): GenerateContentResponse {
  const copies = new Copies()
  const read = responses.map((response, index) => copies.read(response, index))
  return {
    ...read[0],
    candidates: read.flatMap((response) => response.candidates ?? []),
    usageMetadata: read.findLast((response) => response.usageMetadata)?.usageMetadata ?? {},
  }
}

function sum(usages: UsageMetadata[]): UsageMetadata {
  const [first = {}] = usages
  const add = (count: (usage: UsageMetadata) => number | undefined) =>
    usages.reduce((total, usage) => total + (count(usage) ?? 0), 0)
  const candidatesTokenCount = add((usage) => usage.candidatesTokenCount)
  const thoughtsTokenCount = add((usage) => usage.thoughtsTokenCount)
  const asked = (first.promptTokenCount ?? 0) + (first.toolUsePromptTokenCount ?? 0)
  return {
    ...first,
    candidatesTokenCount,
    thoughtsTokenCount,
    totalTokenCount: asked + candidatesTokenCount + thoughtsTokenCount,
    candidatesTokensDetails: sumDetails(
      usages.flatMap((usage) => usage.candidatesTokensDetails ?? []),
    ),
  }
}

function sumDetails(details: ModalityTokens[]): ModalityTokens[] {
  return [...Map.groupBy(details, ({ modality }) => modality)].map(([modality, group]) => ({
    ...(modality !== undefined && { modality }),
    tokenCount: group.reduce((total, { tokenCount = 0 }) => total + tokenCount, 0),
  }))
}
