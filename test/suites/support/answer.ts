import type { RawReply } from '../../support/raw-client.ts'
import { isRecord } from '../../support/shared.ts'

/** What a client ends up with, and every rule of OpenAI's that the answer breaks. */
export interface Seen {
  status: number
  headers: Headers
  /** The text of the first choice. */
  text: string
  /** The reasons that choices ended with, in the order of their ends. */
  finished: string[]
  /** The body's error, or the one that ended a stream. */
  error: SeenError | undefined
  /** Comments in a stream: what keeps proxies from cutting it. */
  comments: number
  /** The chunks of a stream as they came. */
  chunks: Record<string, unknown>[]
  /** The whole answer as it came. */
  completion: unknown
  complaints: string[]
}

export interface SeenError {
  message: string
  type: string
  code: string | null
  param: string | null
}

/** What holds of any answer: whole or streamed, finished or failed. */
export function readAnswer(reply: RawReply): Seen {
  const { status, headers, body } = reply
  const type = headers.get('content-type') ?? ''
  const read =
    status === 200 && type.startsWith('text/event-stream') ? readStream(body) : readBody(reply)
  const expected = read.streamed ? 'text/event-stream' : 'application/json'
  const mistyped = type.startsWith(expected) ? [] : [`its content-type is ${type}`]
  const { streamed: _, complaints, ...rest } = read
  return { status, headers, ...rest, complaints: [...mistyped, ...complaints] }
}

interface Read extends Omit<Seen, 'status' | 'headers'> {
  streamed: boolean
}

function readBody({ status, body }: RawReply): Read {
  const parsed = tryParse(body)
  const nothing = {
    streamed: false,
    text: '',
    finished: [],
    error: undefined,
    comments: 0,
    chunks: [],
    completion: undefined,
  }
  if (parsed === undefined) return { ...nothing, complaints: [`no JSON: ${brief(body)}`] }
  if (status === 200) return { ...nothing, ...readCompletion(parsed), completion: parsed }
  const complaints = complaintsOfError(parsed)
  if (status < 400) complaints.push(`an error with status ${status}`)
  return { ...nothing, error: errorIn(parsed), complaints }
}

/** What is wrong with a body that is to be OpenAI's error. */
export function complaintsOfError(body: unknown): string[] {
  const error = isRecord(body) ? body.error : undefined
  if (!isRecord(error)) return [`no error object: ${brief(body)}`]
  const { message, type, param, code } = error
  const right =
    isText(message) && isText(type) && isTextOrNull(param) && isTextOrNull(code) && message !== ''
  return right ? [] : [`not an error as OpenAI writes it: ${brief(error)}`]
}

function errorIn(body: unknown): SeenError | undefined {
  const error = isRecord(body) ? body.error : undefined
  if (!isRecord(error)) return undefined
  const { message, type, code, param } = error
  return {
    message: String(message),
    type: String(type),
    code: isText(code) ? code : null,
    param: isText(param) ? param : null,
  }
}

function readCompletion(body: unknown): Pick<Seen, 'text' | 'finished' | 'complaints'> {
  const complaints = complaintsOfEnvelope(body, 'chat.completion')
  const choices = recordsIn(body, 'choices')
  if (choices.length === 0) complaints.push('no choice')
  const indexes = choices.map(({ index }) => index)
  if (!indexes.every(isCount) || new Set(indexes).size < indexes.length)
    complaints.push(`choices are numbered ${brief(indexes)}`)
  for (const { message, finish_reason: reason, logprobs } of choices) {
    complaints.push(...complaintsOfMessage(message), ...complaintsOfLogprobs(logprobs))
    if (!isReason(reason)) complaints.push(`ends in ${brief(reason)}`)
  }
  if (isRecord(body)) complaints.push(...complaintsOfUsage(body.usage))
  const [first] = choices
  return {
    text: isRecord(first?.message) && isText(first.message.content) ? first.message.content : '',
    finished: choices.map((choice) => String(choice.finish_reason)),
    complaints,
  }
}

function complaintsOfEnvelope(body: unknown, object: string): string[] {
  if (!isRecord(body)) return [`not an object: ${brief(body)}`]
  const { id, created, model } = body
  const right =
    body.object === object &&
    isText(id) &&
    id !== '' &&
    isCount(created) &&
    isText(model) &&
    isRecords(body.choices)
  return right ? [] : [`not a ${object}: ${brief(body)}`]
}

