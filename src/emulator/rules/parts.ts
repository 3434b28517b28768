import type { Call } from '../call.ts'
import { badRequest, invalidArgument, invalidField } from '../errors.ts'
import { continuesCall, type Part } from '../request.ts'
import { unableToSubmit } from './contents.ts'

const dataFields = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
  'toolCall',
  'toolResponse',
] satisfies (keyof Part)[]

/** Refuses parts without data, and data the backend cannot read. */
export function checkParts(call: Call): void {
  call.request.systemInstruction?.parts?.forEach((part) => checkText(part, call))
  const all = allParts(call)
  for (const [i, { part, path, endsStream }] of all.entries()) {
    checkHasData(part, path)
    if (!endsStream) checkText(part, call)
    checkInlineData(part, path)
    checkFileData(part, call)
    part.functionResponse?.parts?.forEach((result) => checkFileData(result, call))
    if (!continuesCall(part, all[i - 1]?.part)) checkFunctionNames(part, path)
  }
}

/** Refuses `id` in function parts where the backend has never heard of it. */
export function checkFunctionIds(call: Call): void {
  // Vertex AI learned function ids with Gemini 3; for older models the field does not exist.
  if (call.backend !== 'vertex' || call.model.generation >= 3) return
  const violations = allParts(call).flatMap(({ part, path }) => [
    ...(part.functionCall?.id === undefined ? [] : [unknownId(`${path}.function_call`)]),
    ...(part.functionResponse?.id === undefined ? [] : [unknownId(`${path}.function_response`)]),
  ])
  if (violations.length > 0) throw badRequest(violations)
}

function unknownId(field: string): { field: string; description: string } {
  const description = `Invalid JSON payload received. Unknown name "id" at '${field}': Cannot find field.`
  return { field, description }
}

/** A part, where it is, and whether it came last in a stream whose events are a content each. */
interface Placed {
  part: Part
  path: string
  endsStream: boolean
}

function allParts({ request }: Call): Placed[] {
  const contents = request.contents ?? []
  return contents.flatMap(({ role, parts = [] }, i) => {
    const endsStream = role === 'model' && contents[i - 1]?.role === 'model'
    return parts.map((part, j) => ({ part, path: `contents[${i}].parts[${j}]`, endsStream }))
  })
}

// A signature or the metadata of a video may stand alone; nothing else may.
function checkHasData(part: Part, path: string): void {
  if (dataFields.some((field) => part[field] !== undefined)) return
  if (part.thoughtSignature || part.videoMetadata) return
  throw invalidField(`${path}.data`, "required oneof field 'data' must have one initialized field")
}

// The Developer API and the 2.0 models answer an empty text, later models on Vertex AI refuse it.
function checkText({ text, thoughtSignature }: Part, { backend, model }: Call): void {
  if (text !== '' || thoughtSignature || backend !== 'vertex' || model.generation < 2.5) return
  throw unableToSubmit(
    'it has an empty text parameter. Add a value to the parameter and try again.',
  )
}

function checkInlineData({ inlineData }: Part, path: string): void {
  if (!inlineData) return
  if (!inlineData.data) throw invalidField(`${path}.inline_data.data`, 'must not be empty.')
  checkMimeType(inlineData.mimeType ?? '')
}

function checkFileData({ fileData }: Part, { backend }: Call): void {
  if (!fileData) return
  const { fileUri = '', mimeType } = fileData
  const belongsElsewhere =
    backend === 'vertex'
      ? fileUri.startsWith('https://generativelanguage.googleapis.com/')
      : fileUri.startsWith('gs://')
  if (fileUri === '' || (belongsElsewhere && backend === 'gemini-api')) {
    throw invalidArgument(`Invalid or unsupported file uri: ${fileUri}`)
  }
  // `.invalid` never resolves: RFC 2606.
  if (belongsElsewhere || URL.parse(fileUri)?.hostname.endsWith('.invalid')) {
    throw invalidArgument(cannotFetch[backend])
  }
  if (backend === 'vertex' && !mimeType) {
    throw unableToSubmit(
      'it has a mimeType parameter with value , which is not supported. Update the mimeType and try again.',
    )
  }
  if (mimeType !== undefined) checkMimeType(mimeType)
}

const cannotFetch = {
  'gemini-api': 'Cannot fetch content from the provided URL.',
  vertex:
    'Cannot fetch content from the provided URL. Please ensure the URL is valid and accessible by Vertex AI. Vertex AI respects robots.txt rules, so confirm the URL is allowed to be crawled. Status: URL_ROBOTED-ROBOTED_DENIED',
}

function checkMimeType(mimeType: string): void {
  if (/^(image|audio|video|text)\/[\w.+-]+/.test(mimeType)) return
  if (/^application\/(pdf|json|xml|rtf|x-[\w-]+)$/.test(mimeType)) return
  throw invalidArgument(`Unsupported MIME type: ${mimeType}`)
}

function checkFunctionNames({ functionCall, functionResponse }: Part, path: string): void {
  if (functionCall && !functionCall.name) {
    throw invalidField(`${path}.function_call.name`, 'Name cannot be empty.')
  }
  if (functionResponse && !functionResponse.name) {
    throw invalidField(`${path}.function_response.name`, 'Name cannot be empty.')
  }
}
