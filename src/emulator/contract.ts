import type { Call } from './call.ts'
import type { CountTokensRequest } from './count.ts'
import type { EmbedRequest } from './embed.ts'
import { geminiApi } from './fields/gemini-api.ts'
import { otherEnums, otherMethods } from './fields/other-methods.ts'
import { readMessage } from './fields/proto-json.ts'
import { vertex } from './fields/vertex.ts'
import type { Vocabulary } from './fields/vocabulary.ts'
import type { Backend } from './models.ts'
import type { GenerateContentRequest } from './request.ts'
import { checkContents } from './rules/contents.ts'
import { checkContext } from './rules/context.ts'
import { checkModalities } from './rules/modalities.ts'
import { checkFunctionIds, checkParts } from './rules/parts.ts'
import { checkSettings } from './rules/settings.ts'
import { checkSignatures } from './rules/signatures.ts'
import { checkThinking } from './rules/thinking.ts'
import { checkTools } from './rules/tools.ts'

/** The fields each backend knows. */
export const vocabularies: Record<Backend, Vocabulary> = {
  'gemini-api': withOtherMethods(geminiApi, 'gemini-api'),
  vertex: withOtherMethods(vertex, 'vertex'),
}

function withOtherMethods(vocabulary: Vocabulary, backend: Backend): Vocabulary {
  return {
    ...vocabulary,
    messages: { ...vocabulary.messages, ...otherMethods[backend] },
    enums: { ...vocabulary.enums, ...otherEnums[backend] },
  }
}

/** Reads a body, refusing unknown fields, wrong types and wrong values in Google's words. */
export function readRequest(body: unknown, backend: Backend): GenerateContentRequest {
  // The vocabulary has every field of the type, with its kind; what it has more goes unused.
  return readMessage(vocabularies[backend], 'GenerateContentRequest', body)
}

/** Reads the body of `:countTokens`. */
export function readCountRequest(body: unknown, backend: Backend): CountTokensRequest {
  // As above.
  return readMessage(vocabularies[backend], 'CountTokensRequest', body)
}

/** Reads the body of a method that embeds. */
export function readEmbedRequest(method: string, body: unknown, backend: Backend): EmbedRequest {
  const message = `${method.slice(0, 1).toUpperCase()}${method.slice(1)}Request`
  // As above.
  return readMessage(vocabularies[backend], message, body)
}

/** Refuses what is well formed and still wrong: the rules between fields. */
export function checkRequest(call: Call): void {
  checkFunctionIds(call)
  checkContents(call)
  checkParts(call)
  checkTools(call)
  checkSettings(call)
  checkModalities(call)
  checkThinking(call)
  checkSignatures(call)
  checkContext(call)
}
