import type { z } from 'zod'

/** What is wrong in a file, and where. */
export interface Mistake {
  path: readonly PropertyKey[]
  /** Says what to do, and never what was written: it may be a secret. */
  message: string
}

/** Everything that a schema found, each thing at its own path. */
export function toMistakes(issues: readonly z.core.$ZodIssue[]): Mistake[] {
  return issues.flatMap((issue) => unfold(issue, []))
}

function unfold(issue: z.core.$ZodIssue, base: readonly PropertyKey[]): Mistake[] {
  const path = [...base, ...issue.path]
  if (issue.code === 'unrecognized_keys') {
    const lines = issue.message.split('\n')
    return issue.keys.map((key, index) => ({
      path: [...path, key],
      message: lines[index] ?? issue.message,
    }))
  }
  if (issue.code === 'invalid_key') {
    return issue.issues.map(({ message }) => ({ path, message }))
  }
  if (issue.code !== 'invalid_union') return [{ path, message: issue.message }]
  const meant = meantOf(issue.errors)
  if (meant === undefined) return [{ path, message: issue.message }]
  return meant.flatMap((one) => unfold(one, path))
}

/** Of a union's branches, the one of the right kind that has the least to say; undefined for none. */
function meantOf(branches: z.core.$ZodIssue[][]): z.core.$ZodIssue[] | undefined {
  const fitting = branches.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  )
  const best = fitting.toSorted((a, b) => weightOf(a) - weightOf(b))[0]
  return best
}

function weightOf(issues: z.core.$ZodIssue[]): number {
  return issues.reduce(
    (sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1),
    0,
  )
}

/** `['keys', 1, 'expires']` -> `keys[1].expires`; what is no plain word stands in quotes. */
export function writePath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((written, step) => {
    if (typeof step === 'number') return `${written}[${step}]`
    const word = String(step)
    if (!/^[\w-]{1,100}$/.test(word)) return `${written}[${JSON.stringify(word.slice(0, 100))}]`
    return written === '' ? word : `${written}.${word}`
  }, '')
}
