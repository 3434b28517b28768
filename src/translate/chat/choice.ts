import type { Candidate, FunctionCall, Part, PromptFeedback } from '../gemini.ts'
import { isObject } from '../json.ts'
import { Citations, codePoints } from './annotations.ts'
import { ArgumentsWriter } from './arguments.ts'
import { toCallId } from './call-id.ts'
import { isPlain, toFinishReason } from './finish.ts'
import { toSnakeKeys } from './google.ts'
import { toLogprobs } from './logprobs.ts'
import { toAudioDelta, toImage } from './media-out.ts'
import type { AnswerOptions } from './request.ts'
import type { ChunkChoice, Delta, ExtraContent, ToolCallDelta } from './response.ts'
import { closeTag, openTag } from './thoughts.ts'

/** The answer that a choice belongs to, for the ids of its calls. */
export interface Answer {
  id: string
  created: number
}

/** One of Gemini's candidates -> the deltas of one choice, part by part, in order. */
export class ChoiceStream {
  readonly #index: number
  readonly #answer: Answer
  readonly #options: AnswerOptions
  /** Whether the role went out: once, with the first delta. */
  #started = false
  /** Whether the last text was a thought: the first visible word then closes it. */
  #thinking = false
  /** Calls so far: their index counts on over events, and they decide the finish reason. */
  #calls = 0
  /** Arguments that are still coming: the writer knows how much of them the client has. */
  #open: ArgumentsWriter | undefined
  /** Whether the client saw anything: an answer that was filtered whole is a refusal. */
  #answered = false
  /** Gemini may say more than once why it stops, and go on after the first time. */
  #finishReason: string | undefined
  #finishMessage: string | undefined
  /** What was searched and read, in Gemini's own words; it may come in any event. */
  #findings: Record<string, unknown> = {}
  readonly #citations = new Citations()
  /** Code points of `content` that are thoughts and tags, which citations do not count. */
  #hidden = 0
  #images = 0

  constructor(index: number, answer: Answer, options: AnswerOptions) {
    this.#index = index
    this.#answer = answer
    this.#options = options
  }

  get finished(): boolean {
    return this.#finishReason !== undefined
  }

