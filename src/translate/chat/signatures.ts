import type { Content, GenerateContentRequest, Part, Provider } from '../gemini.ts'
import { isObject } from '../json.ts'
import { isSignature, readExtraContent } from './google.ts'

/**
 * Thought signatures in a client's history. Gemini 3 and later refuse a function call that comes
 * back without the signature it was given with, so they are looked for wherever clients put them.
 * Source: ai.google.dev/gemini-api/docs/thought-signatures; places as seen in recorded clients.
 */

/** The signature that came back with a tool call, in whichever of its known places. */
export function signatureOfCall(call: { [key: string]: unknown }): string | undefined {
  const { id, function: inner = {}, provider_specific_fields: provider = {} } = call
  return (
    readExtraContent(call).signature ??
    (isObject(inner) ? readExtraContent(inner).signature : undefined) ??
    ownSignature(inner) ??
    ownSignature(call) ??
    ownSignature(provider) ??
    signatureInId(id)
  )
}

function ownSignature(carrier: unknown): string | undefined {
  const signature = isObject(carrier) ? carrier.thought_signature : undefined
  return isSignature(signature) ? signature : undefined
}

/** Other gateways hide it in the id, after one of these separators. */
function signatureInId(id: unknown): string | undefined {
  if (typeof id !== 'string') return undefined
  const found = separators.find((separator) => id.includes(separator))
  if (found === undefined) return undefined
  const signature = id.slice(id.indexOf(found) + found.length)
  return isSignature(signature) ? signature : undefined
}

const separators = ['__thought__', '__sig_', '_ts_']

/** The signature that came back with a message as a whole. */
export function signatureOfMessage(message: { [key: string]: unknown }): string | undefined {
  const blocks = Array.isArray(message.thinking_blocks) ? message.thinking_blocks : []
  const details = Array.isArray(message.reasoning_details) ? message.reasoning_details : []
  const nested = [...blocks, ...details].filter(isObject)
  return [
    readExtraContent(message).signature,
    ...nested.flatMap(({ signature, data }) => [signature, data]),
  ].find(isSignature)
}

/**
 * Google's own word for "this call has no signature"; switches the check off for the part. Vertex AI
 * reads the field as bytes, so there the word goes in base64.
 */
export function dummySignature(provider: Provider): string {
  return provider === 'vertex' ? btoa(dummy) : dummy
}

const dummy = 'skip_thought_signature_validator'

/** A call in a history, as far as the memory needs it. */
export interface PastCall {
  id: string
  /** Whether the client sent its signature back. */
  signed: boolean
}

/**
 * The calls in a history, for the memory to look up: signatures that are missing, and Gemini's own
 * ids. Reads the body as it came: whatever is no history has none.
 */
export function pastCallsOf(body: unknown): PastCall[] {
  const messages = isObject(body) && Array.isArray(body.messages) ? body.messages : []
  const calls = messages
    .filter(isObject)
    .flatMap(({ tool_calls }) => (Array.isArray(tool_calls) ? tool_calls : []))
    .filter(isObject)
  return calls.flatMap((call) => {
    const { id } = call
    if (typeof id !== 'string' || id === '') return []
    return [{ id, signed: signatureOfCall(call) !== undefined }]
  })
}

/** Where the signature of a step's first call came from. */
export type SignatureSource = 'client' | 'store' | 'dummy'

/** The source of each step's signature in a translated request, in order. */
export function signatureSources(
  { contents }: GenerateContentRequest,
  remembered: ReadonlyMap<string, string>,
): SignatureSource[] {
  const stored = new Set(remembered.values())
  const sources: SignatureSource[] = []
  for (const { parts } of contents) {
    const signature = parts.find((part) => part.functionCall !== undefined)?.thoughtSignature
    if (signature === undefined) continue
    if (signature === dummy || signature === btoa(dummy)) sources.push('dummy')
    else sources.push(stored.has(signature) ? 'store' : 'client')
  }
  return sources
}

/**
 * The request with the placeholder in place of every signature of the current turn: for signatures
 * that Google refuses, because they are damaged or another model's.
 */
export function withDummySignatures(
  request: GenerateContentRequest,
  signature: string,
): GenerateContentRequest {
  const start = request.contents.findLastIndex(isSpoken)
  const contents = request.contents.map((content, at) =>
    at > start && content.role === 'model'
      ? { ...content, parts: withDummySignature(content.parts, signature) }
      : content,
  )
  return { ...request, contents }
}

/** The user's own words: what comes after the last of them is the current turn. */
function isSpoken({ role, parts }: Content): boolean {
  return role === 'user' && parts.some((part) => part.functionResponse === undefined)
}

function withDummySignature(parts: Part[], signature: string): Part[] {
  const first = parts.findIndex((part) => part.functionCall !== undefined)
  return parts.map(({ thoughtSignature: _, ...part }, at) =>
    at === first ? { ...part, thoughtSignature: signature } : part,
  )
}
