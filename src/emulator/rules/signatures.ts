import type { Call } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import { type Content, currentTurn, makesCalls, turnsOf } from '../request.ts'

/**
 * Refuses a call of the current turn that lost its signature. Gemini 3 signs the first call of each
 * step and wants it back; older turns are not looked at, nor are the models before it.
 * https://ai.google.dev/gemini-api/docs/thought-signatures
 */
export function checkSignatures({ request, backend, model }: Call): void {
  if (model.generation < 3) return
  const contents = request.contents ?? []
  const start = currentTurn(contents)
  for (const turn of turnsOf(contents.slice(start))) {
    const calling = turn.find(makesCalls)
    if (!calling) continue
    const name = unsignedCall(calling)
    if (name !== undefined) throw missingSignature[backend](name, contents.indexOf(calling) + 1)
  }
}

function unsignedCall({ parts = [] }: Content): string | undefined {
  const first = parts.find((part) => part.functionCall)
  return first && !first.thoughtSignature ? first.functionCall?.name : undefined
}

const missingSignature = {
  'gemini-api': (name: string, position: number) =>
    invalidArgument(
      `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${name}\` , position ${position}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
    ),
  vertex: (name: string, position: number) =>
    invalidArgument(
      `Unable to submit request because function call \`default_api:${name}\` in the ${position}. content block is missing a \`thought_signature\`. Learn more: https://docs.cloud.google.com/vertex-ai/generative-ai/docs/thought-signatures`,
    ),
}
