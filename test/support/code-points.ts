import { integer } from 'fast-check'

/** As many code points are halves of a pair, from this one on, and no characters. */
const [firstHalf, halves] = [0xd800, 0x800]

/**
 * Any code point: what `unit: 'binary'` of fast-check is, but for the table of a million that it lays
 * down first, in a second.
 */
export const codePoint = integer({ min: 0, max: 0x10ffff - halves }).map(
  (n) => String.fromCodePoint(n < firstHalf ? n : n + halves),
  // Which number makes it: fast-check finds out so how to come by the strings that it knows as dangerous.
  (text) => {
    const point = typeof text === 'string' ? text.codePointAt(0) : undefined
    if (point === undefined) throw new Error(`${String(text)} is no code point`)
    return point < firstHalf ? point : point - halves
  },
)
