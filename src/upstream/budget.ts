/** One request, from its first try to its answer or its failure. */
export interface Ticket {
  /** Whether it may be tried again; if so, it counts among those that are, until it is done. */
  again(): boolean
  /** It has its answer, or none will come. */
  done(): void
}

/**
 * Keeps retries from multiplying an outage: at any moment there are at most a fifth as many requests
 * in further tries as in their first one, or three where traffic is low.
 */
export interface RetryBudget {
  enter(): Ticket
}

const share = 0.2
const least = 3

export function retryBudget(): RetryBudget {
  // Requests in their first try, and those that wait for another or are in it.
  let first = 0
  let further = 0
  return {
    enter() {
      let state: 'first' | 'further' | 'done' = 'first'
      first += 1
      return {
        again() {
          if (state === 'further') return true
          if (state === 'done' || further >= Math.max(least, share * first)) return false
          state = 'further'
          first -= 1
          further += 1
          return true
        },
        done() {
          if (state === 'first') first -= 1
          if (state === 'further') further -= 1
          state = 'done'
        },
      }
    },
  }
}
