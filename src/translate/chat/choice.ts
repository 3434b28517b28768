import type { Blob, Candidate, FunctionCall, Part, PromptFeedback } from '../gemini.ts'
import { isObject, tryParseJson } from '../json.ts'
import { Citations, codePoints } from './annotations.ts'
import { ArgumentsWriter } from './arguments.ts'
import { toCallId } from './call-id.ts'
import { isFutile, isPlain, toFinishReason } from './finish.ts'
import { toSnakeKeys } from './google.ts'
import { toLogprobs } from './logprobs.ts'
import { keptSeconds, toImage, toWav } from './media-out.ts'
import type { AnswerOptions } from './request.ts'
import type { ChunkChoice, Delta, ExtraContent } from './response.ts'
import { closeTag, openTag } from './thoughts.ts'
import { wrapper } from './tools.ts'

/** The answer that a choice belongs to, for the ids of its calls. */
export interface Answer {
  id: string
  created: number
}

/** A call as the client knows it, and what Gemini knows it by. */
export interface MadeCall {
  id: string
  nativeId: string | undefined
  signature: string | undefined
}

interface BegunCall {
  index: number
  id: string
  name: string
  besides: { extra_content?: ExtraContent }
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
  readonly #calls: MadeCall[] = []
  /** A call whose arguments are still coming; `held` is what the client gets only at their end. */
  #open: { begun: BegunCall; writer: ArgumentsWriter; held: string | undefined } | undefined
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
  /** The answer's parts as Gemini gave them, for the case that OpenAI has no word for one. */
  #parts: Part[] = []
  #foreign = false
  /** Sound that has to be whole before it can be sent, and whether sound has begun. */
  #sound: Blob[] = []
  #sounding = false

  constructor(index: number, answer: Answer, options: AnswerOptions) {
    this.#index = index
    this.#answer = answer
    this.#options = options
  }

  get finished(): boolean {
    return this.#finishReason !== undefined
  }

  /** The calls so far, with what Gemini wants back with them. */
  get calls(): readonly MadeCall[] {
    return this.#calls
  }

  /** Gemini's reason, where it ended without anything to show in a way that another try may mend. */
  get futile(): string | undefined {
    return !this.#answered && isFutile(this.#finishReason) ? this.#finishReason : undefined
  }

