import type { Refusal } from '../errors.ts'

/** What a script tells the emulator to answer: the first entry whose conditions all hold. */
export type Script = ScriptEntry[]

/** One answer, and when it is given. */
export interface ScriptEntry {
  when: When
  answer: ScriptedAnswer
  /** How many of the requests that fit it answers; without it, all. */
  times?: number
}

/** Conditions, of which all have to hold; without any it is always. */
export interface When {
  /** Parts of the last user text, without regard to case. */
  contains?: string[]
  matches?: RegExp
  model?: string
  turn?: number
  /** The function whose result the conversation ends with; true for any. */
  toolResult?: string | true
}

/** An answer; what it leaves open is as built in. */
export interface ScriptedAnswer {
  text?: string
  thoughts?: string[]
  calls?: { name: string; args: Record<string, unknown>; id?: string }[]
  json?: unknown
  finish?: string
  fault?: string
  events?: Record<string, unknown>[]
  error?: Refusal
}

/** Each key of a script, and what it stands for. */
export const scriptKeys: Record<string, string> = {
  'when.contains': 'a text, or several, that the last user text contains, whatever the case',
  'when.matches': 'a regular expression that the last user text matches',
  'when.model': 'the model; `*` stands for anything, as in `gemini-3*`',
  'when.turn': 'which user turn it is, counted from 1; results of functions are no turn',
  'when.tool_result': 'the function whose result the conversation ends with; `true` for any',
  'answer.text': 'what is said',
  'answer.thoughts': 'one or several thought summaries, shown if the request asks for thoughts',
  'answer.calls': 'functions to call: a list of `{ name, args }`, `args` being an object',
  'answer.json': 'anything, said as JSON text',
  'answer.finish': 'the finishReason, and an answer that looks like it',
  'answer.fault': 'a fault, in the words of the table of faults',
  'answer.events': 'the events themselves, sent as they are written',
  'answer.error': 'a refusal: `{ code, status, message, details }`, of which only `code` has to be',
  times: 'how many of the requests that fit are answered so; later ones fall to later entries',
}
