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
 * Signs the parts that have to come back: since Gemini 3 what went to and from Google's tools, every
 * image, and the first call or else the last text; on 2.5 the first part, if it thought and there
 * are functions; before that none.
 */
export function signed(events: Part[][], saying: Saying, call: Call): Part[][] {
  const parts = events.flat()
  const signs = signedParts(parts, saying, call)
  return events.map((event) =>
    event.map((part) =>
      signs.has(part)
        ? { ...part, thoughtSignature: signatureOf([call.model.id, saying, parts.indexOf(part)]) }
        : part,
    ),
  )
}

function signedParts(parts: Part[], saying: Saying, { request, model }: Call): Set<Part> {
  if (model.generation < 2.5) return new Set()
  const answer = parts.filter((part) => !part.thought)
  if (model.generation < 3) {
    const signs = declarations(request).length > 0 && saying.thoughts.tokens > 0
    return new Set(signs ? answer.slice(0, 1) : [])
  }
  const call = answer.find((part) => part.functionCall)
  const last =
    saying.finishReason === 'STOP' && saying.media.length === 0 ? answer.at(-1) : undefined
  const final = call ?? (last?.codeExecutionResult ? undefined : last)
  const before = saying.media.length > 0 ? answer.slice(0, 1).filter(({ text }) => text) : []
  return new Set([...before, ...answer.filter(isAlwaysSigned), ...(final ? [final] : [])])
}

// What the server's code printed is its own, and needs no proof.
function isAlwaysSigned({ executableCode, toolCall, toolResponse, inlineData }: Part): boolean {
  const isImage = inlineData?.mimeType?.startsWith('image/') ?? false
  return isImage || Boolean(executableCode ?? toolCall ?? toolResponse)
}
