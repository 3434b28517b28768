import { within } from '../patience.ts'
import type { Asked } from './asked.ts'

/** Answers one request; the emulator waits for it where it is asynchronous. */
export type Answering = (asked: Asked) => unknown

/** Where requests wait for somebody to answer them. */
export class Stage {
  /** Every request that was handed over, in order. */
  readonly requests: Asked[] = []
  // Requests that nobody has taken yet, and those who wait to take one.
  #untaken: Asked[] = []
  #takers: ((asked: Asked) => void)[] = []
  // How they are answered while nobody takes them.
  #how: Answering | undefined

  /** Hands a request over. */
  async enter(asked: Asked): Promise<void> {
    this.requests.push(asked)
    if (this.#how) await this.#how(asked)
    else if (this.#takers.length > 0) this.#takers.shift()?.(asked)
    else this.#untaken.push(asked)
  }

  /** The first request that was not taken yet. */
  async next(ms: number): Promise<Asked> {
    const first = this.#untaken.shift()
    if (first) return first
    const taken = Promise.withResolvers<Asked>()
    this.#takers.push(taken.resolve)
    try {
      return await within(ms, taken.promise, () => 'No request came')
    } finally {
      this.#takers = this.#takers.filter((taker) => taker !== taken.resolve)
    }
  }

  /** Answers those that wait and those that come, until told otherwise. */
  answer(how: Answering | undefined): void {
    this.#how = how
    if (how) for (const asked of this.#untaken.splice(0)) how(asked)
  }
}
