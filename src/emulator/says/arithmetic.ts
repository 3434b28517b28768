/** Sums a text asks for (`12 * 3 + 4`, `17 squared`), written as Python would have them. */
export function expressions(text: string): string[] {
  const plain = text
    .replace(/\b(\d+) squared\b/gi, '$1**2')
    .replace(/\b(\d+) times (\d+)/gi, '$1 * $2')
  return (
    plain.match(/(?<![\w.-])\d+(?:\.\d+)?(?:\s*(?:\*\*|[-+*/%])\s*\d+(?:\.\d+)?)+(?![\w-])/g) ?? []
  )
}

const levels = [['**'], ['*', '/', '%'], ['+', '-']]

/** What Python prints for a sum. */
export function evaluated(expression: string): string {
  const tokens = expression.match(/\d+(?:\.\d+)?|\*\*|[-+*/%]/g) ?? []
  const whole = tokens.every((token) => /^(\d+|\*\*|[-+*%])$/.test(token)) && isSmall(tokens)
  const values = tokens.filter((_, i) => i % 2 === 0)
  const operators = tokens.filter((_, i) => i % 2 === 1)
  return whole
    ? String(folded(values.map(BigInt), operators, exact))
    : printed(folded(values.map(Number), operators, rough), expression)
}

// Integers have no limit in Python, but here a tower of powers does.
function isSmall(tokens: string[]): boolean {
  const powers = tokens.filter((_, i) => tokens[i - 1] === '**')
  return powers.length < 2 && powers.every((power) => Number(power) <= 512)
}

function folded<N>(values: N[], operators: string[], apply: (a: N, op: string, b: N) => N): N {
  let left: { values: N[]; operators: string[] } = { values, operators }
  for (const level of levels) left = reduced(left, level, apply)
  const [result] = left.values
  if (result === undefined) throw new Error('An expression has a number at least.')
  return result
}

function reduced<N>(
  { values, operators }: { values: N[]; operators: string[] },
  level: string[],
  apply: (a: N, op: string, b: N) => N,
): { values: N[]; operators: string[] } {
  const kept = { values: values.slice(0, 1), operators: [] as string[] }
  operators.forEach((operator, i) => {
    const [a, b] = [kept.values.at(-1), values[i + 1]]
    if (a === undefined || b === undefined) return
    if (level.includes(operator)) kept.values.splice(-1, 1, apply(a, operator, b))
    else {
      kept.values.push(b)
      kept.operators.push(operator)
    }
  })
  return kept
}

function exact(a: bigint, operator: string, b: bigint): bigint {
  if (operator === '**') return a ** b
  if (operator === '*') return a * b
  if (operator === '%') return b === 0n ? 0n : a % b
  return operator === '+' ? a + b : a - b
}

function rough(a: number, operator: string, b: number): number {
  if (operator === '**') return a ** b
  if (operator === '*') return a * b
  if (operator === '/') return a / b
  if (operator === '%') return a % b
  return operator === '+' ? a + b : a - b
}

// A division makes a float of integers, and Python shows it.
function printed(value: number, expression: string): string {
  const isFloat = expression.includes('/') || expression.includes('.')
  return Number.isInteger(value) && isFloat ? value.toFixed(1) : String(value)
}
