export interface Bounds {
  deepest: number
  /** Members, lists and objects, all together. */
  mostTokens: number
  /** Members of the outermost object or list. */
  mostAtTop: number
  /** Members of objects: each name costs V8 a hundred bytes and more, however short it is. */
  mostNames?: number
}

/** Of one number; as digits between two commas they may belong to several. */
const mostDigits = 10_000

/** As many digits may be more than a JavaScript number can hold. */
const longInteger = 16

/** What JSON is like. `long integers`: simple, but for numbers that may not be read as they are written. */
export type Structure = 'simple' | 'long integers' | 'too complex'

/** Whether JSON is nested no deeper and has no more members than this. */
export function isSimple(text: string, bounds: Bounds): boolean {
  return structureOf(text, bounds) !== 'too complex'
}

/**
 * What JSON is like, seen without parsing it: what walks a value of a few kB may overflow, and one of
 * a few MB may hold millions of objects.
 */
export function structureOf(text: string, bounds: Bounds): Structure {
  const { deepest, mostTokens, mostAtTop, mostNames = Number.POSITIVE_INFINITY } = bounds
  let depth = 0
  let tokens = 0
  let atTop = 0
  let names = 0
  let digits = 0
  let long = false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    switch (code) {
      case quote:
        // Pictures are long strings: they are skipped over.
        at = endOfString(text, at)
        break
      case openBracket:
      case openBrace:
        depth += 1
        tokens += 1
        break
      case closeBracket:
      case closeBrace:
        depth -= 1
        break
      case comma:
        tokens += 1
        if (depth === 1) atTop += 1
        digits = 0
        break
      case colon:
        names += 1
        break
      default:
        if (isDigit(code)) {
          const end = endOfDigits(text, at)
          digits += end - at
          long ||= end - at >= longInteger && !isFraction(text, at, end)
          at = end - 1
        }
    }
    const tooMany = tokens > mostTokens || names > mostNames || atTop > mostAtTop
    if (tooMany || depth > deepest || digits > mostDigits) return 'too complex'
  }
  return long ? 'long integers' : 'simple'
}

const quote = 0x22
const comma = 0x2c
const point = 0x2e
const colon = 0x3a
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const zero = 0x30
const nine = 0x39
const openBrace = 0x7b
const closeBrace = 0x7d

export function isDigit(code: number): boolean {
  return code >= zero && code <= nine
}

/** Where the digits that begin at `start` end. */
function endOfDigits(text: string, start: number): number {
  let end = start + 1
  while (isDigit(text.charCodeAt(end))) end += 1
  return end
}

/** What is behind a point is rounded as every number is; with an exponent it may be an integer all the same. */
function isFraction(text: string, start: number, end: number): boolean {
  return text.charCodeAt(start - 1) === point && !exponents.has(text.charCodeAt(end))
}

const exponents: ReadonlySet<number> = new Set(['e', 'E'].map((letter) => letter.charCodeAt(0)))

/** Where the string that begins with the quote at `start` has its other quote; the end where it has none. */
export function endOfString(text: string, start: number): number {
  let end = start
  for (let hop = 0; hop < mostHops; hop += 1) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    if (!isEscaped(text, end)) return end
  }
  return endOfEscaped(text, end)
}

/** Where nearly every quote is escaped, going on letter by letter is faster than looking for the next. */
const mostHops = 100

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === backslash) backslashes += 1
  return backslashes % 2 === 1
}

function endOfEscaped(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at += 1
  }
  return text.length
}
