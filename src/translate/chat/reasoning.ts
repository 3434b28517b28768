import { z } from 'zod'
import { invalidRequest } from '../../errors.ts'
import { type Abilities, type Effort, efforts } from '../abilities.ts'
import type { ThinkingConfig } from '../gemini.ts'
import { optional } from '../parse.ts'

/** How long the model thinks before it answers. */
export const reasoning = {
  reasoning_effort: optional(
    z.enum(efforts, `Invalid reasoning_effort. Valid values are: ${efforts.join(', ')}.`),
  ),
}

/**
 * `reasoning_effort` or `extra_body.google.thinking_config`, as the model understands it. An effort
 * that the model lacks becomes the nearest one it has. Throws 400 when both are given.
 */
export function toThinkingConfig(
  effort: Effort | undefined,
  config: ThinkingConfig | undefined,
  can: Abilities,
): ThinkingConfig | undefined {
  const { includeThoughts, thinkingBudget, thinkingLevel } = config ?? {}
  if (effort !== undefined && (thinkingBudget !== undefined || thinkingLevel !== undefined)) {
    throw invalidRequest(
      'Expected one of either `reasoning_effort` or custom `thinking_config`; found both.',
      'reasoning_effort',
    )
  }
  if (thinkingBudget !== undefined && thinkingLevel !== undefined) {
    throw invalidRequest(
      'Give thinking_budget or thinking_level, not both.',
      'extra_body.google.thinking_config',
    )
  }
  // A model that does not think refuses the mere presence of a thinkingConfig.
  if (can.thinking.by === 'nothing') return undefined
  if (can.thinking.by === 'itself')
    return includeThoughts === undefined ? undefined : { includeThoughts }
  if (effort !== undefined) {
    // Who asks for no thinking is not shown any, even where the model cannot quite stop.
    const shown = effort === 'none' ? false : includeThoughts
    return { includeThoughts: shown, ...toAmount(effort, can) }
  }
  if (thinkingLevel !== undefined && thinkingBudget === undefined) {
    return { includeThoughts, ...toAmount(thinkingLevel.toLowerCase(), can) }
  }
  return config === undefined ? undefined : { includeThoughts, thinkingBudget }
}

/** A word that is no effort of ours goes on as it is: Google decides what it means. */
function toAmount(word: string, { thinking }: Abilities): ThinkingConfig {
  if (isEffort(word) && thinking.by === 'budget') return { thinkingBudget: thinking.of[word] }
  if (isEffort(word) && thinking.by === 'level') return { thinkingLevel: thinking.of[word] }
  return { thinkingLevel: word.toUpperCase() }
}

function isEffort(word: string): word is Effort {
  return (efforts as readonly string[]).includes(word)
}
