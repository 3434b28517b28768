import type { JsonObject } from '../gemini.ts'
import type { FinishReason } from './finish.ts'
import type { Logprobs } from './logprobs.ts'
import { addAll } from '../add-all.ts'
import { joinBase64 } from '../base64.ts'
import type { Usage } from './usage.ts'

/** OpenAI's completion and chunk, with the extras that carry what OpenAI has no word for. */
export interface ChatCompletion extends Envelope {
  object: 'chat.completion'
  choices: Choice[]
  usage?: Usage
}

export interface ChatChunk extends Envelope {
  object: 'chat.completion.chunk'
  choices: ChunkChoice[]
  /** Null on every chunk but the last, where the client asked for usage; else absent. */
  usage?: Usage | null
}

interface Envelope {
  id: string
  /** Unix time in seconds. */
  created: number
  model: string
  system_fingerprint: string
  service_tier?: string
}

export interface Choice {
  index: number
  message: Message
  logprobs: Logprobs | null
  finish_reason: FinishReason
  extra_content?: ExtraContent
}

export interface ChunkChoice {
  index: number
  delta: Delta
  logprobs: Logprobs | null
  finish_reason: FinishReason | null
  extra_content?: ExtraContent
}

export interface ExtraContent {
  google: JsonObject
}

export interface Message {
  role: 'assistant'
  content: string | null
  refusal: string | null
  reasoning_content?: string
  tool_calls?: ToolCall[]
  function_call?: { name: string; arguments: string }
  annotations?: Annotation[]
  images?: Image[]
  audio?: Audio
  extra_content?: ExtraContent
}

export interface Delta {
  role?: 'assistant'
  content?: string | null
  refusal?: string | null
  reasoning_content?: string
  tool_calls?: ToolCallDelta[]
  function_call?: { name?: string; arguments?: string }
  annotations?: Annotation[]
  images?: Image[]
  audio?: Partial<Audio>
  extra_content?: ExtraContent
}

export interface ToolCall {
  id: string
  type: 'function' | 'custom'
  function?: { name: string; arguments: string }
  custom?: { name: string; input: string }
  extra_content?: ExtraContent
}

export interface ToolCallDelta {
  index: number
  id?: string
  type?: 'function' | 'custom'
  function?: { name?: string; arguments?: string }
  custom?: { name?: string; input?: string }
  extra_content?: ExtraContent
}

export interface Annotation {
  type: 'url_citation'
  url_citation: { start_index: number; end_index: number; url: string; title: string }
}

export interface Image {
  type: 'image_url'
  index: number
  image_url: { url: string }
  extra_content?: ExtraContent
}

export interface Audio {
  id: string
  data: string
  expires_at: number
  transcript: string
}

/** Extra content, or nothing where nothing is to be said. */
export function extra(google: Record<string, unknown>): { extra_content?: ExtraContent } {
  // Most texts have nothing of the kind.
  if (Object.values(google).every((value) => value === undefined)) return {}
  const said = Object.entries(google).filter(([, value]) => value !== undefined)
  return { extra_content: { google: Object.fromEntries(said) } }
}

/** The whole answer that a finished stream of chunks makes. */
export function collect(chunks: ChatChunk[]): ChatCompletion {
  const choices = Map.groupBy(
    chunks.flatMap((chunk) => chunk.choices),
    (choice) => choice.index,
  )
  const last = chunks.at(-1)
  if (last === undefined) throw new Error('A stream without chunks makes no answer.')
  const { id, created, model, system_fingerprint, service_tier } = last
  const usage = chunks.findLast((chunk) => chunk.usage)?.usage
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    system_fingerprint,
    ...(service_tier !== undefined && { service_tier }),
    choices: [...choices]
      .toSorted(([a], [b]) => a - b)
      .map(([index, parts]) => toChoice(index, parts)),
    ...(usage && { usage }),
  }
}

function toChoice(index: number, parts: ChunkChoice[]): Choice {
  const end = parts.findLast((part) => part.finish_reason !== null)
  const logprobs = parts.flatMap((part) => part.logprobs?.content ?? [])
  const extra = end?.extra_content
  return {
    index,
    message: toMessage(parts.map((part) => part.delta)),
    logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
    finish_reason: end?.finish_reason ?? 'stop',
    ...(extra && { extra_content: extra }),
  }
}

function toMessage(deltas: Delta[]): Message {
  let text = ''
  let refusal: string | null = null
  let reasoning = ''
  const pieces: ToolCallDelta[] = []
  const legacy: NonNullable<Delta['function_call']>[] = []
  const annotations: Annotation[] = []
  const images: Image[] = []
  const audio: Partial<Audio>[] = []
  for (const delta of deltas) {
    text += delta.content ?? ''
    reasoning += delta.reasoning_content ?? ''
    if (delta.refusal) refusal = (refusal ?? '') + delta.refusal
    addAll(pieces, delta.tool_calls)
    if (delta.function_call !== undefined) legacy.push(delta.function_call)
    addAll(annotations, delta.annotations)
    addAll(images, delta.images)
    if (delta.audio !== undefined) audio.push(delta.audio)
  }
  const calls = toToolCalls(pieces)
  const extra = toExtra(deltas)
  const besides = [refusal, calls[0], legacy[0], images[0], audio[0]].some(Boolean)
  return {
    role: 'assistant',
    content: text === '' && besides ? null : text,
    refusal,
    ...(reasoning !== '' && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(legacy.length > 0 && {
      function_call: {
        name: join(legacy.map((call) => call.name)),
        arguments: join(legacy.map((call) => call.arguments)),
      },
    }),
    ...(annotations.length > 0 && { annotations }),
    ...(images.length > 0 && { images }),
    ...(audio.length > 0 && { audio: toAudio(audio) }),
    ...(extra && { extra_content: extra }),
  }
}

function toToolCalls(deltas: ToolCallDelta[]): ToolCall[] {
  if (deltas.length === 0) return []
  return [...Map.groupBy(deltas, (delta) => delta.index).values()].map((parts) => {
    const [first] = parts
    const extra = parts.findLast((part) => part.extra_content)?.extra_content
    const base = { id: first?.id ?? '', ...(extra && { extra_content: extra }) }
    if (first?.type === 'custom') {
      const name = join(parts.map((part) => part.custom?.name))
      return {
        ...base,
        type: 'custom',
        custom: { name, input: join(parts.map((part) => part.custom?.input)) },
      }
    }
    const name = join(parts.map((part) => part.function?.name))
    const args = join(parts.map((part) => part.function?.arguments))
    return { ...base, type: 'function', function: { name, arguments: args } }
  })
}

/** A delta's `thought` speaks of that delta alone; the rest is the message's. */
function toExtra(deltas: Delta[]): ExtraContent | undefined {
  let google: JsonObject = {}
  for (const { extra_content } of deltas) {
    if (extra_content === undefined) continue
    const { thought: _, ...rest } = extra_content.google
    google = { ...google, ...rest }
  }
  return Object.keys(google).length > 0 ? { google } : undefined
}

function toAudio(deltas: Partial<Audio>[]): Audio {
  const { id = '', expires_at = 0 } = deltas.reduce((known, delta) => ({ ...known, ...delta }), {})
  const data = joinBase64(deltas.flatMap((delta) => delta.data ?? []))
  return { id, data, expires_at, transcript: '' }
}

function join(texts: (string | null | undefined)[]): string {
  return texts.map((text) => text ?? '').join('')
}