  push(candidate: Candidate): ChunkChoice[] {
    const { finishReason, finishMessage, content, logprobsResult } = candidate
    if (finishReason !== undefined) {
      this.#finishReason = finishReason
      this.#finishMessage = finishMessage
    }
    this.#citations.add(candidate)
    this.#findings = mergeFindings(this.#findings, toFindings(candidate))
    this.#parts = appendParts(this.#parts, content?.parts ?? [])
    const deltas = (content?.parts ?? []).flatMap((part) => {
      this.#citations.beginPart()
      return this.#toDeltas(part)
    })
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
    const reason = toFinishReason(native, this.#calls.length > 0, this.#options.legacy)
    const refused = reason === 'content_filter' && !this.#answered
    const annotations = this.#citations.toAnnotations()
    const closing: Delta[] = [
      ...this.#endCall(),
      ...this.#endThought(),
      ...(refused ? [{ refusal: blocked ? toBlockedText(blocked) : this.#toRefusal() }] : []),
      ...(annotations.length > 0 ? [{ annotations }] : []),
      ...this.#endSound(),
      ...this.#toLastExtra(),
    ]
    const chunks = closing.flatMap((delta) => this.#toChunks(delta))
    // A choice in which nothing came still has its role, and a text that is empty.
    const started = this.#started ? [] : [this.#toChoice(begin)]
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
    if (text === undefined) {
      this.#foreign ||= Object.keys(part).some(
        (key) => key !== 'thoughtSignature' && key !== 'thought',
      )
      // A foreign part takes its signature along.
      return this.#foreign ? [] : this.#toTextDeltas('', part.thoughtSignature)
    }
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
    this.#thinking = false
    this.#answered = true
    this.#hidden += tagged.length
    this.#citations.addText(text, this.#hidden)
    return [
      {
        content: tagged + text,
        ...extra({ thought_signature: signature }),
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
    const { name, args, id: nativeId, partialArgs = [], willContinue } = call
    if (name === undefined) return this.#continueCall(call)
    const before = [...this.#endCall(), ...this.#endThought()]
    if (this.#options.single && this.#calls.length > 0) return before
    const index = this.#calls.length
    const id = toCallId(this.#answer.id, this.#index, index)
    this.#calls.push({ id, nativeId, signature })
    this.#answered = true
    const begun = {
      index,
      id,
      name: this.#options.names.toClient(name),
      besides: extra({ thought_signature: signature }),
    }
    if (args !== undefined || (partialArgs.length === 0 && willContinue !== true)) {
      return [...before, this.#toCall(begun, args ?? {})]
    }
    this.#open = {
      begun,
      writer: new ArgumentsWriter(),
      held: this.#isHeld(begun.name) ? '' : undefined,
    }
    const first = this.#open.held === undefined ? [this.#toFunctionCall(begun, '')] : []
    return [...before, ...first, ...this.#continueCall(call)]
  }

  /** Arguments that the client gets in another form have to be whole first. */
  #isHeld(name: string): boolean {
    return this.#options.custom.has(name) || this.#options.wrapped.has(name)
  }

  #toCall(begun: BegunCall, args: Record<string, unknown>): Delta {
    const { index, id, name, besides } = begun
    if (this.#options.custom.has(name)) {
      const custom = { name, input: toInput(args) }
      return { tool_calls: [{ index, id, type: 'custom', custom, ...besides }] }
    }
    const whole = this.#options.wrapped.has(name) ? (args[wrapper] ?? null) : args
    return this.#toFunctionCall(begun, JSON.stringify(whole))
  }

  #toFunctionCall({ index, id, name, besides }: BegunCall, written: string): Delta {
    const called = { name, arguments: written }
    if (this.#options.legacy) return { function_call: called, ...besides }
    return { tool_calls: [{ index, id, type: 'function', function: called, ...besides }] }
  }

  #continueCall({ partialArgs = [], willContinue }: FunctionCall): Delta[] {
    if (this.#open === undefined) return []
    const more = this.#toArguments(this.#open.writer.push(partialArgs))
    return [...more, ...(willContinue === true ? [] : this.#endCall())]
  }

  /** Closes the arguments of a call, also where Gemini did not say that they end. */
  #endCall(): Delta[] {
    if (this.#open === undefined) return []
    const rest = this.#toArguments(this.#open.writer.end())
    const { begun, held } = this.#open
    this.#open = undefined
    if (held === undefined) return rest
    const args = tryParseJson(held)
    return [this.#toCall(begun, isObject(args) ? args : {})]
  }

  #toArguments(text: string): Delta[] {
    if (this.#open?.held !== undefined) {
      this.#open.held += text
      return []
    }
    if (text === '') return []
    if (this.#options.legacy) return [{ function_call: { arguments: text } }]
    return [{ tool_calls: [{ index: this.#calls.length - 1, function: { arguments: text } }] }]
  }

  #toMediaDeltas({ inlineData, thought, thoughtSignature }: Part): Delta[] {
    if (inlineData === undefined) return []
    // Pictures that the model thinks in are not its answer; those of a filtered one must not leak.
    const filtered = toFinishReason(this.#finishReason, false, false) === 'content_filter'
    if (filtered || (thought === true && this.#options.thoughts.to === 'nowhere')) return []
    this.#answered = true
    const before = this.#endThought()
    if (inlineData.mimeType.startsWith('audio/')) {
      return [...before, ...this.#toSound(inlineData, thoughtSignature)]
    }
    const image = toImage(inlineData, this.#images, thoughtSignature)
    this.#images += 1
    return [...before, { images: [image] }]
  }

  /** Samples go out as they come; a `wav` says its length first, so it waits for all of them. */
  #toSound(sound: Blob, signature: string | undefined): Delta[] {
    const first: Delta[] = this.#sounding ? [] : [{ audio: { id: `audio_${this.#answer.id}` } }]
    this.#sounding = true
    const besides = extra({ thought_signature: signature })
    if (this.#options.audioFormat !== 'wav')
      return [...first, { audio: { data: sound.data }, ...besides }]
    this.#sound.push(sound)
    return signature === undefined ? first : [...first, { content: '', ...besides }]
  }

  #endSound(): Delta[] {
    if (!this.#sounding) return []
    const data = this.#sound.length > 0 ? [{ audio: { data: toWav(this.#sound) } }] : []
    return [...data, { audio: { expires_at: this.#answer.created + keptSeconds } }]
  }

  /**
   * Where OpenAI has no word for a part, the whole turn travels on in Gemini's own: sent back in a
   * history, it is used as it is.
   */
  #toLastExtra(): Delta[] {
    const parts = this.#foreign ? { parts: this.#parts } : {}
    const google = { ...this.#findings, ...parts }
    return Object.keys(google).length > 0 ? [{ extra_content: { google } }] : []
  }

  #toRefusal(): string {
    return this.#finishMessage || `The response was blocked (${this.#finishReason}).`
  }

  #toFinishExtra(): ExtraContent | undefined {
    if (isPlain(this.#finishReason)) return undefined
    const message = this.#finishMessage === undefined ? {} : { finish_message: this.#finishMessage }
    return { google: { finish_reason: this.#finishReason, ...message } }
  }

  /** The role goes first, in a delta of its own. */
  #toChunks(delta: Delta): ChunkChoice[] {
    if (this.#started) return [this.#toChoice(delta)]
    this.#started = true
    // As OpenAI does: a content that stays null where a call or a picture comes first.
    const spoken = delta.content !== undefined || delta.reasoning_content !== undefined
    return [this.#toChoice(spoken ? begin : { ...begin, content: null }), this.#toChoice(delta)]
  }

  #toChoice(delta: Delta): ChunkChoice {
    return { index: this.#index, delta, logprobs: null, finish_reason: null }
  }
}

const begin: Delta = { role: 'assistant', content: '', refusal: null }

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
  return typeof input === 'string' ? input : (JSON.stringify(input) ?? '')
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

/** Findings come bit by bit: lists grow, anything else is said anew. */
function mergeFindings(
  known: Record<string, unknown>,
  news: Record<string, unknown>,
): Record<string, unknown> {
  const merged = Object.entries(news).map(([key, value]) => {
    const before = known[key]
    if (Array.isArray(before) && Array.isArray(value)) return [key, [...before, ...value]]
    return [key, isObject(before) && isObject(value) ? mergeFindings(before, value) : value]
  })
  return { ...known, ...Object.fromEntries(merged) }
}

/** Pieces of one text become one part again; parts with a signature stay as they are. */
function appendParts(known: Part[], more: Part[]): Part[] {
  for (const part of more) {
    const last = known.at(-1)
    if (
      last !== undefined &&
      isPlainText(last) &&
      isPlainText(part) &&
      last.thought === part.thought
    ) {
      known[known.length - 1] = { ...last, text: `${last.text}${part.text}` }
    } else {
      known.push(part)
    }
  }
  return known
}

function isPlainText(part: Part): boolean {
  return part.text !== undefined && part.thoughtSignature === undefined
}

function toBlockedText({ blockReason, blockReasonMessage }: PromptFeedback): string {
  const why = blockReasonMessage ? ` ${blockReasonMessage}` : ''
  return `The prompt was blocked by Gemini: ${blockReason}.${why}`
}

function toBlockedExtra({ blockReason, safetyRatings }: PromptFeedback): ExtraContent {
  const ratings = safetyRatings === undefined ? {} : { safety_ratings: safetyRatings }
  return { google: { block_reason: blockReason, ...ratings } }
}
