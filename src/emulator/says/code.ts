import { offers, type Part } from '../request.ts'
import type { Call } from '../call.ts'
import { evaluated, expressions } from './arithmetic.ts'
import { keywords, type Prompt } from './prompt.ts'

/** A piece of code the model had run, and what it printed. */
export interface Execution {
  code: string
  output: string
}

/** The code that is run for a prompt: its sums, or something about its words. */
export function executionsFor({ request }: Call, { text, results }: Prompt): Execution[] {
  if (!offers(request, 'codeExecution') || results.length > 0) return []
  const sums = expressions(text).map((sum) => run(sum, evaluated(sum)))
  const asked = /\b(code|python|execut\w*|comput\w*|calculat\w*|run)\b/i.test(text)
  if (sums.length === 0 && !asked) return []
  const first = sums.length > 0 ? sums : [lengthOf(keywords(text)[0] ?? 'code')]
  const again = /\b(twice|two separate|second time)\b/i.test(text) && first.length === 1
  return again ? [...first, ...first.map(digitSum)] : first
}

/** The parts an execution makes: the code, then its outcome. */
export function executionParts({ code, output }: Execution): Part[] {
  return [
    { executableCode: { language: 'PYTHON', code } },
    { codeExecutionResult: { outcome: 'OUTCOME_OK', output } },
  ]
}

/** What is said after running code. */
export function executionText(executions: Execution[]): string {
  const [only, ...more] = executions.map(({ output }) => output.trim())
  if (more.length === 0) return `The result is ${only}.`
  return [only, ...more].map((output, i) => `Result ${i + 1} is ${output}.`).join(' ')
}

function run(expression: string, result: string): Execution {
  return { code: `print(${expression})\n`, output: `${result}\n` }
}

function lengthOf(word: string): Execution {
  return run(`len(${JSON.stringify(word)})`, String(Array.from(word).length))
}

function digitSum({ output }: Execution): Execution {
  const digits = output.match(/\d/g) ?? []
  const sum = digits.reduce((total, digit) => total + Number(digit), 0)
  return {
    code: `n = ${output.trim()}\nprint(sum(int(d) for d in str(n) if d.isdigit()))\n`,
    output: `${sum}\n`,
  }
}
