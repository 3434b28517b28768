import type { Logger } from 'pino'

/** One line a minute at the most: whoever stores the spans may be away for hours. */
const quietMs = 60_000

/** Tells the operator of spans that were lost. No header and no URL is in it: they may hold keys. */
export function lostSpans(log: Logger, now: () => number = Date.now): (error: unknown) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (now() - toldAt < quietMs) return
    toldAt = now()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    log.warn({ code: /^\w{1,64}$/.test(code) ? code : undefined }, 'traces could not be sent')
  }
}