function complaintsOfMessage(message: unknown): string[] {
  if (!isRecord(message)) return [`no message: ${brief(message)}`]
  const { role, content, refusal, tool_calls: calls = [], reasoning_content: thought } = message
  const right =
    role === 'assistant' &&
    isTextOrNull(content) &&
    isTextOrNull(refusal) &&
    isTextOrAbsent(thought) &&
    isRecords(calls) &&
    calls.every(isWholeCall)
  return [...(right ? [] : [`not a message: ${brief(message)}`]), ...complaintsOfExtras(message)]
}

function isWholeCall({ id, type, function: called, custom }: Record<string, unknown>): boolean {
  if (!isText(id) || id === '') return false
  if (type === 'custom') return isRecord(custom) && isText(custom.name) && isText(custom.input)
  return type === 'function' && isRecord(called) && isText(called.name) && isText(called.arguments)
}

/** What messages and deltas have in common beside their words. */
function complaintsOfExtras({
  annotations = [],
  images = [],
  audio,
}: Record<string, unknown>): string[] {
  const cited = isRecords(annotations) && annotations.every(isCitation)
  const painted = isRecords(images) && images.every(isImage)
  const spoken = audio === undefined || audio === null || isRecord(audio)
  return [
    ...(cited ? [] : [`not annotations: ${brief(annotations)}`]),
    ...(painted ? [] : [`not images: ${brief(images)}`]),
    ...(spoken ? [] : [`not audio: ${brief(audio)}`]),
  ]
}

function isCitation({ type, url_citation: cited }: Record<string, unknown>): boolean {
  if (type !== 'url_citation' || !isRecord(cited)) return false
  const { start_index: start, end_index: end, url, title } = cited
  return isCount(start) && isCount(end) && start <= end && isText(url) && isText(title)
}

function isImage({ image_url: image }: Record<string, unknown>): boolean {
  return isRecord(image) && isText(image.url) && image.url.startsWith('data:')
}

function complaintsOfLogprobs(logprobs: unknown): string[] {
  if (logprobs === null || logprobs === undefined) return []
  const right = isRecord(logprobs) && isRecords(logprobs.content) && logprobs.content.every(isToken)
  return right ? [] : [`not log probabilities: ${brief(logprobs)}`]
}

function isToken({ token, logprob, top_logprobs: top = [] }: Record<string, unknown>): boolean {
  return isText(token) && typeof logprob === 'number' && isRecords(top) && top.every(isToken)
}

function complaintsOfUsage(usage: unknown): string[] {
  if (!isRecord(usage)) return [`no usage: ${brief(usage)}`]
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage
  const { prompt_tokens_details: read = {}, completion_tokens_details: written = {} } = usage
  const right =
    [prompt, completion, total].every(isCount) &&
    isRecord(read) &&
    isRecord(written) &&
    [...Object.values(read), ...Object.values(written)].every(isCount)
  return right ? [] : [`not a usage: ${brief(usage)}`]
}

/** The events of a stream, and the rules that hold between them. */
function readStream(body: string): Read {
  const { chunks, error, comments, complaints } = readEvents(body)
  const choices = new Map<unknown, StreamedChoice>()
  const heads = new Set<string>()
  for (const chunk of chunks) {
    complaints.push(...complaintsOfEnvelope(chunk, 'chat.completion.chunk'))
    heads.add(JSON.stringify([chunk.id, chunk.created, chunk.model]))
    for (const choice of recordsIn(chunk, 'choices')) {
      const known = choices.get(choice.index) ?? new StreamedChoice()
      choices.set(choice.index, known)
      complaints.push(...known.add(choice))
    }
  }
  if (heads.size > 1) complaints.push(`more than one id, time or model: ${[...heads].join(' ')}`)
  complaints.push(...complaintsOfCounting(chunks, error === undefined))
  const all = [...choices.values()]
  if (error === undefined) {
    if (all.length === 0) complaints.push('no choice')
    if (all.some((choice) => choice.reason === undefined)) complaints.push('a choice has no end')
  }
  return {
    streamed: true,
    text: choices.get(0)?.text ?? '',
    finished: all.flatMap((choice) => choice.reason ?? []),
    error,
    comments,
    chunks,
    completion: undefined,
    complaints,
  }
}