  push(candidate: Candidate): ChunkChoice[] {
    const { finishReason, finishMessage, content, logprobsResult } = candidate
    if (finishReason !== undefined) {
      this.#finishReason = finishReason
      this.#finishMessage = finishMessage
    }
    this.#citations.add(candidate)
    this.#findings = { ...this.#findings, ...toFindings(candidate) }
    const deltas = (content?.parts ?? []).flatMap((part) => this.#toDeltas(part))
    const chunks = deltas.flatMap((delta) => this.#toChunks(delta))
    const logprobs = toLogprobs(logprobsResult, this.#options.topLogprobs)
    if (logprobs === null) return chunks
    // They belong to the event as a whole: the last of its deltas carries them.
    const carriers = chunks.length > 0 ? chunks : this.#toChunks({})
    return carriers.map((chunk, at) =>
      at === carriers.length - 1 ? { ...chunk, logprobs } : chunk,
    )
  }

  finish(blocked: PromptFeedback | undefined): ChunkChoice[] {
    const native = blocked === undefined ? this.#finishReason : 'PROHIBITED_CONTENT'
    const reason = toFinishReason(native, this.#calls > 0, this.#options.legacy)
    const refused = reason === 'content_filter' && !this.#answered
    const annotations = this.#citations.toAnnotations()
    const closing: Delta[] = [
      ...this.#endCall(),
      ...this.#endThought(),
      ...(refused ? [{ refusal: blocked ? toBlockedText(blocked) : this.#toRefusal() }] : []),
      ...(annotations.length > 0 ? [{ annotations }] : []),
      ...(Object.keys(this.#findings).length > 0
        ? [{ extra_content: { google: this.#findings } }]
        : []),
    ]
    const chunks = closing.flatMap((delta) => this.#toChunks(delta))
    // A choice in which nothing came still has its role, and a text that is empty.
    const started = this.#started
      ? []
      : [this.#toChoice({ role: 'assistant', content: '', refusal: null })]
    const extra = blocked ? toBlockedExtra(blocked) : this.#toFinishExtra()
    const end = {
      ...this.#toChoice({}),
      finish_reason: reason,
      ...(extra && { extra_content: extra }),
    }
    return [...started, ...chunks, end]
  }

  #toDeltas(part: Part): Delta[] {
    if (part.functionCall !== undefined)
      return this.#toCallDeltas(part.functionCall, part.thoughtSignature)
    if (part.inlineData !== undefined) return this.#toMediaDeltas(part)
    const text = toText(part)
    if (text === undefined) return this.#toNativeDeltas(part)
    if (part.thought === true) return this.#toThoughtDeltas(text, part.thoughtSignature)
    return this.#toTextDeltas(text, part.thoughtSignature)
  }

  #toTextDeltas(text: string, signature: string | undefined): Delta[] {
    if (text === '')
      return signature === undefined
        ? []
        : [{ content: '', ...extra({ thought_signature: signature }) }]
    const { thoughts } = this.#options
    const tagged = this.#thinking && thoughts.to === 'tags' ? closeTag(thoughts.marker) : ''
    // Untagged, only this flag tells where the thoughts end.
    const visible = this.#thinking && thoughts.to === 'content' ? false : undefined
    this.#thinking = false
    this.#answered = true
    this.#hidden += tagged.length
    this.#citations.addText(text, this.#hidden)
    return [
      {
        content: tagged + text,
        ...extra({ thought: visible, thought_signature: signature }),
      },
    ]
  }

  #toThoughtDeltas(text: string, signature: string | undefined): Delta[] {
    const { thoughts } = this.#options
    if (thoughts.to === 'nowhere' || text === '') {
      return signature === undefined
        ? []
        : [{ content: '', ...extra({ thought_signature: signature }) }]
    }
    const tag = thoughts.to === 'tags' && !this.#thinking ? openTag(thoughts.marker) : ''
    this.#thinking = true
    const besides = extra({ thought: true, thought_signature: signature })
    if (thoughts.to === 'reasoning_content') return [{ reasoning_content: text, ...besides }]
    this.#hidden += codePoints(tag + text)
    return [{ content: tag + text, ...besides }]
  }

  /** Closes the tag where something other than text follows, or nothing. */
  #endThought(): Delta[] {
    const { thoughts } = this.#options
    if (!this.#thinking || thoughts.to !== 'tags') return []
    this.#thinking = false
    const tag = `</${thoughts.marker}>`
    this.#hidden += tag.length
    return [{ content: tag }]
  }

  #toCallDeltas(call: FunctionCall, signature: string | undefined): Delta[] {
    const { name, args, id, partialArgs = [], willContinue } = call
    if (name === undefined) return this.#continueCall(call)
    const before = [...this.#endCall(), ...this.#endThought()]
    if (this.#options.single && this.#calls > 0) return before
    const index = this.#calls
    this.#calls += 1
    this.#answered = true
    const callId = toCallId(id, this.#answer.id, this.#index, index)
    const besides = extra({ thought_signature: signature })
    const named = this.#options.names.toClient(name)
    const streamed = willContinue === true || (partialArgs.length > 0 && args === undefined)
    this.#open = streamed ? new ArgumentsWriter() : undefined
    const written = streamed ? (this.#open?.push(partialArgs) ?? '') : JSON.stringify(args ?? {})
    const first = this.#toCall(index, callId, named, written, args ?? {}, besides)
    const ended = streamed && willContinue !== true ? this.#endCall() : []
    return [...before, first, ...ended]
  }

  #toCall(
    index: number,
    id: string,
    name: string,
    written: string,
    args: Record<string, unknown>,
    besides: { extra_content?: ExtraContent },
  ): Delta {
    if (this.#options.legacy) return { function_call: { name, arguments: written }, ...besides }
    const call: ToolCallDelta = this.#options.custom.has(name)
      ? { index, id, type: 'custom', custom: { name, input: toInput(args) } }
      : { index, id, type: 'function', function: { name, arguments: written } }
    return { tool_calls: [{ ...call, ...besides }] }
  }

  #continueCall({ partialArgs = [], willContinue }: FunctionCall): Delta[] {
    if (this.#open === undefined) return []
    const more = this.#open.push(partialArgs)
    return [...this.#toArguments(more), ...(willContinue === true ? [] : this.#endCall())]
  }

  /** Closes the arguments of a call whose end Gemini did not say. */
  #endCall(): Delta[] {
    const rest = this.#open?.end() ?? ''
    this.#open = undefined
    return this.#toArguments(rest)
  }

  #toArguments(text: string): Delta[] {
    if (text === '') return []
    if (this.#options.legacy) return [{ function_call: { arguments: text } }]
    return [{ tool_calls: [{ index: this.#calls - 1, function: { arguments: text } }] }]
  }

  #toMediaDeltas({ inlineData, thought, thoughtSignature }: Part): Delta[] {
    if (inlineData === undefined) return []
    // Pictures that the model thinks in are not its answer; those of a filtered one must not leak.
    const filtered = toFinishReason(this.#finishReason, false, false) === 'content_filter'
    if (filtered || (thought === true && this.#options.thoughts.to === 'nowhere')) return []
    this.#answered = true
    const before = this.#endThought()
    const { audioFormat } = this.#options
    if (inlineData.mimeType.startsWith('audio/')) {
      const besides = extra({ thought_signature: thoughtSignature })
      return [...before, { audio: toAudioDelta(inlineData, audioFormat, this.#answer), ...besides }]
    }
    const image = toImage(inlineData, this.#images, thoughtSignature)
    this.#images += 1
    return [...before, { images: [image] }]
  }

  /** Parts that OpenAI has no word for travel on as they are. */
  #toNativeDeltas(part: Part): Delta[] {
    return Object.keys(part).length === 0 ? [] : [{ extra_content: { google: { parts: [part] } } }]
  }

  #toRefusal(): string {
    return this.#finishMessage || `The response was blocked (${this.#finishReason}).`
  }

  #toFinishExtra(): ExtraContent | undefined {
    if (isPlain(this.#finishReason)) return undefined
    const message = this.#finishMessage === undefined ? {} : { finish_message: this.#finishMessage }
    return { google: { finish_reason: this.#finishReason, ...message } }
  }

  /** The first delta carries the role, beside a content that is null where a call or nothing follows. */
  #toChunks(delta: Delta): ChunkChoice[] {
    if (this.#started) return [this.#toChoice(delta)]
    this.#started = true
    const spoken = delta.content !== undefined || delta.reasoning_content !== undefined
    const role: Delta = { role: 'assistant', content: spoken ? '' : null, refusal: null }
    return [this.#toChoice(role), this.#toChoice(delta)]
  }

  #toChoice(delta: Delta): ChunkChoice {
    return { index: this.#index, delta, logprobs: null, finish_reason: null }
  }
}

/** The words of a part, code and its output included; undefined where it has none. */
function toText({ text, executableCode, codeExecutionResult }: Part): string | undefined {
  if (executableCode !== undefined) {
    const language = (executableCode.language ?? 'PYTHON').toLowerCase()
    return `\`\`\`${language}\n${executableCode.code ?? ''}\n\`\`\`\n`
  }
  if (codeExecutionResult !== undefined)
    return `\`\`\`\n${codeExecutionResult.output ?? ''}\n\`\`\`\n`
  return text
}

function toInput({ input }: Record<string, unknown>): string {
  return typeof input === 'string' ? input : JSON.stringify(input ?? '')
}

/** Extra content, or nothing where nothing is to be said. */
function extra(google: Record<string, unknown>): { extra_content?: ExtraContent } {
  const said = Object.entries(google).filter(([, value]) => value !== undefined)
  return said.length > 0 ? { extra_content: { google: Object.fromEntries(said) } } : {}
}

/** What Gemini tells of its searching and reading, in the snake_case of its OpenAI endpoint. */
function toFindings(candidate: Candidate): Record<string, unknown> {
  const { groundingMetadata, citationMetadata, urlContextMetadata } = candidate
  return {
    ...(isObject(groundingMetadata) && { grounding_metadata: toSnakeKeys(groundingMetadata) }),
    ...(isObject(citationMetadata) && { citation_metadata: toSnakeKeys(citationMetadata) }),
    ...(isObject(urlContextMetadata) && { url_context_metadata: toSnakeKeys(urlContextMetadata) }),
  }
}

function toBlockedText({ blockReason, blockReasonMessage }: PromptFeedback): string {
  const why = blockReasonMessage ? ` ${blockReasonMessage}` : ''
  return `The prompt was blocked by Gemini: ${blockReason}.${why}`
}

function toBlockedExtra({ blockReason, safetyRatings }: PromptFeedback): ExtraContent {
  const ratings = safetyRatings === undefined ? {} : { safety_ratings: safetyRatings }
  return { google: { block_reason: blockReason, ...ratings } }
}
