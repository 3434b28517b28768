/**
 * Whether JSON is nested no deeper and has no more members than this. Counted without parsing it: what
 * walks a value of a few kB may overflow, and one of a few MB may hold millions of objects.
 */
export function isSimple(text: string, deepest: number, mostTokens: number): boolean {
  let depth = 0
  let tokens = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
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
        break
      default:
    }
    if (depth > deepest || tokens > mostTokens) return false
  }
  return true
}

const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1
  while (text.charCodeAt(before) === backslash) before -= 1
  return (at - before) % 2 === 0
}
