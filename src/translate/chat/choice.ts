import type { Candidate, FunctionCall, Part, PromptFeedback } from '../gemini.ts'
import { Citations, codePoints } from './annotations.ts'
import { Calls, type MadeCall } from './calls.ts'
import { Findings } from './findings.ts'
import { type FinishReason, isFutile, isPlain, toFinishReason } from './finish.ts'
import { toLogprobs } from './logprobs.ts'
import { toImage } from './media-out.ts'
import type { AnswerOptions } from './request.ts'
import { type ChunkChoice, type Delta, extra, type ExtraContent } from './response.ts'
import { Sound } from './sound.ts'
import { closeTag, openTag } from './thoughts.ts'
import { Turn } from './turn.ts'

/** The answer that a choice belongs to, for the ids of its calls. */
export interface Answer {
  id: string
  created: number
}

/** One of Gemini's candidates -> the deltas of one choice, part by part, in order. */
export class ChoiceStream {
  readonly #index: number
  readonly #options: AnswerOptions
  readonly #answer: Answer
  /** Whether the role went out: once, with the first delta. */
  #started = false
  /** Whether the last text was a thought: the first visible word then closes it. */
  #thinking = false
  /** Calls count on over events, and decide the finish reason. */
  readonly #calls: Calls
  /** Whether the client saw anything: an answer that was filtered whole is a refusal. */
  #answered = false
  /** Gemini may say more than once why it stops, and go on after the first time. */
  #finishReason: string | undefined
  #finishMessage: string | undefined
  /** What was searched and read, in Gemini's own words; it may come in any event. */
  readonly #findings = new Findings()
  readonly #citations = new Citations()
  /** Code points of `content` that are thoughts and tags, which citations do not count. */
  #hidden = 0
  #images = 0
  /** The answer's parts as Gemini gave them, for the case that OpenAI has no word for one. */
  readonly #turn = new Turn()
  #foreign = false
  /** Sound may have to be whole before it can be sent. Most answers have none. */
  #sound: Sound | undefined

  /** `made` gets the calls, with what Gemini wants back with them. */
  constructor(index: number, answer: Answer, options: AnswerOptions, made: MadeCall[]) {
    this.#index = index
    this.#options = options
    this.#answer = answer
    this.#calls = new Calls(index, answer.id, options, made)
  }

  get finished(): boolean {
    return this.#finishReason !== undefined
  }

  /** Gemini's reason, where it ended without anything to show in a way that another try may mend. */
  get futile(): string | undefined {
    return !this.#answered && isFutile(this.#finishReason) ? this.#finishReason : undefined
  }

  /** Why it ended, in OpenAI's words. */
  reason(blocked: PromptFeedback | undefined): FinishReason {
    const native = blocked === undefined ? this.#finishReason : 'PROHIBITED_CONTENT'
    return toFinishReason(native, this.#calls.count > 0, this.#options.legacy)
  }

  push(candidate: Candidate): ChunkChoice[] {
    const { finishReason, finishMessage, content, logprobsResult } = candidate
    if (finishReason !== undefined) {
      this.#finishReason = finishReason
      this.#finishMessage = finishMessage
    }
    this.#citations.add(candidate)
    this.#findings.add(candidate)
    const parts = content?.parts ?? []
    const [only] = parts
    const chunks =
      only !== undefined && parts.length === 1
        ? this.pushPart(only)
        : parts.flatMap((part) => this.pushPart(part))
    const logprobs = toLogprobs(logprobsResult, this.#options.topLogprobs)
    if (logprobs === null) return chunks
    // They belong to the event as a whole: the last of its deltas carries them.
    const carriers = chunks.length > 0 ? chunks : this.#toChunks({})
    return carriers.map((chunk, at) =>
      at === carriers.length - 1 ? { ...chunk, logprobs } : chunk,
    )
  }

  /** One more part of what the candidate says. */
  pushPart(part: Part): ChunkChoice[] {
    this.#turn.push(part)
    this.#citations.beginPart()
    const deltas = this.#toDeltas(part)
    const [only] = deltas
    return this.#started && only !== undefined && deltas.length === 1
      ? [this.#toChoice(only)]
      : deltas.flatMap((delta) => this.#toChunks(delta))
  }

  finish(blocked: PromptFeedback | undefined): ChunkChoice[] {
    const reason = this.reason(blocked)
    const refused = reason === 'content_filter' && !this.#answered
    const annotations = this.#citations.toAnnotations()
    const closing: Delta[] = [
      ...this.#calls.end(),
      ...this.#endThought(),
      ...(refused ? [{ refusal: blocked ? toBlockedText(blocked) : this.#toRefusal() }] : []),
      ...(annotations.length > 0 ? [{ annotations }] : []),
      ...(this.#sound?.end() ?? []),
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
    const content = tagged + text
    if (signature === undefined) return [{ content }]
    return [{ content, ...extra({ thought_signature: signature }) }]
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
    // A call without a name goes on with the one before it.
    const before = call.name === undefined ? [] : this.#endThought()
    this.#answered = true
    return [...before, ...this.#calls.push(call, signature)]
  }

  #toMediaDeltas({ inlineData, thought, thoughtSignature }: Part): Delta[] {
    if (inlineData === undefined) return []
    // Pictures that the model thinks in are not its answer; those of a filtered one must not leak.
    const filtered = toFinishReason(this.#finishReason, false, false) === 'content_filter'
    if (filtered || (thought === true && this.#options.thoughts.to === 'nowhere')) return []
    this.#answered = true
    const before = this.#endThought()
    if (inlineData.mimeType.startsWith('audio/')) {
      this.#sound ??= new Sound(this.#answer, this.#options.audioFormat)
      return [...before, ...this.#sound.push(inlineData, thoughtSignature)]
    }
    const image = toImage(inlineData, this.#images, thoughtSignature)
    this.#images += 1
    return [...before, { images: [image] }]
  }

  /**
   * Where OpenAI has no word for a part, the whole turn travels on in Gemini's own: sent back in a
   * history, it is used as it is.
   */
  #toLastExtra(): Delta[] {
    const parts = this.#foreign ? this.#turn.parts : undefined
    const google = { ...this.#findings.toExtra(), ...(parts && { parts }) }
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

function toBlockedText({ blockReason, blockReasonMessage }: PromptFeedback): string {
  const why = blockReasonMessage ? ` ${blockReasonMessage}` : ''
  return `The prompt was blocked by Gemini: ${blockReason}.${why}`
}

function toBlockedExtra({ blockReason, safetyRatings }: PromptFeedback): ExtraContent {
  const ratings = safetyRatings === undefined ? {} : { safety_ratings: safetyRatings }
  return { google: { block_reason: blockReason, ...ratings } }
}
