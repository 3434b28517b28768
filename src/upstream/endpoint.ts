import { ApiError, badGateway, interrupted, invalidRequest } from '../errors.ts'
import { toEndpointError } from '../translate/endpoint-error.ts'
import { readTokens, type Tokens } from '../translate/chat/usage.ts'
import { isObject, tryParseJson } from '../translate/json.ts'
import type { Owner } from '../translate/status.ts'
import type { Backend, Call } from './backend.ts'
import { type Hearing, readEvents } from './events.ts'
import type { Ask, Target, Telling } from './record.ts'
import { resumed } from './source.ts'
import type { Reply } from './exchange.ts'
import type { Transport } from './transport.ts'

export interface EndpointSettings {
  /** Where chat completions are, e.g. `https://…/endpoints/123/chat/completions`. */
  url: string
  /** `credential` is the client's own, where it passes through. */
  headers: (
    credential: string | undefined,
  ) => Record<string, string> | Promise<Record<string, string>>
  /** The credential in these headers was refused: get another. False where there is no other. */
  renew: (refused: Record<string, string>) => boolean
  /** Whose credential the endpoint sees. */
  owner: (credential: string | undefined) => Owner
  /** The name that the endpoint knows its model by; undefined leaves it out. */
  model: string | undefined
  provider: Target['provider']
  transport: Transport
}

/**
 * A model that speaks OpenAI's words itself: a container of ours on Vertex AI (vLLM, TGI) or a
 * partner's model. The body goes on as it came but for the name, and the answer comes back likewise.
 */
export function endpointBackend(settings: EndpointSettings): Backend {
  const { url, headers, renew, owner, model, provider, transport } = settings
  return {
    async complete(body, call) {
      const reply = await ask(body, call)
      const answer = readAnswer(await reply.text(), owner(call.credential), reply)
      if (!Array.isArray(answer.choices)) throw notAnAnswer()
      const telling: Telling = { tokens: undefined, finishReasons: [], servedModel: undefined }
      note(answer, telling)
      call.record.hear(telling)
      return { content: { ...answer, model: call.head.model }, headers: {} }
    },
    async stream(body, call) {
      const reply = await ask(body, call)
      const silent = unasked(body, call)
      const chunks = new Chunks(reply, call.head.model, owner(call.credential), silent)
      call.record.hear(chunks)
      const batches = readEvents(reply.body, chunks)
      const first = await batches.next()
      return { content: resumed(first, batches), headers: {} }
    },
  }

  async function ask(body: unknown, call: Call): Promise<Reply> {
    const { record } = call
    if (!isObject(body)) throw invalidRequest('Send a JSON object.')
    const sent = JSON.stringify({
      ...body,
      model,
      ...(unasked(body, call) && askingForUsage(body)),
    })
    const target = { provider, model: model ?? call.model, place: '', url }
    for (let renewed = false; ; renewed = true) {
      const credential = await record.waiting.for(headers(call.credential))
      const ask = record.ask(target)
      try {
        const reply = await send(sent, credential, call, ask)
        record.answered(ask)
        return reply
      } catch (error) {
        record.failed(ask, error)
        const refused = error instanceof ApiError && error.code === 'upstream_authentication_error'
        const again = refused && !renewed && call.credential === undefined && renew(credential)
        if (!again) throw error
      }
    }
  }

  async function send(
    body: string,
    credential: Record<string, string>,
    call: Call,
    { arrival, traceparent }: Ask,
  ): Promise<Reply> {
    const { record, signal } = call
    const reply = await transport.post({
      url,
      headers: {
        ...credential,
        'content-type': 'application/json',
        'accept-encoding': 'identity',
        ...(traceparent !== undefined && { traceparent }),
      },
      body,
      signal,
      waiting: record.waiting,
      arrival,
    })
    if (reply.status === 200) return reply
    const refusal = {
      status: reply.status,
      body: reply.redact(await reply.text()),
      retryAfter: reply.header('retry-after'),
    }
    throw toEndpointError(refusal, owner(call.credential))
  }
}

/**
 * Hears the chunks as they came, under the name the client knows, and tells what they say of the cost
 * and the end.
 */
class Chunks implements Hearing<string>, Telling {
  tokens: Tokens | undefined
  readonly finishReasons: string[] = []
  servedModel: string | undefined
  readonly #reply: Reply
  readonly #model: string
  readonly #owner: Owner
  readonly #silent: boolean

  /** `silent`: the client did not ask what it costs. */
  constructor(reply: Reply, model: string, owner: Owner, silent: boolean) {
    this.#silent = silent
    this.#reply = reply
    this.#model = model
    this.#owner = owner
  }

  hear(data: string, heard: string[]): boolean {
    if (data.trim() === '[DONE]') return true
    const chunk = readAnswer(data, this.#owner, this.#reply)
    if (!Array.isArray(chunk.choices)) throw notAnAnswer()
    note(chunk, this)
    if (this.#silent) {
      delete chunk.usage
      // Such a chunk is there for the usage alone.
      if (chunk.choices.length === 0) return false
    }
    heard.push(JSON.stringify({ ...chunk, model: this.#model }))
    return false
  }

  end(): void {
    // Some servers forget `[DONE]`, but none forgets to say why it stopped.
    if (this.finishReasons.length === 0) throw interrupted()
  }
}

/** Whether a stream is to be counted, and its client did not ask for the count. */
function unasked(body: unknown, { record }: Call): boolean {
  if (!record.accounted || !record.streamed || !isObject(body)) return false
  const { stream_options: options } = body
  return !(isObject(options) && options.include_usage === true)
}

function askingForUsage({ stream_options: options }: { [key: string]: unknown }) {
  return { stream_options: { ...(isObject(options) && options), include_usage: true } }
}

/** An answer or a piece of one. An error may come under a 200, too. */
function readAnswer(text: string, owner: Owner, reply: Reply): { [key: string]: unknown } {
  const answer = tryParseJson(text)
  if (!isObject(answer)) throw notAnAnswer()
  if (answer.error !== undefined || answer.object === 'error') {
    throw toEndpointError({ status: statusOf(answer), body: reply.redact(text) }, owner)
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

/** Writes down what an answer, or a piece of it, says of its cost and its end. */
function note(said: { [key: string]: unknown }, telling: Telling): void {
  telling.tokens = readTokens(said.usage) ?? telling.tokens
  // Servers that are asked under no name may answer with anything.
  if (typeof said.model === 'string') telling.servedModel ??= said.model.slice(0, 128)
  for (const choice of Array.isArray(said.choices) ? said.choices : []) {
    if (telling.finishReasons.length === mostChoices) return
    const reason = isObject(choice) ? choice.finish_reason : undefined
    // OpenAI's word, or one of the server's own: nothing long.
    if (typeof reason === 'string') telling.finishReasons.push(reason.slice(0, 64))
  }
}

/** More choices than anybody asks for. */
const mostChoices = 128
