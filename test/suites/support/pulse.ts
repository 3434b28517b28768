import { setTimeout as sleep } from 'node:timers/promises'
import { openConnection } from './connection.ts'
import { readReplies } from './replies.ts'

/** Asks a gateway again and again whether it lives. */
export interface Pulse {
  /** The longest that it was silent since the last look, in milliseconds. */
  longest(): number
  stop(): Promise<void>
}

const question = 'GET /health/live HTTP/1.1\r\nHost: pulse\r\n\r\n'

/** One question after another, a millisecond apart, on one connection: whoever does not answer is busy. */
export async function takePulse(url: string): Promise<Pulse> {
  let connection = await openConnection(url)
  let longest = 0
  let asked = performance.now()
  const ending = new AbortController()
  const beats = (async () => {
    for (let count = 0; !ending.signal.aborted; count += 1) {
      // What is received is kept; a new connection forgets it.
      if (count % 500 === 499) {
        connection.leave()
        connection = await openConnection(url)
      }
      const before = connection.received().length
      asked = performance.now()
      connection.send(question)
      const whole = () => readReplies(connection.received().subarray(before)).replies.length > 0
      if (!(await connection.until(whole, 30_000))) throw new Error('The gateway has no pulse.')
      longest = Math.max(longest, performance.now() - asked)
      await sleep(1)
    }
  })()
  // Awaited at the end; until then a failure waits with it.
  beats.catch(() => undefined)
  return {
    longest() {
      const seen = longest
      longest = 0
      return seen
    },
    async stop() {
      ending.abort()
      await beats
      connection.leave()
    },
  }
}
