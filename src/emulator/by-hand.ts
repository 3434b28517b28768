import { type Asked, toAsked } from './by-hand/asked.ts'
import { type Answering, Stage } from './by-hand/stage.ts'
import { type Emulator, type EmulatorOptions, serveWith } from './server.ts'
import { send } from './wire.ts'

export type { Asked } from './by-hand/asked.ts'
export type { Answering } from './by-hand/stage.ts'

/** An emulator whose answers are given by hand. */
export interface ByHand extends Emulator {
  /** Every request that came to be answered, in order. */
  readonly requests: Asked[]
  /** The first request that was not taken yet; throws where none comes in time (5 s by default). */
  next(ms?: number): Promise<Asked>
  /** Answers those that wait and those that come, until it is told otherwise; nothing: by `next`. */
  answer(how?: Answering): void
}

/**
 * The emulator, but for who answers: requests to generate are checked, refused and logged as ever,
 * and those that are right are handed over.
 */
export async function startByHand(options: EmulatorOptions = {}): Promise<ByHand> {
  const stage = new Stage()
  const emulator = await serveWith(options, async (request, response, exchange, logged) => {
    const { reply, fault, framing } = exchange
    const usual = () => send(response, reply, fault, logged)
    if (framing === undefined) return usual()
    const { asked, over } = toAsked({ ...request, framing, usual }, response, logged)
    await stage.enter(asked)
    await over
  })
  return {
    ...emulator,
    requests: stage.requests,
    next: (ms = 5_000) => stage.next(ms),
    answer: (how) => stage.answer(how),
  }
}
