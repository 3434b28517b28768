/**
 * Ids of tool calls: `call_` and 24 to 32 letters or digits, which every client keeps. Gemini often
 * gives none, and those it gives are short and come again in other answers; these are made of the
 * answer's own id, so that no two calls share one. The call's place comes first: what is left of an
 * id that a client cuts short still tells the calls of an answer apart. The prefix of OpenAI's ids is
 * left out: its letters are the same in all answers.
 */
export function toCallId(answer: string, choice: number, call: number): string {
  const own = answer.replace(/^chatcmpl-/, '').replace(/[^A-Za-z0-9]/g, '')
  const name = `${choice}x${call}x${own}`
  return `call_${name.padEnd(24, '0').slice(0, 32)}`
}
