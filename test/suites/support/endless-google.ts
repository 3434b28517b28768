import { setImmediate } from 'node:timers/promises'
import { type Asked, startByHand } from '../../../src/emulator/by-hand.ts'
import type { Held } from './upstream-process.ts'
import { numbered } from './numbered.ts'

/**
 * A model that writes as fast as its reader takes it, without end, or so many events as the prompt
 * asks for in the words `events: 1000`. The message `held` is answered with how it fares. Runs in a
 * process of its own.
 */
const reading = new Set<Stream>()
let written = 0
let everHeld = 0

interface Stream {
  /** Since when the reader takes nothing more; undefined while it reads. */
  heldSince: number | undefined
  /** Whether that was ever seen to be for longer than a second. */
  everHeld: boolean
}

const emulator = await startByHand()
emulator.answer((asked) => {
  const stream: Stream = { heldSince: undefined, everHeld: false }
  reading.add(stream)
  // Whoever leaves while it is answered is no failure here.
  answer(asked, stream)
    .catch(() => undefined)
    .finally(() => reading.delete(stream))
})
process.on('message', () => process.send?.(fare()))
process.stdout.write(`${emulator.url}\n`)

function fare(): Held {
  const now = performance.now()
  const held = [...reading].filter(({ heldSince = now }) => now - heldSince > 1_000)
  for (const stream of held) {
    if (!stream.everHeld) everHeld += 1
    stream.everHeld = true
  }
  return { streams: reading.size, held: held.length, everHeld, written }
}

async function answer(asked: Asked, stream: Stream): Promise<void> {
  const wanted = /events: (\d+)/.exec(JSON.stringify(asked.body))?.[1]
  const most = wanted === undefined ? Number.POSITIVE_INFINITY : Number(wanted)
  for (let from = 0; from < most && !asked.gone; from += batch) {
    const bytes = toEvents(from, Math.min(from + batch, most))
    written += bytes.length
    if (asked.write(bytes)) {
      // Others have their turn, however fast this one reads.
      await setImmediate()
      continue
    }
    stream.heldSince = performance.now()
    await asked.drained()
    stream.heldSince = undefined
  }
  if (asked.gone) return
  asked.write(toEvent('', 'STOP'))
  asked.end()
}

/** Events a write. */
const batch = 64

function toEvents(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, at) => toEvent(numbered(from + at))).join('')
}

function toEvent(said: string, finishReason?: string): string {
  const response = {
    candidates: [{ content: { parts: [{ text: said }], role: 'model' }, finishReason }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: 'gemini-2.5-flash',
  }
  return `data: ${JSON.stringify(response)}\r\n\r\n`
}
