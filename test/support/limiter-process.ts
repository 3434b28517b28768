import { type Admission, lazyLimiter, type Limited } from '../../src/limits/limiter.ts'

/** What a test asks of this process; it runs alone, as the child of `limiters.ts`. */
export type Order =
  | { at: number; what: 'admit'; key: Limited; tokens: number[] }
  | { at: number; what: 'settle'; tokens: number | undefined }

/** What becomes of each; in the order in which they were asked. */
export interface Outcome {
  at: number
  /** The messages of those that were refused. */
  refused: string[]
  admitted: number
}

const [, , redisUrl = '', leaseMs = ''] = process.argv
const limiter = lazyLimiter({
  redisUrl,
  log: { info: console.log, warn: (_, message) => console.log(message) },
  leaseMs: Number(leaseMs),
})
await limiter.load()
let admissions: Admission[] = []

process.on('message', (order: Order) => void obey(order))
process.on('disconnect', () => process.exit())
process.send?.('ready')

async function obey(order: Order): Promise<void> {
  if (order.what === 'settle') {
    for (const admission of admissions) admission.settle(order.tokens)
    admissions = []
    process.send?.({ at: order.at, refused: [], admitted: 0 })
    return
  }
  const refused: string[] = []
  const before = admissions.length
  await Promise.all(
    order.tokens.map(async (tokens) => {
      try {
        admissions.push(await limiter.admit(order.key, tokens))
      } catch (error) {
        refused.push(error instanceof Error ? error.message : String(error))
      }
    }),
  )
  process.send?.({ at: order.at, refused, admitted: admissions.length - before })
}
