import { type DestinationStream, type Logger, pino } from 'pino'

/** pino's levels in Cloud Logging's words. */
const severities: Record<string, string> = {
  trace: 'DEBUG',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'CRITICAL',
}

/**
 * One JSON object a line, in the fields that Cloud Logging reads. Headers, bodies, paths as they were
 * written and sentences that quote them are never logged, so that no key and no prompt can be. Two things
 * are that clients choose, both short: the name of the model, and the id of the request.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: undefined,
    messageKey: 'message',
    timestamp,
    formatters: { level: (label: string) => ({ severity: severities[label] ?? 'DEFAULT' }) },
  }
  return pino(options, destination ?? standardOutput())
}

let writtenMs = 0
let written = ''

/** RFC 3339. Many lines fall into the same millisecond, and writing a date costs as much as a line. */
function timestamp(): string {
  const now = Date.now()
  if (now !== writtenMs) {
    writtenMs = now
    written = `,"timestamp":"${new Date(now).toISOString()}"`
  }
  return written
}

/**
 * Lines are written together, a tenth of a second late at the most: a write for each would cost more
 * than all else about them, and one that waits for a slow reader must not hold up requests. What is left
 * when the process exits is written then, and so is all that comes before a fatal line.
 */
function standardOutput(): DestinationStream {
  return pino.destination({ dest: 1, sync: false, minLength: 15_000, periodicFlush: 100 })
}
