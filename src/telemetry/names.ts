/**
 * Names that come from outside and become labels. Each value of a label is a series for as long as the
 * process lives, so only names that were learnt are said, and no more than fit; any other is `other`.
 */
export class Names {
  readonly #known = new Set<string>()
  readonly #most: number
  readonly #other: string

  constructor(most: number, other: string) {
    this.#most = most
    this.#other = other
  }

  learn(name: string): void {
    if (this.#known.size < this.#most) this.#known.add(name)
  }

  say(name: string): string {
    return this.#known.has(name) ? name : this.#other
  }
}
