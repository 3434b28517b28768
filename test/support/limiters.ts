import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Limited } from '../../src/limits/limiter.ts'
import type { Order, Outcome } from './limiter-process.ts'
import { within } from './within.ts'

/** A limiter in a process of its own. */
export interface LimiterProcess {
  /** Asks for all of them at once, each with so many tokens. */
  admit(key: Limited, tokens: number[]): Promise<Outcome>
  /** Ends all that it has let in. */
  settle(tokens?: number): Promise<void>
  /** Ends it without a word to anybody. */
  kill(): Promise<void>
}

/** Resolves when it has loaded its parts. Redis holds places for it for so long where it is silent. */
export async function startLimiter(redisUrl: string, leaseMs = 15_000): Promise<LimiterProcess> {
  const path = join(import.meta.dirname, 'limiter-process.ts')
  const child = fork(path, [redisUrl, String(leaseMs)], {
    stdio: 'ignore',
    // Not the flags of the tests' own process: it would run them all.
    execArgv: [],
  })
  await within(20_000, once(child, 'message'), 'the limiter did not start')
  let count = 0
  return {
    admit: (key, tokens) => obeyed({ at: (count += 1), what: 'admit', key, tokens }),
    settle: async (tokens) => void (await obeyed({ at: (count += 1), what: 'settle', tokens })),
    kill: () => end(child),
  }

  function obeyed(order: Order): Promise<Outcome> {
    const outcome = new Promise<Outcome>((resolve) => {
      const listen = (message: Outcome) => {
        if (message.at !== order.at) return
        child.off('message', listen)
        resolve(message)
      }
      child.on('message', listen)
    })
    child.send(order)
    return within(20_000, outcome, 'the limiter did not answer')
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await within(5_000, gone, 'the limiter did not end')
}
