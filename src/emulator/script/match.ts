import { bringsResults, type GenerateContentRequest } from '../request.ts'
import type { Prompt } from '../says/prompt.ts'
import type { ScriptMemory } from './memory.ts'
import type { Script, ScriptEntry, When } from './script.ts'

/** What a script has to say to a request: the first entry that fits, and may still answer. */
export function entryFor(
  { script, played }: { script: Script; played: ScriptMemory },
  request: GenerateContentRequest,
  prompt: Prompt,
  model: string,
): ScriptEntry | undefined {
  return script.find(
    (entry) => played.mayAnswer(entry) && holds(entry.when, request, prompt, model),
  )
}

function holds(
  { contains = [], matches, model: wanted, turn, toolResult }: When,
  request: GenerateContentRequest,
  { text, results }: Prompt,
  model: string,
): boolean {
  const said = text.toLowerCase()
  const names = results.map(({ name }) => name)
  return (
    contains.every((part) => said.includes(part.toLowerCase())) &&
    (matches?.test(text) ?? true) &&
    (wanted === undefined || pattern(wanted).test(model)) &&
    (turn === undefined || turn === turnOf(request)) &&
    (toolResult === undefined ||
      (toolResult === true ? names.length > 0 : names.includes(toolResult)))
  )
}

function pattern(glob: string): RegExp {
  return new RegExp(
    `^${glob
      .split('*')
      .map((text) => RegExp.escape(text))
      .join('.*')}$`,
  )
}

function turnOf({ contents = [] }: GenerateContentRequest): number {
  return contents.filter((content) => content.role !== 'model' && !bringsResults(content)).length
}
