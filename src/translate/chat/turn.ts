import type { Part } from '../gemini.ts'
import { LongText, longestText } from './long-text.ts'

/** Characters of base64 that are remembered: several pictures. */
const mostMedia = 64 * 1024 * 1024
/** Calls, runs of code and the like. */
const mostParts = 10_000

/** A turn's parts as Gemini gave them, where pieces of one text become one part again. */
export class Turn {
  /** Parts whose text is not growing any more. */
  #parts: Part[] = []
  /** The last part, if it is a text that may go on. */
  #open: { part: Part; text: LongText } | undefined
  #length = 0
  #media = 0
  #forgotten = false

  push(part: Part): void {
    if (this.#forgotten) return
    this.#add(part)
    const many = this.#parts.length > mostParts
    if (!many && this.#length <= longestText && this.#media <= mostMedia) return
    this.#forgotten = true
    this.#parts = []
    this.#open = undefined
  }

  /** Undefined where the turn was too long to be remembered. */
  get parts(): Part[] | undefined {
    if (this.#forgotten) return undefined
    return this.#open === undefined ? this.#parts : [...this.#parts, closed(this.#open)]
  }

  #add(part: Part): void {
    this.#length += part.text?.length ?? 0
    this.#media += part.inlineData?.data.length ?? 0
    const goesOn = this.#open?.part.thought === part.thought && isPlainText(part)
    if (!goesOn) this.#close()
    if (!isPlainText(part)) {
      this.#parts.push(part)
      return
    }
    this.#open ??= { part, text: new LongText() }
    this.#open.text.append(part.text)
  }

  #close(): void {
    if (this.#open !== undefined) this.#parts.push(closed(this.#open))
    this.#open = undefined
  }
}

function closed({ part, text }: { part: Part; text: LongText }): Part {
  return { ...part, text: text.toString() }
}

/** A part with a signature stays as it is. */
function isPlainText(part: Part): part is Part & { text: string } {
  return part.text !== undefined && part.thoughtSignature === undefined
}
