import { ApiError, badGateway, interrupted } from '../errors.ts'
import { addAll } from '../translate/add-all.ts'
import { Copies } from '../translate/chat/copies.ts'
import { Likeness, type Repeat } from '../translate/chat/likeness.ts'
import type { GenerateContentResponse } from '../translate/gemini.ts'
import { readResponse } from '../translate/gemini-response.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import { type Owner, toStreamError } from '../translate/status.ts'
import { type Hearing, readEvents } from './events.ts'
import { interleaved, type Source } from './source.ts'
import type { Reply } from './exchange.ts'

/** What a stream says event by event, all at a time that one read of the upstream gave. */
export type Events = Source<(GenerateContentResponse | Repeat)[]>

/** The one response of a whole answer. Throws ApiError where it is a refusal, or none at all. */
export async function toResponse(reply: Reply, owner: Owner): Promise<GenerateContentResponse> {
  const parsed = tryParseJson(await reply.text())
  // Errors may come in a list.
  const only: unknown = Array.isArray(parsed) && parsed.length === 1 ? parsed[0] : parsed
  return checked(only, { owner, reply }, unreadable)
}

/** Whose answer it is, for its refusals. */
interface Sender {
  owner: Owner
  reply: Pick<Reply, 'redact'>
}

/** A refusal may come under a 200, and anything else under a broken proxy. */
function checked(
  parsed: unknown,
  { owner, reply }: Sender,
  otherwise: () => ApiError,
): GenerateContentResponse {
  if (isObject(parsed) && parsed.error != null) {
    throw toStreamError(reply.redact(JSON.stringify(parsed)), owner)
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

/** The events of all streams of an answer. */
export function toEvents(replies: Reply[], owner: Owner): Events {
  const [only] = replies
  if (only !== undefined && replies.length === 1) return readEvents(only.body, new Ear(owner, only))
  const copies = new Copies()
  const sources = replies.map((reply) => readEvents(reply.body, new Reading(owner, reply)))
  return interleaved(sources, (responses, index) =>
    responses.map((response) => copies.read(response, index)),
  )
}

/** Parses each event. */
class Reading implements Hearing<GenerateContentResponse> {
  readonly #sender: Sender

  constructor(owner: Owner, reply: Reply) {
    this.#sender = { owner, reply }
  }

  hear(data: string, heard: GenerateContentResponse[], cut: boolean): boolean {
    const parsed = tryParseJson(data)
    // Mostly one response; Google writes an array where an error or a proxy dropped `alt=sse`.
    const list = Array.isArray(parsed) ? parsed : [parsed]
    // Half an event at the end: the stream broke off.
    const otherwise = cut ? interrupted : unreadable
    for (const one of list) heard.push(checked(one, this.#sender, otherwise))
    return false
  }
}

/** Parses those events that are not like the one before. */
class Ear implements Hearing<GenerateContentResponse | Repeat> {
  readonly #reading: Reading
  #likeness: Likeness | undefined

  constructor(owner: Owner, reply: Reply) {
    this.#reading = new Reading(owner, reply)
  }

  hear(data: string, heard: (GenerateContentResponse | Repeat)[], cut: boolean): boolean {
    const repeat = this.#likeness?.repeat(data)
    if (repeat !== undefined) {
      heard.push(repeat)
      return false
    }
    const responses: GenerateContentResponse[] = []
    this.#likeness = undefined
    try {
      this.#reading.hear(data, responses, cut)
    } finally {
      // An array may hold a response and then an error.
      addAll(heard, responses)
    }
    const [only] = responses
    if (only !== undefined && responses.length === 1) this.#likeness = Likeness.of(data, only)
    return false
  }
}
