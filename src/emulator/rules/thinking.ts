import type { Call } from '../call.ts'
import { invalidArgument } from '../errors.ts'
import type { Thinking } from '../models.ts'

/** Refuses thinking the model cannot do. */
export function checkThinking({ request, model }: Call): void {
  const config = request.generationConfig?.thinkingConfig
  if (!config || Object.keys(config).length === 0) return
  const { thinkingLevel, thinkingBudget } = config
  if (!model.thinking) throw invalidArgument(`Thinking is not enabled for models/${model.id}`)
  if (thinkingLevel !== undefined && thinkingBudget !== undefined) {
    throw invalidArgument('You can only set only one of thinking budget and thinking level.')
  }
  if (thinkingLevel !== undefined) checkLevel(thinkingLevel, model.thinking)
  if (thinkingBudget !== undefined) checkBudget(thinkingBudget, model.thinking)
}

function checkLevel(level: string, { levels }: Thinking): void {
  if (levels.length === 0) {
    throw invalidArgument('Thinking level is not supported for this model.')
  }
  if (!levels.includes(level) && level !== 'THINKING_LEVEL_UNSPECIFIED') {
    throw invalidArgument(
      `Thinking level ${level} is not supported for this model. Please retry with other thinking level.`,
    )
  }
}

function checkBudget(budget: number, { budget: [min, max], canBeOff }: Thinking): void {
  // -1 lets the model decide.
  if (budget === -1 || (budget === 0 && canBeOff)) return
  if (budget === 0) {
    throw invalidArgument('Budget 0 is invalid. This model only works in thinking mode.')
  }
  if (budget < min || budget > max) {
    throw invalidArgument(
      `The thinking budget ${budget} is invalid. Please choose a value between ${min} and ${max}.`,
    )
  }
}
