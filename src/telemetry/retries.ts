import type { Ask, CallRecord, Telling } from '../upstream/record.ts'

/** A try that followed another. */
export interface Retry {
  /** The code or status that the other failed with, or `empty_answer`. */
  reason: string
  /** Where it went. */
  target: string
}

/** What was sent again, of all that a request sent. Copies that are sent together are no retries. */
export function retriesIn({ asks, answers }: CallRecord): Retry[] {
  const retries: Retry[] = []
  if (asks.length < 2) return retries
  // Each failure is followed by one try at the most.
  const failed: Ask[] = []
  for (const ask of asks) {
    const at = failed.findIndex((one) => endOf(one) <= ask.sentAt)
    const [before] = at === -1 ? [] : failed.splice(at, 1)
    const reason = before && failureOf(before)
    if (reason !== undefined) retries.push({ reason, target: toTarget(ask) })
    if (![undefined, 'cancelled'].includes(failureOf(ask))) failed.push(ask)
  }
  const target = toTarget(asks.at(-1))
  const empty = answers.slice(0, -1).filter(({ futile }) => futile !== undefined)
  return [...retries, ...empty.map(() => ({ reason: 'empty_answer', target }))]
}

/**
 * Which try has given which answer; undefined where that cannot be told: copies that were sent together
 * answer as one.
 */
export function answersOf({ asks, answers }: CallRecord): Map<Ask, Telling> | undefined {
  const begun = asks.filter(({ failure }) => failure === undefined)
  const whole = begun.filter((ask) => failureOf(ask) === undefined)
  // A stream that broke off had begun to answer, what was not streamed had not.
  const own = [begun, whole].find(({ length }) => length === answers.length)
  return own && new Map(answers.flatMap((answer, n) => (own[n] ? [[own[n], answer]] : [])))
}

/** Who is asked: a provider, and which of its places where there are several. */
export function toTarget(ask: Pick<Ask, 'provider' | 'place'> | undefined): string {
  if (ask === undefined) return 'unknown'
  return ask.place === '' ? ask.provider : `${ask.provider}/${ask.place}`
}

/** Why a try came to nothing, before its answer had begun or in the middle of it. */
export function failureOf({ failure, arrival }: Ask): string | undefined {
  return failure ?? arrival.failure
}

/** When nothing more came of a try, on the clock of `performance.now()`; now, where it has not ended. */
export function endOf({ endedAt, arrival }: Ask): number {
  return arrival.endedAt ?? endedAt ?? performance.now()
}
