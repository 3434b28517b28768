import type { Candidate, FunctionCall, GenerateContentResponse, Part } from './gemini.ts'
import { isObject } from './json.ts'

/**
 * A response as it came off the wire, if it is of the right kinds wherever we look at it. Fields and
 * words may be unknown, and null means absent, as some that stand before Google write it.
 */
export function readResponse(value: unknown): GenerateContentResponse | undefined {
  const response = readObject(value)
  if (response === undefined) return undefined
  const { candidates, usageMetadata, promptFeedback, responseId, createTime } = response
  const read = candidates === undefined ? [] : readAll(candidates, readCandidate)
  const usage = readObject(usageMetadata)
  const wrong =
    read === undefined ||
    (usageMetadata !== undefined && usage === undefined) ||
    !isMaybeObject(promptFeedback) ||
    !isMaybeString(responseId) ||
    !isMaybeString(createTime)
  if (wrong) return undefined
  return {
    ...response,
    ...(candidates !== undefined && { candidates: read }),
    ...(usage && { usageMetadata: usage }),
  }
}

function readCandidate(value: unknown): Candidate | undefined {
  const candidate = readObject(value)
  if (candidate === undefined) return undefined
  const { index, content, finishReason, finishMessage } = candidate
  const said = content === undefined ? {} : readObject(content)
  const parts = said?.parts === undefined ? [] : readAll(said.parts, readPart)
  const right =
    (index === undefined || isIndex(index)) &&
    isMaybeString(finishReason) &&
    isMaybeString(finishMessage)
  if (!right || said === undefined || parts === undefined) return undefined
  return { ...candidate, content: { ...said, parts } }
}

function readPart(value: unknown): Part | undefined {
  const part = readObject(value)
  if (part === undefined) return undefined
  const { text, thoughtSignature, functionCall, inlineData } = part
  const call = functionCall === undefined ? undefined : readCall(functionCall)
  const right =
    isMaybeString(text) &&
    isMaybeString(thoughtSignature) &&
    isMaybeObject(part.executableCode) &&
    isMaybeObject(part.codeExecutionResult) &&
    (functionCall === undefined || call !== undefined) &&
    (inlineData === undefined || isBlob(inlineData))
  if (!right) return undefined
  return call === undefined ? part : { ...part, functionCall: call }
}

function readCall(value: unknown): FunctionCall | undefined {
  const call = readObject(value)
  if (call === undefined) return undefined
  const { name, args, id, partialArgs } = call
  const pieces =
    partialArgs === undefined || (Array.isArray(partialArgs) && partialArgs.every(isPiece))
  return isMaybeString(name) && isMaybeObject(args) && isMaybeString(id) && pieces
    ? call
    : undefined
}

/** A null is a value here: `nullValue` may be written so. */
function isPiece(value: unknown): boolean {
  return isObject(value) && isMaybeString(value.jsonPath)
}

function isBlob(value: unknown): boolean {
  return isObject(value) && typeof value.mimeType === 'string' && typeof value.data === 'string'
}

function isIndex(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isMaybeObject(value: unknown): boolean {
  return value === undefined || isObject(value)
}

function isMaybeString(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

/** The object without its nulls; undefined for anything else. */
function readObject(value: unknown): { [key: string]: unknown } | undefined {
  if (!isObject(value)) return undefined
  const hasNull = Object.values(value).includes(null)
  return hasNull
    ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
    : value
}

function readAll<T>(value: unknown, read: (member: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const members = value.map(read)
  return members.every((member) => member !== undefined) ? members : undefined
}
