import { type ApiError, badGateway, interrupted, invalidRequest } from '../errors.ts'
import { toEndpointError } from '../translate/endpoint-error.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import type { Owner } from '../translate/status.ts'
import type { Backend, Batches, Call } from './backend.ts'
import { EventReader } from './sse.ts'
import { resumed } from './source.ts'
import type { Reply, Transport } from './transport.ts'

export interface EndpointSettings {
  /** Where chat completions are, e.g. `https://…/endpoints/123/chat/completions`. */
  url: string
  /** `credential` is the client's own, where it passes through. */
  headers: (credential: string | undefined) => Promise<Record<string, string>>
  /** The credential in these headers was refused: get another. False where there is no other. */
  renew: (refused: Record<string, string>) => boolean
  /** Whose credential the endpoint sees. */
  owner: (credential: string | undefined) => Owner
  /** The name that the endpoint knows its model by; undefined leaves it out. */
  model: string | undefined
  transport: Transport
}

/**
 * A model that speaks OpenAI's words itself: a container of ours on Vertex AI (vLLM, TGI) or a
 * partner's model. The body goes on as it came but for the name, and the answer comes back likewise.
 */
export function endpointBackend(settings: EndpointSettings): Backend {
  const { url, headers, renew, owner, model, transport } = settings
  return {
    async complete(body, call) {
      const reply = await ask(body, call)
      const answer = readAnswer(await reply.text(), owner(call.credential), reply)
      if (!Array.isArray(answer.choices)) throw notAnAnswer()
      return { content: { ...answer, model: call.head.model }, headers: {} }
    },
    async stream(body, call) {
      const batches = toBatches(await ask(body, call), call.head.model, owner(call.credential))
      const first = await batches.next()
      return { content: resumed(first, batches), headers: {} }
    },
  }

  async function ask(body: unknown, call: Call): Promise<Reply> {
    if (!isObject(body)) throw invalidRequest('Send a JSON object.')
    const sent = JSON.stringify({ ...body, model })
    for (let renewed = false; ; renewed = true) {
      const credential = await headers(call.credential)
      const reply = await transport.post({
        url,
        headers: {
          ...credential,
          'content-type': 'application/json',
          'accept-encoding': 'identity',
        },
        body: sent,
        signal: call.signal,
      })
      if (reply.status === 200) return reply
      const refusal = {
        status: reply.status,
        body: reply.redact(await reply.text()),
        retryAfter: reply.header('retry-after'),
      }
      const again =
        reply.status === 401 && !renewed && call.credential === undefined && renew(credential)
      if (!again) throw toEndpointError(refusal, owner(call.credential))
    }
  }
}

/** The chunks as they came, under the name the client knows. A stream that just stops has broken off. */
function toBatches(reply: Reply, model: string, owner: Owner): Batches {
  const { body } = reply
  const reader = new EventReader()
  let finished = false
  let over = false
  let failure: { error: unknown } | undefined
  return { next, cancel: () => body.cancel() }

  async function next(): Promise<string[] | undefined> {
    while (!over) {
      const bytes = await body.next()
      const chunks: string[] = []
      try {
        const events = bytes === undefined ? reader.finish() : reader.push(bytes)
        for (const data of events) {
          over = data.trim() === '[DONE]'
          if (over) break
          chunks.push(toChunk(data))
        }
        // Some servers forget `[DONE]`, but none forgets to say why it stopped.
        if (bytes === undefined && !over && !finished) throw interrupted()
        over ||= bytes === undefined
      } catch (error) {
        over = true
        failure = { error }
      }
      if (over) body.cancel()
      if (chunks.length > 0) return chunks
    }
    if (failure !== undefined) throw failure.error
    return undefined
  }

  function toChunk(data: string): string {
    const chunk = readAnswer(data, owner, reply)
    if (!Array.isArray(chunk.choices)) throw notAnAnswer()
    finished ||= hasFinished(chunk)
    return JSON.stringify({ ...chunk, model })
  }
}

/** An answer or a piece of one. An error may come under a 200, too. */
function readAnswer(text: string, owner: Owner, { redact }: Reply): { [key: string]: unknown } {
  const answer = tryParseJson(text)
  if (!isObject(answer)) throw notAnAnswer()
  if (answer.error !== undefined || answer.object === 'error') {
    throw toEndpointError({ status: statusOf(answer), body: redact(text) }, owner)
  }
  return answer
}

function notAnAnswer(): ApiError {
  return badGateway('The model’s endpoint sent something that is not a chat completion.')
}

function statusOf(chunk: { [key: string]: unknown }): number {
  const code = isObject(chunk.error) ? chunk.error.code : chunk.code
  return typeof code === 'number' && code >= 400 && code < 600 ? code : 502
}

function hasFinished({ choices }: { [key: string]: unknown }): boolean {
  return (
    Array.isArray(choices) &&
    choices.some((choice) => isObject(choice) && typeof choice.finish_reason === 'string')
  )
}
