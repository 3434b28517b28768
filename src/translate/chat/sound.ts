import { badGateway } from '../../errors.ts'
import type { Blob } from '../gemini.ts'
import { toWav } from './media-out.ts'
import { type Delta, extra } from './response.ts'

/** How long OpenAI keeps what was said; here the date is a form only. */
const keptSeconds = 3600

/** Characters of base64: a quarter of an hour. */
const mostWaiting = 64 * 1024 * 1024

/** Gemini's samples -> OpenAI's `audio`: an id, the data, and a date, each in a delta of its own. */
export class Sound {
  readonly #answer: { id: string; created: number }
  readonly #format: string | undefined
  #begun = false
  /** A `wav` says its length first, so it waits for all of them. */
  readonly #waiting: Blob[] = []
  #length = 0

  constructor(answer: { id: string; created: number }, format: string | undefined) {
    this.#answer = answer
    this.#format = format
  }

  push(sound: Blob, signature: string | undefined): Delta[] {
    const first: Delta[] = this.#begun ? [] : [{ audio: { id: `audio_${this.#answer.id}` } }]
    this.#begun = true
    const besides = extra({ thought_signature: signature })
    if (this.#format !== 'wav') return [...first, { audio: { data: sound.data }, ...besides }]
    this.#waiting.push(sound)
    this.#length += sound.data.length
    if (this.#length > mostWaiting) throw badGateway('Gemini’s sound has no end.')
    return signature === undefined ? first : [...first, { content: '', ...besides }]
  }

  end(): Delta[] {
    if (!this.#begun) return []
    const data = this.#waiting.length > 0 ? [{ audio: { data: toWav(this.#waiting) } }] : []
    return [...data, { audio: { expires_at: this.#answer.created + keptSeconds } }]
  }
}
