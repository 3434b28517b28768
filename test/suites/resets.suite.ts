import { Agent } from 'node:http'
import { startEmulator } from '../../src/emulator/server.ts'
import { brief, type Seen } from './support/answer.ts'
import { ask } from './support/ask.ts'
import { inParallel, randomFrom } from './support/figures.ts'
import { healthyAnswer } from './support/native.ts'
import { startGatewayProcess } from './support/process.ts'
import { type ChatBody, sdkClient } from './support/two-clients.ts'
import type { Edition, Figure } from './suite.ts'

export const about = 'a stream that is reset at any byte is never taken for a complete one'

/** Letters of two, three and four bytes, in about sixty events. */
const said = 'Grüße aus 東京, naïve Füße 🎈 und so fort '.repeat(57).trim()

/** What became of one reset stream. */
interface Outcome extends Pick<Seen, 'text' | 'finished' | 'error' | 'complaints'> {
  /** Whether Google had said everything before the reset. */
  over: boolean
  official: boolean
}

/** Resets at random bytes: each must end in an error, and what came before it must be true. */
export async function* suite(edition: Edition): AsyncGenerator<Figure> {
  const { resets, official } =
    edition === 'long' ? { resets: 10_000, official: 2_000 } : { resets: 1_000, official: 200 }
  const seed = Number(process.env.SUITE_SEED ?? 1)
  const random = randomFrom(seed)
  const emulator = await startEmulator()
  const gateway = await startGatewayProcess(emulator.url, { POLLUX_RETRIES: '0' })
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  try {
    const { events } = await healthyAnswer(emulator.url, `Repeat: ${said}`)
    const lengths = events.map((event) => Buffer.byteLength(event))
    const outcomes: Outcome[] = []
    await inParallel(Array(resets).keys(), 16, async (at) => {
      const { fault, over } = anywhere(lengths, random())
      const seen =
        at < official
          ? await sdkClient(gateway.url, question(fault))
          : await ask(agent, gateway.url, question(fault))
      outcomes.push({ ...seen, over, official: at < official })
    })
    yield* figures(
      outcomes,
      `${resets} resets in a stream of ${lengths.length} events, seed ${seed}`,
    )
    const { exitCode } = gateway.process
    yield {
      promise: 'the gateway goes on',
      seen: exitCode === null ? 'it does' : `exit ${exitCode}`,
      kept: exitCode === null,
    }
  } finally {
    agent.destroy()
    gateway.kill()
    await emulator.close()
  }
}

/** A fault somewhere between the first byte and the end, each byte as likely as any other. */
function anywhere(lengths: readonly number[], share: number): { fault: string; over: boolean } {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const position = Math.floor(share * (total + 1))
  let events = 0
  let bytes = position
  for (const length of lengths) {
    if (bytes < length) break
    bytes -= length
    events += 1
  }
  // The last event says all that it has to say before its two line ends.
  return { fault: `reset@${events}+${bytes}`, over: position >= total - '\r\n\r\n'.length }
}

function question(fault: string): ChatBody {
  const content = `Repeat: ${said} [[fault:${fault}]]`
  return { model: 'gemini-2.5-flash', messages: [{ role: 'user', content }], stream: true }
}

function* figures(outcomes: Outcome[], of: string): Generator<Figure> {
  const cut = outcomes.filter(({ over }) => !over)
  const complete = outcomes.filter(({ error }) => error === undefined)
  yield* none(
    '0 silent truncations',
    complete.filter(({ over, text }) => !over || text !== said),
    of,
  )
  const finished = outcomes.filter(({ finished }) => finished.length > 0)
  yield* none(
    '0 finish reasons of what is not finished',
    finished.filter(({ over, text }) => !over || text !== said),
    of,
  )
  yield* none(
    '0 [DONE] after an error, or other broken rules',
    outcomes.filter(({ complaints }) => complaints.length > 0),
    of,
  )
  yield* none(
    '0 texts that Google did not say',
    outcomes.filter(({ text }) => !said.startsWith(text)),
    of,
  )
  const official = cut.filter((outcome) => outcome.official)
  const thrown = official.filter(({ error }) => error !== undefined)
  yield {
    promise: 'the official client throws in each',
    seen: `${thrown.length} of ${official.length}`,
    kept: thrown.length === official.length && official.length > 0,
  }
  const interrupted = cut.filter(({ error }) => error?.code === 'stream_interrupted')
  yield {
    promise: 'each is told as stream_interrupted',
    seen: `${interrupted.length} of ${cut.length}, ${cut.filter(({ text }) => text === '').length} of them before the first word`,
    kept: interrupted.length === cut.length,
  }
}

function* none(promise: string, wrong: Outcome[], of: string): Generator<Figure> {
  const [first] = wrong
  const { text = '', finished, error, complaints } = first ?? {}
  const shown = brief({ text: text.slice(-40), finished, error, complaints })
  const example = first === undefined ? '' : `, e.g. ${shown}`
  yield { promise, seen: `${wrong.length} of ${of}${example}`, kept: wrong.length === 0 }
}
