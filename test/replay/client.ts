// A client of our own: it takes nothing for granted and says what it did not like.

import { openaiChunk, openaiError, openaiResponse } from '../support/openai-contract.ts'
import { dataOf, joinBase64 } from './oracle.ts'
import type { ExpectedToken } from './oracle.ts'
import type { ChatRequest } from './requests.ts'

/** What a client ends up with, whether it asked for the whole answer or for a stream. */
export interface Answer {
  id: string
  created: number
  model: string
  serviceTier: string | undefined
  choices: AnsweredChoice[]
  usage: WireUsage | undefined
}

export interface AnsweredChoice {
  index: number
  content: string | null
  refusal: string | null
  reasoning: string
  calls: AnsweredCall[]
  images: string[]
  audio: string
  annotations: WireAnnotation[]
  tokens: ExpectedToken[]
  signature: string | undefined
  finishReason: string | null
  extra: GoogleExtra
}

export interface AnsweredCall {
  id: string
  name: string
  arguments: string
  signature: string | undefined
}

export interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number }
  completion_tokens_details?: { reasoning_tokens?: number }
  extra_properties?: { google?: { traffic_type?: string } }
}

export interface WireAnnotation {
  url_citation: { start_index: number; end_index: number; url: string; title: string }
}

export interface GoogleExtra {
  thought?: boolean
  thought_signature?: string
  finish_reason?: string
  finish_message?: string
  block_reason?: string
}

interface Extra {
  extra_content?: { google?: GoogleExtra } | null
}

interface WireCall extends Extra {
  index?: number
  id?: string
  type?: string
  function?: { name?: string; arguments?: string }
}

/** A message, or the piece of one that a delta brings. */
interface WireMessage extends Extra {
  role?: string
  content?: string | null
  refusal?: string | null
  reasoning_content?: string | null
  tool_calls?: WireCall[]
  annotations?: WireAnnotation[]
  images?: { image_url: { url: string } }[]
  audio?: { data?: string } | null
}

interface WireChoice extends Extra {
  index: number
  logprobs?: { content?: ExpectedToken[] | null } | null
  finish_reason: string | null
}

interface Envelope<Choice> {
  id: string
  created: number
  model: string
  object: string
  service_tier?: string | null
  choices: Choice[]
  usage?: WireUsage | null
}

type Completion = Envelope<WireChoice & { message: WireMessage }>
type Chunk = Envelope<WireChoice & { delta: WireMessage }>

export interface WireError {
  error: {
    message: string
    type: string
    param: string | null
    code: string | null
    google?: { status?: string }
  }
}

/** An HTTP answer and everything that is wrong with it, whatever it was expected to say. */
export interface Reply {
  status: number
  headers: Headers
  answer?: Answer
  error?: WireError['error']
  /** The data of each event, for those who want to see how the answer came. */
  events: string[]
  complaints: string[]
}

/** Asks once, reads all, and complains about every breach of OpenAI's contract. */
export async function ask(
  url: string,
  body: ChatRequest,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  })
  const text = await response.text()
  const reply = { status: response.status, headers: response.headers, events: [] }
  const type = response.headers.get('content-type') ?? ''
  const asStream = response.ok && body.stream

  if (!type.startsWith(asStream ? 'text/event-stream' : 'application/json'))
    return { ...reply, complaints: [`content-type is ${type}: ${text.slice(0, 200)}`] }
  if (asStream)
    return { ...reply, ...readStream(text, body.stream_options?.include_usage === true) }
  if (!response.ok) return { ...reply, ...readError(text) }
  const completion: Completion = JSON.parse(text)
  const complaints = openaiResponse(completion)
  if (complaints.length > 0) return { ...reply, complaints }
  return { ...reply, answer: readCompletion(completion), complaints }
}

function readError(json: string): Pick<Reply, 'error' | 'complaints'> {
  const body: WireError = JSON.parse(json)
  const complaints = openaiError(body)
  return complaints.length > 0 ? { complaints } : { error: body.error, complaints }
}

function readCompletion(completion: Completion): Answer {
  return {
    ...readEnvelope(completion),
    usage: completion.usage ?? undefined,
    choices: completion.choices.map((choice) => {
      const { message } = choice
      return {
        index: choice.index,
        content: message.content ?? null,
        refusal: message.refusal ?? null,
        reasoning: message.reasoning_content ?? '',
        calls: (message.tool_calls ?? []).map(readCall),
        images: (message.images ?? []).map((image) => image.image_url.url),
        audio: message.audio?.data ?? '',
        annotations: message.annotations ?? [],
        tokens: choice.logprobs?.content ?? [],
        signature: message.extra_content?.google?.thought_signature,
        finishReason: choice.finish_reason,
        extra: choice.extra_content?.google ?? {},
      }
    }),
  }
}

function readEnvelope({ id, created, model, service_tier }: Envelope<unknown>) {
  return { id, created, model, serviceTier: service_tier ?? undefined }
}

function readCall({ id = '', function: called, extra_content: extra }: WireCall): AnsweredCall {
  return {
    id,
    name: called?.name ?? '',
    arguments: called?.arguments ?? '',
    signature: extra?.google?.thought_signature,
  }
}

