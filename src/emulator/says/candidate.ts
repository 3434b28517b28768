import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { Candidate } from '../response.ts'

/** The candidate that some parts make; without a part its content has a role only. */
export function candidateAround(parts: Part[], index: number, call: Call): Candidate {
  const content = parts.length > 0 ? { parts, role: 'model' } : { role: 'model' }
  return { content, ...indexOf(parts, index, call) }
}

// Vertex AI and the 2.0 models leave out an index of 0, and so does whatever a tool of Gemini 3
// returned in a stream.
function indexOf(parts: Part[], index: number, { backend, model }: Call): { index?: number } {
  const [only, ...more] = parts
  const returned = more.length === 0 && Boolean(only?.codeExecutionResult ?? only?.toolResponse)
  if (index === 0 && returned && model.generation >= 3) return {}
  return index > 0 || (backend === 'gemini-api' && model.generation >= 2.5) ? { index } : {}
}
