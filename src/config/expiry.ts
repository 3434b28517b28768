const dayMs = 24 * 60 * 60 * 1000

/** A date or a time in ISO 8601 -> milliseconds since 1970. A date counts to its end, in UTC. */
export function toExpiry(written: string): number {
  const time = Date.parse(written)
  return written.includes('T') ? time : time + dayMs
}
