import { ApiError, badGateway, interrupted } from '../errors.ts'
import { Copies } from '../translate/chat/copies.ts'
import type { GenerateContentResponse } from '../translate/gemini.ts'
import { readResponse } from '../translate/gemini-response.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import { type Owner, toStreamError } from '../translate/status.ts'
import { EventReader } from './sse.ts'
import { interleave } from './streams.ts'
import type { Reply } from './transport.ts'

/** The responses of a stream, in batches as they came off the wire. */
export type Responses = AsyncGenerator<GenerateContentResponse[]>

/** The one response of a whole answer. Throws ApiError where it is a refusal, or none at all. */
export async function toResponse(reply: Reply, owner: Owner): Promise<GenerateContentResponse> {
  const parsed = tryParseJson(await reply.text())
  // Errors may come in a list.
  const only: unknown = Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed
  return checked(only, { owner, redact: reply.redact }, unreadable)
}

/** Whose answer it is, for its refusals. */
interface Source {
  owner: Owner
  redact: Reply['redact']
}

/** A refusal may come under a 200, and anything else under a broken proxy. */
function checked(
  parsed: unknown,
  { owner, redact }: Source,
  otherwise: () => ApiError,
): GenerateContentResponse {
  if (isObject(parsed) && parsed.error != null) {
    throw toStreamError(redact(JSON.stringify(parsed)), owner)
  }
  const response = readResponse(parsed)
  if (response === undefined) throw otherwise()
  return response
}

/** Whatever the translation stumbles over in an answer, it is the answer that is wrong: 502. */
export function understood<T>(translate: () => T): T {
  try {
    return translate()
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    throw badGateway('Gemini’s answer could not be understood. Send the request again.', { cause })
  }
}

function unreadable(): ApiError {
  return badGateway('Gemini sent something that is not a response of it. Send the request again.')
}

/** The responses of all streams of an answer, in batches as they came off the wire. */
export function toResponses(replies: Reply[], owner: Owner, end: () => void): Responses {
  const streams = replies.map((reply) => readResponses(reply, owner))
  const [only] = streams
  if (only !== undefined && streams.length === 1) return only
  const copies = new Copies()
  const read = (responses: GenerateContentResponse[], index: number) =>
    responses.map((response) => copies.read(response, index))
  return interleave(streams, read, end)
}

async function* readResponses(reply: Reply, owner: Owner): Responses {
  const reader = new EventReader()
  const source = { owner, redact: reply.redact }
  for await (const bytes of reply.bytes()) yield* toBatch(reader.push(bytes), source, unreadable)
  // Half an event at the end: the stream broke off.
  yield* toBatch(reader.finish(), source, interrupted)
}

/** What came before a failure in the same read is the client's all the same. */
function* toBatch(
  events: string[],
  source: Source,
  otherwise: () => ApiError,
): Generator<GenerateContentResponse[]> {
  const responses: GenerateContentResponse[] = []
  try {
    for (const data of events) responses.push(...readEvent(data, source, otherwise))
  } catch (error) {
    if (responses.length > 0) yield responses
    throw error
  }
  if (responses.length > 0) yield responses
}

/** Mostly one response an event; Google writes an array where an error or a proxy dropped `alt=sse`. */
function readEvent(
  data: string,
  source: Source,
  otherwise: () => ApiError,
): GenerateContentResponse[] {
  const parsed = tryParseJson(data)
  const list = Array.isArray(parsed) ? parsed : [parsed]
  return list.map((one) => checked(one, source, otherwise))
}
