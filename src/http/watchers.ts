import type { FastifyBaseLogger } from 'fastify'
import { internalError } from '../errors.ts'
import { toLogged } from './failure-log.ts'

/** One line a minute at the most: each request may run into the same mistake. */
const quietMs = 60_000

/**
 * Lets somebody watch requests whose mistakes must not become those of the request, of others who watch,
 * or of the process: the log tells of them, without what they quote.
 */
export function guards(log: FastifyBaseLogger, now: () => number = Date.now) {
  let toldAt = Number.NEGATIVE_INFINITY
  return <T extends unknown[]>(watch: (...given: T) => void) =>
    (...given: T): void => {
      try {
        watch(...given)
      } catch (error) {
        if (now() - toldAt < quietMs) return
        toldAt = now()
        log.error(toLogged(error, internalError(error)), 'a request could not be watched')
      }
    }
}
