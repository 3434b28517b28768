import { createHash } from 'node:crypto'
import type { Call } from '../call.ts'
import { declarations, type Part } from '../request.ts'
import type { Saying } from './saying.ts'

/** A signature: opaque base64, the same for the same thoughts. */
export function signatureOf(thing: unknown): string {
  const bytes = createHash('sha512').update(JSON.stringify(thing)).digest()
  // Google's begin with the tag and length of a protobuf field.
  return Buffer.concat([Buffer.from([0x0a, bytes.length, 0x01]), bytes]).toString('base64')
}

/**
 * Signs the part that has to come back: since Gemini 3 the first call, or else the last text; on
 * 2.5 the first part, if it thought and there are functions; before that none.
 */
export function signed(parts: Part[], saying: Saying, { request, model }: Call): Part[] {
  const index = signedIndex(parts, saying, model.generation, declarations(request).length > 0)
  return parts.map((part, i) =>
    i === index ? { ...part, thoughtSignature: signatureOf([model.id, saying, i]) } : part,
  )
}

function signedIndex(
  parts: Part[],
  saying: Saying,
  generation: number,
  hasFunctions: boolean,
): number {
  if (generation >= 3) {
    const call = parts.findIndex((part) => part.functionCall)
    if (call >= 0) return call
    return saying.finishReason === 'STOP' ? parts.findLastIndex(isAnswer) : -1
  }
  return generation >= 2.5 && hasFunctions && saying.thoughts.tokens > 0
    ? parts.findIndex(isAnswer)
    : -1
}

function isAnswer(part: Part): boolean {
  return !part.thought
}
