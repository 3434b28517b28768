import { badGateway } from '../../errors.ts'
import type { GenerateContentResponse, Part, PromptFeedback, UsageMetadata } from '../gemini.ts'
import { readResponse } from '../gemini-response.ts'
import { tryParseJson } from '../json.ts'
import type { MadeCall } from './calls.ts'
import { ChoiceStream } from './choice.ts'
import type { FinishReason } from './finish.ts'
import { Mould, type Repeat, textPartOf } from './likeness.ts'
import type { AnswerOptions } from './request.ts'
import { type ChatChunk, type ChatCompletion, type ChunkChoice, collect } from './response.ts'
import { toServiceTierName } from './service-tier.ts'
import { mergeUsage, type Tokens, toTokens, toUsage, type Usage } from './usage.ts'

/** What an answer is called. `id` and `created` stand in where Gemini gives none. */
export interface Head {
  id: string
  /** Unix time in seconds. */
  created: number
  /** The name that the client asked by. */
  model: string
}

/**
 * Gemini's events -> OpenAI's chunks. A whole answer is a stream of one event, so that there is one
 * translation for both, and the streamed answer, accumulated, equals the whole one.
 */
export class ChatStream {
  /** Gemini's own id and time where the first event has them, the same on all chunks. */
  #head: Head
  readonly #options: AnswerOptions
  /** Candidates come interleaved, and each has its own state. */
  readonly #choices = new Map<number, ChoiceStream>()
  /** Counts are cumulative and come in pieces; the last word on each field holds. */
  #usage: UsageMetadata | undefined
  #blocked: PromptFeedback | undefined
  #begun = false
  /** The model and version that answers, in Gemini's word. */
  #servedModel: string | undefined
  readonly #made: MadeCall[] = []
  /** What a repeat is a repeat of. */
  #last: { index: number; part: Part } | undefined
  /** Of the chunks of repeats, once there was one. */
  #mould: Mould | undefined
  /** The last repeat, whose counts have not been read. */
  #uncounted: Repeat | undefined

  constructor(head: Head, options: AnswerOptions) {
    this.#head = head
    this.#options = options
  }

  /** Whether every candidate has said why it stopped; if not, the answer broke off. */
  get complete(): boolean {
    const choices = [...this.#choices.values()]
    const all = choices.length >= this.#options.copies && choices.every((choice) => choice.finished)
    return this.#blocked !== undefined || all
  }

  /** Gemini's reason, where nothing at all is to be shown in a way that another try may mend. */
  get futile(): string | undefined {
    const reasons = [...this.#choices.values()].map((choice) => choice.futile)
    return this.#blocked === undefined && !reasons.includes(undefined) ? reasons[0] : undefined
  }

  /** The model that answers, with its version, as Gemini calls it. */
  get servedModel(): string | undefined {
    return this.#servedModel
  }

  /** What it has cost so far, as far as Gemini has told. */
  get tokens(): Tokens | undefined {
    this.#countRepeats()
    return toTokens(this.#usage)
  }

  /** Why each choice ended, of those that have. */
  get finishReasons(): FinishReason[] {
    return [...this.#choices.values()]
      .filter((choice) => choice.finished || this.#blocked !== undefined)
      .map((choice) => choice.reason(this.#blocked))
  }

  /** The calls since it was last asked, for the memory of signatures. */
  takeCalls(): MadeCall[] {
    return this.#made.splice(0)
  }

  push(response: GenerateContentResponse): ChatChunk[] {
    if (!this.#begun) this.#begin(response)
    this.#countRepeats()
    const { usageMetadata, promptFeedback, candidates = [] } = response
    this.#usage = mergeUsage(this.#usage, usageMetadata)
    if (promptFeedback?.blockReason !== undefined) this.#blocked = promptFeedback
    const part = textPartOf(response)
    this.#last = part && { index: candidates[0]?.index ?? 0, part }
    this.#mould = undefined
    const chunks: ChatChunk[] = []
    for (const candidate of candidates) {
      const choices = this.#choice(candidate.index ?? 0).push(candidate)
      for (const choice of choices) chunks.push(this.#chunk([choice]))
    }
    return chunks
  }

  /** The chunks of an event like the one that was pushed last, as JSON. */
  repeat(repeat: Repeat): string[] {
    if (this.#last === undefined) throw new Error('There is nothing that this repeats.')
    const { index, part } = this.#last
    this.#uncounted = repeat
    const choices = this.#choice(index).pushPart({ ...part, text: repeat.text })
    const [only, ...more] = choices
    if (only === undefined) return []
    const { content, reasoning_content } = only.delta
    const text = reasoning_content ?? content
    if (this.#mould !== undefined && more.length === 0 && text) {
      return [this.#mould.cast(text, repeat.plain && text === repeat.text)]
    }
    const chunks = choices.map((choice) => this.#chunk([choice]))
    if (chunks[0] !== undefined && more.length === 0) this.#mould = Mould.of(chunks[0])
    return chunks.map((chunk) => JSON.stringify(chunk))
  }

  /** The end of each choice, then the usage if it was asked for. Throws 502 where nothing came. */
  finish(): ChatChunk[] {
    this.#countRepeats()
    if (this.#blocked !== undefined) this.#choice(0)
    if (this.#choices.size === 0) {
      throw badGateway('Gemini gave no answer and no reason for it. Send the request again.')
    }
    const ends = [...this.#choices.values()].flatMap((choice) => choice.finish(this.#blocked))
    const chunks = ends.map((choice) => this.#chunk([choice]))
    if (!this.#options.includeUsage) return chunks
    return [...chunks, this.#chunk([], toUsage(this.#usage ?? {}))]
  }

  #begin({ responseId, createTime, modelVersion }: GenerateContentResponse): void {
    this.#begun = true
    if (typeof modelVersion === 'string') this.#servedModel = modelVersion.slice(0, 128)
    const time = createTime === undefined ? Number.NaN : Date.parse(createTime)
    this.#head = {
      id: responseId || this.#head.id,
      created: Number.isNaN(time) ? this.#head.created : Math.floor(time / 1000),
      model: this.#head.model,
    }
  }

  /** Counts are cumulative, so of several repeats the last one's hold. */
  #countRepeats(): void {
    if (this.#uncounted === undefined) return
    const counted = readResponse(tryParseJson(this.#uncounted.data))
    this.#usage = mergeUsage(this.#usage, counted?.usageMetadata)
    this.#uncounted = undefined
  }

  #choice(index: number): ChoiceStream {
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    if (this.#choices.size >= mostChoices) throw badGateway('Gemini gave answers without end.')
    const choice = new ChoiceStream(index, this.#head, this.#options, this.#made)
    this.#choices.set(index, choice)
    return choice
  }

  #chunk(choices: ChunkChoice[], usage?: Usage): ChatChunk {
    const { id, created, model } = this.#head
    const tier = toServiceTierName(this.#usage?.trafficType ?? this.#options.servedTier)
    return {
      id,
      object: 'chat.completion.chunk',
      created,
      model,
      system_fingerprint: '',
      ...(tier !== undefined && { service_tier: tier }),
      choices,
      ...(this.#options.includeUsage && { usage: usage ?? null }),
    }
  }
}

/** More candidates than any model gives. */
const mostChoices = 128

/** The whole answer, from the one response that holds it. Throws 502 where it holds nothing. */
export function collectWhole(
  stream: ChatStream,
  response: GenerateContentResponse,
): ChatCompletion {
  return collect([...stream.push(response), ...stream.finish()])
}
