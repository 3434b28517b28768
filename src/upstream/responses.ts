import { ApiError, badGateway, interrupted } from '../errors.ts'
import { Copies } from '../translate/chat/copies.ts'
import type { GenerateContentResponse } from '../translate/gemini.ts'
import { readResponse } from '../translate/gemini-response.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import { type Owner, toStreamError } from '../translate/status.ts'
import { EventReader } from './sse.ts'
import { interleaved, type Source } from './source.ts'
import type { Reply } from './transport.ts'

/** The responses of a stream, all at a time that one read of the upstream gave. */
export type Responses = Source<GenerateContentResponse[]>

/** The one response of a whole answer. Throws ApiError where it is a refusal, or none at all. */
export async function toResponse(reply: Reply, owner: Owner): Promise<GenerateContentResponse> {
  const parsed = tryParseJson(await reply.text())
  // Errors may come in a list.
  const only: unknown = Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed
  return checked(only, { owner, redact: reply.redact }, unreadable)
}

/** Whose answer it is, for its refusals. */
interface Sender {
  owner: Owner
  redact: Reply['redact']
}

/** A refusal may come under a 200, and anything else under a broken proxy. */
function checked(
  parsed: unknown,
  { owner, redact }: Sender,
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

/** The responses of all streams of an answer. */
export function toResponses(replies: Reply[], owner: Owner): Responses {
  const streams = replies.map((reply) => readResponses(reply, owner))
  const [only] = streams
  if (only !== undefined && streams.length === 1) return only
  const copies = new Copies()
  return interleaved(streams, (responses, index) =>
    responses.map((response) => copies.read(response, index)),
  )
}

function readResponses({ body, redact }: Reply, owner: Owner): Responses {
  const reader = new EventReader()
  const sender = { owner, redact }
  let over = false
  let failure: { error: unknown } | undefined
  return { next, cancel: () => body.cancel() }

  async function next(): Promise<GenerateContentResponse[] | undefined> {
    while (!over) {
      const bytes = await body.next()
      over = bytes === undefined
      const responses: GenerateContentResponse[] = []
      try {
        // Half an event at the end: the stream broke off.
        const events = bytes === undefined ? reader.finish() : reader.push(bytes)
        readEvents(events, sender, over ? interrupted : unreadable, responses)
      } catch (error) {
        over = true
        failure = { error }
        body.cancel()
      }
      // What came before a failure in the same read is the client's all the same.
      if (responses.length > 0) return responses
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }
}

/** Mostly one response an event; Google writes an array where an error or a proxy dropped `alt=sse`. */
function readEvents(
  events: string[],
  sender: Sender,
  otherwise: () => ApiError,
  responses: GenerateContentResponse[],
): void {
  for (const data of events) {
    const parsed = tryParseJson(data)
    if (Array.isArray(parsed)) {
      for (const one of parsed) responses.push(checked(one, sender, otherwise))
    } else {
      responses.push(checked(parsed, sender, otherwise))
    }
  }
}
