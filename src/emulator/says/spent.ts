import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import { textIn } from './parts.ts'
import type { Saying } from './saying.ts'
import { nothingSpent, type Spent, tokensIn, tokensInCalls, tokensInSteps } from './usage.ts'

/** What a candidate cost in the end. */
export function spentBy({ thoughts, steps, text, calls, toolTokens, mediaTokens }: Saying): Spent {
  return {
    thoughts: thoughts.tokens,
    candidates: tokensIn(text) + tokensInCalls(calls) + tokensInSteps(steps),
    toolUse: toolTokens,
    media: mediaTokens,
  }
}

/**
 * What it cost so far. What a tool returns was not generated, so its event of Gemini 3 counts the
 * prompt alone; 2.0 counts nothing before the end. Thinking is counted once it is over, by 2.5 all
 * along.
 */
export function spentOn(said: Part[], parts: Part[], saying: Saying, { model }: Call): Spent {
  const returned = parts.some((part) => part.codeExecutionResult ?? part.toolResponse)
  if (model.generation < 2.5 || (model.generation >= 3 && returned)) return nothingSpent
  const answer = said.filter((part) => !part.thought)
  const calls = answer.flatMap((part) => part.functionCall ?? [])
  const before = said.slice(0, said.length - parts.length)
  const used = saying.steps.length === 0 || before.some((part) => part.codeExecutionResult)
  const thoughtSoFar = model.generation < 3 ? Math.ceil(saying.thoughts.tokens / 2) : 0
  return {
    thoughts: answer.length > 0 ? saying.thoughts.tokens : thoughtSoFar,
    candidates: tokensIn(textIn(answer)) + tokensInCalls(calls) + tokensInSteps(answer),
    // Gemini 3 tells this at the end only.
    toolUse: used && model.generation < 3 ? saying.toolTokens : 0,
    media: answer.some((part) => part.inlineData) ? saying.mediaTokens : [],
  }
}
