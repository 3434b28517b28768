import type { Call } from './call.ts'
import { geminiApi } from './fields/gemini-api.ts'
import { readMessage } from './fields/proto-json.ts'
import { vertex } from './fields/vertex.ts'
import type { Vocabulary } from './fields/vocabulary.ts'
import type { Backend } from './models.ts'
import type { GenerateContentRequest } from './request.ts'
import { checkContents } from './rules/contents.ts'
import { checkFunctionIds, checkParts } from './rules/parts.ts'
import { checkSettings } from './rules/settings.ts'
import { checkSignatures } from './rules/signatures.ts'
import { checkThinking } from './rules/thinking.ts'
import { checkTools } from './rules/tools.ts'

/** The fields each backend knows. */
export const vocabularies: Record<Backend, Vocabulary> = { 'gemini-api': geminiApi, vertex }

/** Reads a body, refusing unknown fields, wrong types and wrong values in Google's words. */
export function readRequest(body: unknown, backend: Backend): GenerateContentRequest {
  // The vocabulary has every field of the type, with its kind; what it has more goes unused.
  return readMessage(vocabularies[backend], 'GenerateContentRequest', body)
}

/** Refuses what is well formed and still wrong: the rules between fields. */
export function checkRequest(call: Call): void {
  checkFunctionIds(call)
  checkContents(call)
  checkParts(call)
  checkTools(call)
  checkSettings(call)
  checkThinking(call)
  checkSignatures(call)
}
