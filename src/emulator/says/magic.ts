import { Argument } from '../faults/argument.ts'
import { longest } from '../faults/words.ts'

/** The words in double brackets that make the emulator do as it is told: how each is written, and what it does. */
export const magicWords: Record<string, string> = {
  '[[finish:RECITATION]]': 'ends the answer with that finishReason, and as answers with it look',
  '[[block:JAILBREAK]]': 'no candidates, `promptFeedback.blockReason` is that reason',
  '[[blocked]]': 'the same as `[[block:PROHIBITED_CONTENT]]`',
  '[[safety]]': 'the same as `[[finish:SAFETY]]`: half of the text, then the reason',
  '[[malformed]]': 'the same as `[[finish:MALFORMED_FUNCTION_CALL]]`: no parts at all',
  '[[empty]]': 'finishReason STOP without a single part',
  '[[error:503]]': "that HTTP status with Google's error JSON; 429 says to retry in 2 s",
  '[[midstream-error]]': 'two events, then an error object; 503 where nothing is streamed',
  '[[slow:200]]': 'so many milliseconds of silence between the events',
  '[[fault:reset@3;split=1]]': 'any fault, see the table of faults',
}

/** What a prompt conjures. */
export interface Magic {
  finish?: string
  block?: string
  empty: boolean
  midstreamError: boolean
  /** HTTP status to refuse with. */
  error?: number
  /** Milliseconds between events. */
  slow: number
  faults: string[]
}

const names = Object.keys(magicWords).map((word) => word.replace(/^\[\[([a-z-]+).*$/, '$1'))

const spell = new RegExp(String.raw`\[\[(${names.join('|')})(?::([^\]]*))?\]\]`, 'g')

/** What a text conjures; throws the emulator's own 400 if that cannot be read. */
export function readMagic(text: string): Magic {
  const spells = [...text.matchAll(spell)].map(([, name = '', value = '']) => ({ name, value }))
  const said = (name: string) => spells.some((found) => found.name === name)
  const value = (name: string) => spells.find((found) => found.name === name)?.value || undefined
  // Faults have such numbers, too, and are as particular about them.
  const number = (name: string, least: number, most: number) =>
    said(name) ? new Argument(`${name}=${value(name) ?? ''}`).number(least, most) : undefined
  return {
    finish: value('finish') ?? (said('safety') ? 'SAFETY' : malformed(said('malformed'))),
    block: value('block') ?? (said('blocked') ? 'PROHIBITED_CONTENT' : undefined),
    empty: said('empty'),
    midstreamError: said('midstream-error'),
    error: number('error', 400, 599),
    slow: number('slow', 0, longest) ?? 0,
    faults: spells.flatMap((found) => (found.name === 'fault' ? [found.value] : [])),
  }
}

/** The text without its magic, as the model reads it. */
export function withoutMagic(text: string): string {
  return text.replace(spell, '').trim()
}

function malformed(said: boolean): string | undefined {
  return said ? 'MALFORMED_FUNCTION_CALL' : undefined
}
