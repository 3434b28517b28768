/** So many pieces are joined into one block. Until then each may keep alive what it was cut out of. */
const piecesPerBlock = 16

/**
 * A text that grows by many small pieces. (Added up with `+=` it would be a chain with a link for each
 * piece, of many times the text's size.)
 */
export class LongText {
  readonly #blocks: string[] = []
  /** The last pieces, too few for a block. */
  #pieces: string[] = []
  #length = 0

  get length(): number {
    return this.#length
  }

  append(piece: string): void {
    this.#length += piece.length
    this.#pieces.push(piece)
    if (this.#pieces.length < piecesPerBlock) return
    this.#blocks.push(this.#pieces.join(''))
    this.#pieces = []
  }

  toString(): string {
    return [...this.#blocks, ...this.#pieces].join('')
  }
}

/**
 * Characters of an answer that are remembered: more than the longest answers have, of 65,536 tokens. A
 * model that writes without end must not fill the memory.
 */
export const longestText = 400_000
