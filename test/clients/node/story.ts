import assert from 'node:assert/strict'
import { z } from 'zod'
import type { Ability } from '../clients.ts'

/** For whatever needs no tools. */
export const model = 'gemini-2.5-flash'

/** Signs its calls, and refuses those that come back without their signature. */
export const signingModel = 'gemini-3-flash-preview'

/** Three steps: the tides of two ports at once, then their weather, then the berth. */
export const task =
  'Compare the tide and then the weather in Kiel and Rostock, then book a berth for 3 nights.'

const ports = {
  Kiel: { tide: 'high at 04:10', sky: 'fog' },
  Rostock: { tide: 'high at 05:55', sky: 'drizzle' },
}

export const getTide = {
  name: 'get_tide',
  description: 'Tells the tide of a port.',
  parameters: z.object({ port: z.string() }),
  run: ({ port }: { port: string }) => ({ tide: lookUp(port).tide }),
}

export const getWeather = {
  name: 'get_weather',
  description: 'Tells the weather of a port.',
  parameters: z.object({ port: z.string() }),
  run: ({ port }: { port: string }) => ({ sky: lookUp(port).sky }),
}

export const bookBerth = {
  name: 'book_berth',
  description: 'Books a berth.',
  parameters: z.object({ port: z.enum(['Kiel', 'Rostock']), nights: z.int() }),
  run: ({ port, nights }: { port: string; nights: number }) => ({
    berth: `${port} B7 for ${nights} nights`,
  }),
}

function lookUp(port: string): { tide: string; sky: string } {
  assert.ok(port === 'Kiel' || port === 'Rostock', `There is no port named ${port}.`)
  return ports[port]
}

/** That the answer to the task was made of what the tools returned. */
export function tellsTheStory(text: string): void {
  const facts = Object.values(ports).flatMap(({ tide, sky }) => [tide, sky])
  for (const fact of [...facts, 'Kiel B7 for 3 nights']) {
    assert.ok(text.includes(fact), `"${fact}" is not in: ${text}`)
  }
}

/** A call as any client shows it. */
export interface Call {
  id: string
  name: string
  input: unknown
}

/** That a step asked for the tides of both ports at once. */
export function asksForBothTides(calls: Call[]): void {
  assert.deepEqual(
    calls.map(({ name, input }) => [name, input]),
    [
      ['get_tide', { port: 'Kiel' }],
      ['get_tide', { port: 'Rostock' }],
    ],
  )
  assert.notEqual(calls[0]?.id, calls[1]?.id)
}

export const voyage = z.object({ ship: z.string(), from: z.string(), to: z.string() })
export const voyagePrompt = 'Plan a voyage of the Seagull from Kiel to Rostock.'

/** A picture of one dot. */
export const picture =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** A tenth of a second of silence. */
export const recording = Buffer.concat([
  Buffer.from('RIFF\xa4\x06\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0', 'latin1'),
  Buffer.from('\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x80\x06\0\0', 'latin1'),
  Buffer.alloc(1664),
]).toString('base64')

/** Answers so slowly that there is time to leave. */
export const slowly = 'Tell a long story of the sea. [[slow:200]]'

/** Breaks off after a few words. */
export const breakingOff = 'Tell a long story of the sea. [[midstream-error]]'

/** Says whether the client is able to. */
export async function tell(ability: Ability, check: () => Promise<void>): Promise<void> {
  try {
    await check()
    print({ ability, ok: true })
  } catch (error) {
    if (process.env.VERBOSE) console.error(error)
    print({ ability, ok: false, error: String(error).slice(0, 500) })
  }
}

/** Says that it is the client that is not, and why. */
export function cannot(ability: Ability, why: string): void {
  print({ ability, cannot: why })
}

function print(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
