import type { Candidate } from '../gemini.ts'
import { isObject } from '../json.ts'
import { toSnakeKeys } from './google.ts'

/** What Gemini tells of its searching and reading, in the snake_case of its OpenAI endpoint. */
export class Findings {
  readonly #known: Known = {}

  /** They come bit by bit: lists grow, anything else is said anew. */
  add({ groundingMetadata, citationMetadata, urlContextMetadata }: Candidate): void {
    this.#add('grounding_metadata', groundingMetadata)
    this.#add('citation_metadata', citationMetadata)
    this.#add('url_context_metadata', urlContextMetadata)
  }

  /** Empty where nothing was found. */
  toExtra(): Known {
    return { ...this.#known }
  }

  #add(name: string, metadata: unknown): void {
    if (isObject(metadata)) merge(this.#known, { [name]: toSnakeKeys(metadata) })
  }
}

type Known = Record<string, unknown>

/** Into what is known already, which was made here: copied each time, long lists would cost their square. */
function merge(known: Known, news: object): void {
  for (const [key, value] of Object.entries(news)) {
    const before = Object.hasOwn(known, key) ? known[key] : undefined
    if (Array.isArray(before) && Array.isArray(value)) for (const one of value) before.push(one)
    else if (isObject(before) && isObject(value)) merge(before, value)
    // As a name it would mean the object's prototype.
    else if (key !== '__proto__') known[key] = value
  }
}
