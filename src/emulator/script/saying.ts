import type { Call } from '../call.ts'
import type { Prompt } from '../says/prompt.ts'
import { candidates, endedBy, type Saying, silence } from '../says/saying.ts'
import { thoughtsFor } from '../says/thoughts.ts'
import { tokensIn } from '../says/usage.ts'
import type { ScriptedAnswer } from './script.ts'

/** What the candidates say as a script has it; undefined where it leaves saying to the emulator. */
export function scriptedSayings(
  { text, thoughts, calls = [], json, finish }: ScriptedAnswer,
  call: Call,
  prompt: Prompt,
): Saying[] | undefined {
  const said = [text, thoughts, json, finish].some((one) => one !== undefined)
  if (!said && calls.length === 0) return undefined
  const thought = thoughts === undefined ? thoughtsFor(call, prompt) : thinking(thoughts, call)
  const spoken = json === undefined ? (text ?? '') : JSON.stringify(json, null, 2)
  const saying = { ...silence(thought), text: spoken, calls }
  return candidates(call, () => (finish === undefined ? saying : endedBy(finish, saying)))
}

function thinking(thoughts: string[], { request }: Call): Saying['thoughts'] {
  const shown = request.generationConfig?.thinkingConfig?.includeThoughts ?? false
  return { tokens: tokensIn(thoughts.join('')), summaries: shown ? thoughts : [] }
}
