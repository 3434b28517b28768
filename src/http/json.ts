import type { FastifyInstance, FastifyRequest } from 'fastify'
import { invalidRequest } from '../errors.ts'
import { isSimple } from '../translate/json-structure.ts'
import type { BodyReader } from './body.ts'
import { malformed } from './errors.ts'

const bounds = { deepest: 64, mostTokens: 500_000, mostNames: 120_000, mostAtTop: 1_000 }

/**
 * Reads JSON bodies. Depth and number of tokens are counted first, because a body of a few kB may be
 * nested so deep that whatever walks it overflows, and one of a few MB may hold millions of objects.
 */
export function parseJsonBodies(server: FastifyInstance, bodies: BodyReader): void {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', async ({ raw }: FastifyRequest) => {
    const text = await bodies.read(raw)
    checkStructure(text)
    return toValue(text)
  })
}

function toValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed()
  }
}

/** Throws 400 for JSON that is nested too deep or has too many members. */
export function checkStructure(text: string): void {
  if (isSimple(text, bounds)) return
  const { deepest, mostTokens, mostNames, mostAtTop } = bounds
  const message = `The JSON body is too complex: at most ${deepest} levels, ${mostTokens} members, ${mostNames} of them with names, and ${mostAtTop} parameters.`
  throw invalidRequest(message, undefined, 'json_too_complex')
}
