import type { FastifyInstance } from 'fastify'
import { invalidRequest } from '../errors.ts'
import { malformed } from './errors.ts'

const deepest = 64
const mostTokens = 500_000

/**
 * Reads JSON bodies. Depth and number of tokens are counted first, because a body of a few kB may be
 * nested so deep that whatever walks it overflows, and one of a few MB may hold millions of objects.
 */
export function parseJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers()
  const options = { parseAs: 'string' } as const
  server.addContentTypeParser('application/json', options, (_request, body, done) => {
    try {
      const text = String(body)
      checkStructure(text)
      done(null, JSON.parse(text))
    } catch (error) {
      done(error instanceof SyntaxError ? malformed() : (error as Error))
    }
  })
}

/** Throws 400 for JSON that is nested too deep or has too many members. Strings are skipped over. */
export function checkStructure(text: string): void {
  let depth = 0
  let tokens = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case quote:
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
    if (depth > deepest || tokens > mostTokens) {
      const message = `The JSON body is too complex: at most ${deepest} levels and ${mostTokens} members.`
      throw invalidRequest(message, undefined, 'json_too_complex')
    }
  }
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
