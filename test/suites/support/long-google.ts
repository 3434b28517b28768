import { type Asked, startByHand } from '../../../src/emulator/by-hand.ts'
import { event } from './work.ts'

/**
 * A model that says so many short words as the prompt asks for (`words: 1000`), each in an event of its
 * own, as fast as they are taken; if it is asked for silence, the first of them and nothing more. Runs in a
 * process of its own.
 */
const emulator = await startByHand()
// Whoever leaves while it is answered is no failure here.
emulator.answer((asked) => void answer(asked).catch(() => undefined))
process.stdout.write(`${emulator.url}\n`)

/** Events a write. */
const perWrite = 100

async function answer(asked: Asked): Promise<void> {
  const prompt = JSON.stringify(asked.body)
  if (prompt.includes('then silence')) {
    asked.write(`data: ${event(word(0))}\r\n\r\n`)
    return
  }
  const words = Number(/words: (\d+)/.exec(prompt)?.[1])
  if (asked.framing === 'whole') return asked.json(200, event(word(0), {}, true))
  for (let from = 0; from < words && !asked.gone; from += perWrite) {
    const events = Array.from({ length: Math.min(perWrite, words - from) }, (_, at) =>
      event(word(from + at), {}, from + at === words - 1),
    )
    if (!asked.write(events.map((one) => `data: ${one}\r\n\r\n`).join(''))) await asked.drained()
  }
  asked.end()
}

function word(at: number): object {
  return { text: ` word ${at}` }
}
