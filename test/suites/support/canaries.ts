import { randomBytes } from 'node:crypto'

/** So long a piece of a canary counts: the last four characters of a key may be shown. */
const pieceLength = 10

/**
 * Values that occur nowhere else in the world, each with a name. Found again in a text also where only
 * a piece is there, in any case, or as base64.
 */
export class Canaries {
  // Every piece of every canary in lower case, with the canary's name.
  #pieces = new Map<string, string>()

  /** A new one, behind a beginning that makes it look like what it stands for. */
  make(name: string, beginning = ''): string {
    const value =
      beginning + randomBytes(48).toString('base64url').replaceAll(/[-_]/g, '').slice(0, 33)
    this.add(name, value)
    return value
  }

  /** One that was made elsewhere. */
  add(name: string, value: string): void {
    for (const form of [value, ...toBase64(value)]) {
      const text = form.toLowerCase()
      for (let at = 0; at + pieceLength <= text.length; at += 1) {
        this.#pieces.set(text.slice(at, at + pieceLength), name)
      }
    }
  }

  /** The names of those that are in a text. */
  in(text: string): string[] {
    const found = new Set<string>()
    const lower = text.toLowerCase()
    for (let at = 0; at + pieceLength <= lower.length; at += 1) {
      const name = this.#pieces.get(lower.slice(at, at + pieceLength))
      if (name !== undefined) found.add(name)
    }
    return [...found]
  }
}

/** A value as it looks inside a longer base64 text, where it may begin at any of three offsets. */
function toBase64(value: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('x'.repeat(offset) + value).toString('base64url')
    // The first and the last characters are made of what stands before and after, too.
    return encoded.slice(4, -4)
  })
}
