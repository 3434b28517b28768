import type { Call } from '../call.ts'
import { keywords, type Prompt } from './prompt.ts'

/** How long the model thought, and what it tells of it. */
export interface Thoughts {
  tokens: number
  /** Summaries, in the order they are sent; none unless the request asks for them. */
  summaries: string[]
}

const tokensByLevel: Record<string, number> = {
  off: 0,
  minimal: 0,
  low: 12,
  medium: 24,
  high: 48,
}

/** What a model thinks before it answers. */
export function thoughtsFor({ request, model }: Call, { text }: Prompt): Thoughts {
  const { includeThoughts, thinkingBudget, thinkingLevel } =
    request.generationConfig?.thinkingConfig ?? {}
  const chosen = thinkingBudget && thinkingBudget > 0 ? 'high' : thinkingLevel?.toLowerCase()
  const dynamic = thinkingBudget === -1 ? 'medium' : undefined
  const level = chosen ?? dynamic ?? model.thinking?.byDefault ?? 'off'
  const most = thinkingBudget !== undefined && thinkingBudget >= 0 ? thinkingBudget : Infinity
  const words = keywords(text)
  const base = tokensByLevel[level] ?? tokensByLevel['medium'] ?? 0
  const tokens = base === 0 ? 0 : Math.min(base + words.length, most)
  return { tokens, summaries: tokens > 0 && includeThoughts ? summaries(words) : [] }
}

// Summaries come as headed paragraphs that end in blank lines.
function summaries(words: string[]): string[] {
  const subject = words.slice(0, 3).join(', ') || 'the conversation'
  return [
    `**Reading the request**\n\nThe user brings up ${subject}. I look at what is asked.\n\n\n`,
    `**Choosing an answer**\n\nI weigh what can be said about ${subject} and keep it short.\n\n\n`,
  ]
}
