import type { ChatChunk } from './response.ts'

/** Stands where the text will be. A NUL is written as an escape, which nothing else in a chunk is. */
const gap = '\u0000'
const written = JSON.stringify(gap)

/** Chunks that differ in nothing but their text: what is around it is written once, for all of them. */
export class Mould {
  readonly #before: string
  readonly #after: string

  constructor(before: string, after: string) {
    this.#before = before
    this.#after = after
  }

  /** Undefined for a chunk that says more, or other things, than one text. */
  static of(chunk: ChatChunk): Mould | undefined {
    const [choice, ...others] = chunk.choices
    if (choice === undefined || others.length > 0) return undefined
    const { content, reasoning_content, ...besides } = choice.delta
    const key = reasoning_content === undefined ? 'content' : 'reasoning_content'
    if (content !== undefined && key !== 'content') return undefined
    const emptied = { ...choice, delta: { [key]: gap, ...besides } }
    const [before, after, ...more] = JSON.stringify({ ...chunk, choices: [emptied] }).split(written)
    if (before === undefined || after === undefined || more.length > 0) return undefined
    return new Mould(before, after)
  }

  /** A chunk with this text, as JSON. */
  cast(text: string): string {
    return this.#before + JSON.stringify(text) + this.#after
  }
}
