import type { Provider } from '../gemini.ts'
import { isObject } from '../json.ts'
import { isSignature, readExtraContent } from './google.ts'

/**
 * Thought signatures in a client's history. Gemini 3 and later refuse a function call that comes
 * back without the signature it was given with, so they are looked for wherever clients put them.
 * Source: ai.google.dev/gemini-api/docs/thought-signatures; places as seen in recorded clients.
 */

/** The signature that came back with a tool call, in whichever of its known places. */
export function signatureOfCall(call: { [key: string]: unknown }): string | undefined {
  const inner = isObject(call.function) ? call.function : {}
  const provider = isObject(call.provider_specific_fields) ? call.provider_specific_fields : {}
  const id = typeof call.id === 'string' ? call.id : ''
  return [
    readExtraContent(call).signature,
    readExtraContent(inner).signature,
    inner.thought_signature,
    call.thought_signature,
    provider.thought_signature,
    // Other gateways hide it in the id, after one of these separators.
    /(?:__thought__|__sig_|_ts_)(.+)$/.exec(id)?.[1],
  ].find(isSignature)
}

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