function readStream(text: string, usageWanted: boolean) {
  const complaints: string[] = []
  if (!/^(?:(?:data: [^\n]+|:[^\n]*)\n\n)*$/.test(text))
    complaints.push(`not framed as events: ${JSON.stringify(text.slice(-200))}`)
  const events = dataOf(text)
  const last = events.at(-1)

  if (last?.startsWith('{"error"')) {
    const chunks = readChunks(events.slice(0, -1), complaints)
    const failure = readError(last)
    complaints.push(...failure.complaints)
    const answer = chunks.length > 0 ? accumulate(chunks, complaints) : undefined
    return { ...failure, answer, events, complaints }
  }
  if (last !== '[DONE]') complaints.push(`the last event is ${last?.slice(0, 200)}, not [DONE]`)
  const chunks = readChunks(events.slice(0, -1), complaints)
  const answer = accumulate(chunks, complaints)
  complaints.push(...complainAboutUsage(chunks, usageWanted))
  for (const { index, finishReason } of answer.choices)
    if (finishReason === null) complaints.push(`choice ${index} never finished`)
  return { answer, events, complaints }
}

function readChunks(events: string[], complaints: string[]): Chunk[] {
  const chunks: Chunk[] = []
  for (const data of events) {
    const chunk: Chunk = JSON.parse(data)
    const errors = openaiChunk(chunk)
    complaints.push(...errors.map((error) => `${data.slice(0, 200)}: ${error}`))
    if (errors.length === 0) chunks.push(chunk)
  }
  return chunks
}

function accumulate(chunks: Chunk[], complaints: string[]): Answer {
  const choices = new Map<number, AnsweredChoice>()
  const envelopes = new Set(chunks.map(({ id, created, model }) => `${id} ${created} ${model}`))
  if (envelopes.size !== 1) complaints.push(`not one id: ${[...envelopes].join(', ')}`)
  const [head] = chunks
  if (head === undefined) complaints.push('no chunk at all')

  for (const chunk of chunks)
    for (const choice of chunk.choices) {
      const known = choices.get(choice.index)
      if ((known === undefined) !== (choice.delta.role === 'assistant'))
        complaints.push(`role comes ${known ? 'again' : 'not first'} in choice ${choice.index}`)
      const before = known ?? emptyChoice(choice.index)
      choices.set(choice.index, before)
      complaints.push(...add(before, choice))
    }

  return {
    ...(head ? readEnvelope(head) : { id: '', created: 0, model: '' }),
    // Which tier served is known no sooner than the usage.
    serviceTier: chunks.findLast((chunk) => chunk.service_tier)?.service_tier ?? undefined,
    usage: chunks.findLast((chunk) => chunk.usage)?.usage ?? undefined,
    choices: [...choices.values()].toSorted((a, b) => a.index - b.index),
  }
}

function emptyChoice(index: number): AnsweredChoice {
  return {
    index,
    content: '',
    refusal: null,
    reasoning: '',
    calls: [],
    images: [],
    audio: '',
    annotations: [],
    tokens: [],
    signature: undefined,
    finishReason: null,
    extra: {},
  }
}

/** Adds a delta to what came before, and says what is wrong with it. */
function add(
  choice: AnsweredChoice,
  { delta, logprobs, finish_reason, extra_content }: Chunk['choices'][0],
) {
  const complaints: string[] = []
  if (choice.finishReason !== null) complaints.push(`choice ${choice.index} goes on after its end`)
  const { content, reasoning_content: reasoning, refusal, tool_calls: calls = [] } = delta
  const google = delta.extra_content?.google

  const silent = content === '' && !delta.role && !google && !reasoning && calls.length === 0
  if (silent) complaints.push('an empty delta that says nothing')
  if (content === null && !delta.role) complaints.push('content: null in a delta')
  if (reasoning && google?.thought !== true) complaints.push('a thought is not marked as one')

  choice.content += content ?? ''
  choice.reasoning += reasoning ?? ''
  if (refusal) choice.refusal = (choice.refusal ?? '') + refusal
  choice.images.push(...(delta.images ?? []).map((image) => image.image_url.url))
  choice.audio = joinBase64([choice.audio, delta.audio?.data ?? ''])
  choice.annotations.push(...(delta.annotations ?? []))
  choice.tokens.push(...(logprobs?.content ?? []))
  choice.signature = google?.thought_signature ?? choice.signature
  choice.finishReason = finish_reason ?? choice.finishReason
  Object.assign(choice.extra, extra_content?.google)
  for (const call of calls) complaints.push(...addCall(choice.calls, call))
  return complaints
}

function addCall(calls: AnsweredCall[], call: WireCall): string[] {
  const known = calls[call.index ?? -1]
  if (known === undefined) {
    const complete = call.index === calls.length && call.type === 'function'
    calls.push(readCall(call))
    return complete && call.id && call.function?.name ? [] : [`a call begins as ${show(call)}`]
  }
  known.arguments += call.function?.arguments ?? ''
  known.signature ??= call.extra_content?.google?.thought_signature
  return call.id || call.function?.name ? [`a call goes on as ${show(call)}`] : []
}

function complainAboutUsage(chunks: Chunk[], wanted: boolean): string[] {
  const complaints: string[] = []
  const others = wanted ? chunks.slice(0, -1) : chunks
  if (wanted && !(chunks.at(-1)?.usage && chunks.at(-1)?.choices.length === 0))
    complaints.push('the last chunk does not bring the usage alone')
  if (wanted && others.some((chunk) => chunk.usage !== null))
    complaints.push('usage is not null before the last chunk')
  if (!wanted && others.some((chunk) => chunk.usage))
    complaints.push('usage, though nobody asked for it')
  if (others.some((chunk) => chunk.choices.length === 0)) complaints.push('a chunk without choices')
  return complaints
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 200)
}
