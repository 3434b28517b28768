/**
 * Words in double brackets in the last user text make the emulator misbehave as Gemini does now and
 * then, so that a client can be tested against it:
 *
 * | in the prompt          | what happens                                                         |
 * | ---------------------- | -------------------------------------------------------------------- |
 * | `[[blocked]]`          | no candidates, `promptFeedback.blockReason` PROHIBITED_CONTENT       |
 * | `[[safety]]`           | half of the text, then finishReason SAFETY                           |
 * | `[[empty]]`            | finishReason STOP without a single part                              |
 * | `[[malformed]]`        | finishReason MALFORMED_FUNCTION_CALL without parts                   |
 * | `[[error:503]]`        | that HTTP status with Google's error JSON; 429 says to retry in 2 s  |
 * | `[[midstream-error]]`  | two events, then an error object; 503 where nothing is streamed      |
 * | `[[slow:200]]`         | so many milliseconds of silence between the events                   |
 */
export interface Magic {
  ending?: 'blocked' | 'safety' | 'empty' | 'malformed' | 'midstream-error'
  /** HTTP status to refuse with. */
  error?: number
  /** Milliseconds between events. */
  slow: number
}

const spell = /\[\[([a-z-]+)(?::(\d+))?\]\]/g

const endings = ['blocked', 'safety', 'empty', 'malformed', 'midstream-error'] as const

/** What a text conjures. */
export function readMagic(text: string): Magic {
  const spells = [...text.matchAll(spell)].map(([, name, argument]) => ({ name, argument }))
  const value = (name: string) => spells.find((found) => found.name === name)?.argument
  const error = value('error')
  return {
    ending: endings.find((ending) => spells.some(({ name }) => name === ending)),
    error: error === undefined ? undefined : Number(error),
    slow: Number(value('slow') ?? 0),
  }
}

/** The text without its magic, as the model reads it. */
export function withoutMagic(text: string): string {
  return text.replace(spell, '').trim()
}
