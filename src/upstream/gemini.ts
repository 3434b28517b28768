import { badGateway, interrupted } from '../errors.ts'
import type { GenerateContentResponse } from '../translate/gemini.ts'
import { type Translation, toGemini } from '../translate/chat/request.ts'
import type { ChatChunk } from '../translate/chat/response.ts'
import { ChatStream, complete } from '../translate/chat/stream.ts'
import { isObject, parseJson, tryParseJson } from '../translate/json.ts'
import { type Owner, toApiError, toStreamError } from '../translate/status.ts'
import type { Backend, Call, ChunkBatches } from './backend.ts'
import type { Gate } from './google.ts'
import { EventReader } from './sse.ts'
import type { Reply, Transport } from './transport.ts'

export interface GeminiSettings {
  gate: Gate
  transport: Transport
  /** Where thoughts go when the client set no marker. */
  thoughts: 'reasoning_content' | 'content'
}

/** Gemini behind one of its gates: translates, asks, translates back. */
export function geminiBackend({ gate, transport, thoughts }: GeminiSettings): Backend {
  return {
    async complete(body, call) {
      const translation = translate(body, call)
      const reply = await ask(translation, call, 'generateContent')
      const response = toResponse(await reply.text(), gate.owner(call.credential))
      const content = complete(response, call.head, translation.answer)
      return { content, headers: toHeaders(translation) }
    },
    async stream(body, call) {
      const translation = translate(body, call)
      const reply = await ask(translation, call, 'streamGenerateContent?alt=sse')
      const stream = new ChatStream(call.head, translation.answer)
      const batches = toChunks(readEvents(reply), stream, gate.owner(call.credential))
      return { content: await begun(batches), headers: toHeaders(translation) }
    },
  }

  function translate(body: unknown, { model }: Call): Translation {
    const { provider } = gate
    return toGemini(body, { provider, model, thoughts, remembered: new Map() })
  }

  async function ask(translation: Translation, call: Call, method: string): Promise<Reply> {
    const reply = await send(translation, call, method)
    if (reply.status === 401 && call.credential === undefined && gate.renew()) {
      // The body of a refused request must be read, or its connection stays taken.
      await reply.text()
      return accepted(await send(translation, call, method), call)
    }
    return accepted(reply, call)
  }

  async function send(
    { request, headers }: Translation,
    call: Call,
    method: string,
  ): Promise<Reply> {
    const credential = await gate.headers(call.credential)
    return transport.post({
      url: gate.url(call.model, method),
      headers: {
        ...headers,
        ...credential,
        'content-type': 'application/json',
        'accept-encoding': 'identity',
      },
      body: JSON.stringify(request),
      signal: call.signal,
    })
  }

  async function accepted(reply: Reply, call: Call): Promise<Reply> {
    if (reply.status === 200) return reply
    const { status } = reply
    const refusal = { status, body: await reply.text(), retryAfter: reply.header('retry-after') }
    throw toApiError(refusal, gate.owner(call.credential))
  }
}

function toResponse(text: string, owner: Owner): GenerateContentResponse {
  const parsed = tryParseJson(text)
  if (!isObject(parsed)) throw badGateway('Gemini’s answer is not JSON. Send the request again.')
  if (parsed.error !== undefined) throw toStreamError(parsed, owner)
  return parsed
}

/** The events of a stream, in batches as they came off the wire. */
async function* readEvents(reply: Reply): AsyncGenerator<string[]> {
  const reader = new EventReader()
  for await (const bytes of reply.bytes()) yield reader.push(bytes)
  yield reader.finish()
}

/** Mostly one response an event; Google writes an array where an error or a proxy dropped `alt=sse`. */
function toResponses(data: string, owner: Owner): GenerateContentResponse[] {
  const parsed = parseEvent(data)
  return (Array.isArray(parsed) ? parsed : [parsed]).map((response) => {
    if (!isObject(response)) throw badGateway('Gemini sent an event that is not a response.')
    if (response.error !== undefined) throw toStreamError(response, owner)
    return response
  })
}

function parseEvent(data: string): unknown {
  try {
    return parseJson(data)
  } catch (cause) {
    throw badGateway('Gemini sent an event that is not JSON. Send the request again.', { cause })
  }
}

/** Drives the translation. An answer that broke off must not look complete: it throws 502. */
async function* toChunks(
  batches: AsyncIterable<string[]>,
  stream: ChatStream,
  owner: Owner,
): ChunkBatches {
  for await (const events of batches) {
    const chunks: ChatChunk[] = []
    try {
      for (const data of events) {
        for (const response of toResponses(data, owner)) chunks.push(...stream.push(response))
      }
    } finally {
      // What came before a failure in the same read is the client's all the same.
      if (chunks.length > 0) yield chunks
    }
  }
  if (!stream.complete) throw interrupted()
  yield stream.finish()
}

/** The same stream, once its first batch is there: until then a failure still has a status. */
async function begun(batches: ChunkBatches): Promise<ChunkBatches> {
  const first = await batches.next()
  return resumed(first, batches)
}

async function* resumed(first: IteratorResult<ChatChunk[]>, rest: ChunkBatches): ChunkBatches {
  try {
    if (first.done !== true) yield first.value
    yield* rest
  } finally {
    // Whoever stops reading early ends the upstream's answer too.
    await rest.return(undefined)
  }
}

/** What was left out or mended, by name: nothing is lost silently. */
function toHeaders({ ignored, repairs }: Translation): Record<string, string> {
  const names = ignored.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, 32)
  return {
    ...(names.length > 0 && { 'x-pollux-ignored': names.join(', ') }),
    ...(repairs.length > 0 && { 'x-pollux-repaired': repairs.join(', ') }),
  }
}
