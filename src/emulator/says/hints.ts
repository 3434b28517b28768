import { keywords, numbers, type Prompt } from './prompt.ts'

/** What to fill a schema's leaves with; each hint is given once, in the prompt's order. */
export interface Hints {
  string(property: string): string
  number(): number | undefined
  /** Whether the prompt names a value. */
  mentions(value: unknown): boolean
}

const wholePrompt = /query|question|text|message|prompt|input|search|content|expression|task/i

/** Hints out of a prompt's words. */
export function hintsFrom(text: Prompt['text'], names: string[]): Hints {
  const strings = names.values()
  const figures = numbers(text).values()
  return {
    string(property) {
      if (wholePrompt.test(property) && text !== '') return text
      return strings.next().value ?? keywords(text)[0] ?? property
    },
    number: () => figures.next().value,
    mentions(value) {
      return (
        typeof value === 'string' &&
        value !== '' &&
        text.toLowerCase().includes(value.toLowerCase())
      )
    },
  }
}
