/** A regular expression as it is written in a source. */
export interface Literal {
  source: string
  flags: string
  /** Counts from 1. */
  line: number
}

const wordsBefore = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'do',
  'else',
  'void',
  'yield',
  'await',
  'new',
  'delete',
])

/**
 * The regular expressions in a source of TypeScript. It knows as much of the language as it takes to
 * tell them from divisions, comments, strings and templates.
 */
export function regexLiterals(source: string): Literal[] {
  const found: Literal[] = []
  // Where templates hold expressions: how many braces are open inside each.
  const templates: number[] = []
  // The last thing that was no white space: an operand can be divided, anything else cannot.
  let before = ''
  let at = 0
  while (at < source.length) {
    const character = source.charAt(at)
    if (/\s/.test(character)) {
      at += 1
    } else if (source.startsWith('//', at)) {
      at = endOf(source, '\n', at)
    } else if (source.startsWith('/*', at)) {
      at = endOf(source, '*/', at) + 1
    } else if (character === "'" || character === '"') {
      at = endOfString(source, at, character)
      before = '"'
    } else if (character === '`' || (character === '}' && templates.at(-1) === 0)) {
      if (character === '}') templates.pop()
      const end = endOfTemplate(source, at)
      if (source.charAt(end - 1) === '{') templates.push(0)
      before = source.charAt(end - 1) === '{' ? '(' : '"'
      at = end
    } else if (character === '/' && !isOperand(before)) {
      const literal = readLiteral(source, at)
      found.push({ ...literal, line: source.slice(0, at).split('\n').length })
      at += literal.source.length + literal.flags.length + 2
      before = '"'
    } else {
      const [word] = /^[\w$]+/.exec(source.slice(at, at + 100)) ?? [character]
      if (word === '{' && templates.length > 0) templates.push((templates.pop() ?? 0) + 1)
      if (word === '}' && templates.length > 0) templates.push((templates.pop() ?? 1) - 1)
      before = word
      at += word.length
    }
  }
  return found
}

function isOperand(before: string): boolean {
  return /^([\w$]+|[)\]}"])$/.test(before) && !wordsBefore.has(before)
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from)
  return end === -1 ? source.length : end + 1
}

function endOfString(source: string, start: number, quote: string): number {
  let at = start + 1
  while (at < source.length && source.charAt(at) !== quote) at += source.charAt(at) === '\\' ? 2 : 1
  return at + 1
}

/** The place after the closing quote, or after the `${` of an expression. */
function endOfTemplate(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at += 1) {
    if (source.charAt(at) === '\\') at += 1
    else if (source.charAt(at) === '`') return at + 1
    else if (source.startsWith('${', at)) return at + 2
  }
  return source.length
}

function readLiteral(source: string, start: number): { source: string; flags: string } {
  let inClass = false
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source.charAt(at)
    if (character === '\\') at += 1
    else if (character === '[') inClass = true
    else if (character === ']') inClass = false
    else if (character === '/' && !inClass) {
      const [flags = ''] = /^[a-z]*/.exec(source.slice(at + 1, at + 12)) ?? []
      return { source: source.slice(start + 1, at), flags }
    }
  }
  throw new Error(`no end of a regular expression at ${source.slice(start, start + 60)}`)
}

const suffixes = ['', '!', '\nx']

/** Strings of so many characters that are hard on an expression, made of what it looks for itself. */
export function adversaries({ source }: Literal, length: number): string[] {
  const plain = source.replace(/\\[dwsbDWSB]|[\\^$.*+?()[\]{}|]/g, ' ')
  const letters = [...new Set(plain.replace(/[^!-~]/g, ''))]
  const words = [...new Set(plain.split(/\s+/).filter((word) => word.length > 1))]
  const common = [
    'a',
    'A',
    '0',
    ' ',
    '\t',
    '\n',
    '\r',
    '-',
    '_',
    '.',
    '/',
    '=',
    '"',
    '\\',
    '<',
    '😀',
  ]
  const singles = [...new Set([...common, ...letters])]
  const pairs = letters.slice(0, 6).flatMap((one) => [`${one} `, `${one}a`])
  const pieces = [...new Set([...singles, ...words, ...pairs])]
  const starts = ['', words[0] ?? '', words.slice(0, 2).join('')]
  return pieces.flatMap((piece) => {
    const run = piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
    return [...new Set(starts)].flatMap((start) => suffixes.map((suffix) => start + run + suffix))
  })
}
