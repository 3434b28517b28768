/** Of a name, in characters. */
const longest = 128

/**
 * Names that come from outside and become labels. Each value of a label is a series for as long as the
 * process lives, so only names that were learnt are said, short ones and no more than fit; any other is
 * `other`. What the gateway knows anyway takes no place of theirs.
 */
export class Names {
  readonly #known = new Set<string>()
  readonly #learnt = new Set<string>()
  readonly #most: number
  readonly #other: string

  constructor(most: number, other: string) {
    this.#most = most
    this.#other = other
  }

  /** Names from the configuration, or from the source. */
  know(names: Iterable<string>): void {
    for (const name of names) this.#known.add(name)
  }

  learn(name: string): void {
    if (this.#known.has(name) || name.length > longest) return
    if (this.#learnt.size < this.#most) this.#learnt.add(name)
  }

  say(name: string): string {
    return this.#known.has(name) || this.#learnt.has(name) ? name : this.#other
  }
}