/** The frames: comments and data, each with a blank line, and `[DONE]` or an error at the end. */
function readEvents(body: string) {
  const complaints: string[] = []
  if (body !== '' && !body.endsWith('\n\n')) complaints.push(`half an event: ${brief(tail(body))}`)
  const frames = body.split('\n\n').slice(0, -1)
  const events = frames.filter((frame) => !frame.startsWith(':'))
  const strange = events.filter((event) => !/^data: [^\n\r]+$/.test(event))
  if (strange.length > 0) complaints.push(`no event: ${brief(strange[0])}`)
  const data = events.map((event) => event.slice('data: '.length))
  const last = data.at(-1)
  const parsed = data.flatMap((text, at) => {
    if (text === '[DONE]' && at === data.length - 1) return []
    const value = tryParse(text)
    if (value === undefined) complaints.push(`not JSON: ${brief(text)}`)
    return [value]
  })
  const errors = parsed.filter((value) => isRecord(value) && 'error' in value)
  const [failed] = errors
  if (errors.length > 1) complaints.push(`${errors.length} errors`)
  if (failed !== undefined) {
    complaints.push(...complaintsOfError(failed))
    if (last === '[DONE]') complaints.push('[DONE] after an error')
    else if (parsed.at(-1) !== failed) complaints.push('an event after the error')
  } else if (last !== '[DONE]') complaints.push(`neither [DONE] nor an error: ${brief(last)}`)
  const chunks = parsed.filter((value) => isRecord(value)).filter((value) => !('error' in value))
  return { chunks, error: errorIn(failed), comments: frames.length - events.length, complaints }
}

/** Usage comes last, in a chunk without choices, or never; until then it is null. */
function complaintsOfCounting(chunks: Record<string, unknown>[], finished: boolean): string[] {
  const bare = chunks.filter((chunk) => recordsIn(chunk, 'choices').length === 0)
  const counted = chunks.filter(({ usage }) => usage !== undefined && usage !== null)
  const [last] = counted
  if (bare.length === 0 && counted.length === 0) return []
  const right = bare.length === 1 && counted.length === 1 && last === chunks.at(-1) && finished
  if (!right || last !== bare[0]) return ['usage is not the last chunk, alone and once']
  return complaintsOfUsage(last?.usage)
}

/** The deltas of one choice. */
class StreamedChoice {
  text = ''
  reason: string | undefined
  #begun = false
  // Calls count from 0, and begin with their ids.
  #calls = 0

  add({ index, delta, finish_reason: reason, logprobs }: Record<string, unknown>): string[] {
    const complaints: string[] = []
    if (!isCount(index)) complaints.push(`a choice is numbered ${brief(index)}`)
    if (this.reason !== undefined) complaints.push('a choice goes on after its end')
    if (!isRecord(delta)) return [...complaints, `no delta: ${brief(delta)}`]
    const { role, content, refusal, reasoning_content: thought, tool_calls: calls = [] } = delta
    if ((role === 'assistant') === this.#begun) complaints.push('the role is not first and once')
    this.#begun = true
    const spoken = [content, refusal].every((said) => said === undefined || isTextOrNull(said))
    if (!spoken || !isTextOrAbsent(thought)) complaints.push(`not a delta: ${brief(delta)}`)
    if (isText(content)) this.text += content
    complaints.push(...complaintsOfExtras(delta), ...complaintsOfLogprobs(logprobs))
    if (isRecords(calls)) complaints.push(...calls.flatMap((call) => this.#addCall(call)))
    else complaints.push(`not calls: ${brief(calls)}`)
    if (isReason(reason)) this.reason = reason
    else if (reason !== null) complaints.push(`ends in ${brief(reason)}`)
    return complaints
  }

  #addCall(call: Record<string, unknown>): string[] {
    const { index, id, function: called, custom } = call
    if (!isCount(index)) return [`a call is numbered ${brief(index)}`]
    if (index === this.#calls) {
      this.#calls += 1
      return isWholeCall(call) ? [] : [`a call begins as ${brief(call)}`]
    }
    const bits = isRecord(called) ? called.arguments : isRecord(custom) ? custom.input : undefined
    const goesOn = index < this.#calls && id === undefined && isText(bits)
    return goesOn ? [] : [`a call goes on as ${brief(call)}`]
  }
}

const reasons = ['stop', 'length', 'tool_calls', 'content_filter', 'function_call']

function isReason(value: unknown): value is string {
  return isText(value) && reasons.includes(value)
}

function recordsIn(body: unknown, key: string): Record<string, unknown>[] {
  const list = isRecord(body) ? body[key] : undefined
  return isRecords(list) ? list : []
}

function isRecords(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.every(isRecord)
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isTextOrNull(value: unknown): boolean {
  return value === null || isText(value)
}

function isTextOrAbsent(value: unknown): boolean {
  return value === undefined || isText(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function tail(text: string): string {
  return text.slice(-200)
}

/** Short enough for a line of the report. */
export function brief(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}
