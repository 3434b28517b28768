/** A series that a query looks for. */
export interface Selector {
  metric: string
  matchers: Matcher[]
  /** Whether it asks for a range of time. */
  range: boolean
}

/** What a label must be like. */
export interface Matcher {
  label: string
  sign: string
  value: string
}

/** What a query looks for. */
export interface Query {
  selectors: Selector[]
  /** Labels by which it groups. */
  groups: string[]
}

/** Functions as far as they are used, and whether they take a range. */
const functions: Record<string, { range: boolean }> = {
  rate: { range: true },
  increase: { range: true },
  histogram_quantile: { range: false },
  vector: { range: false },
  absent: { range: false },
}
const aggregations = ['sum', 'min', 'max', 'avg', 'count']
const operators = ['or', 'and', 'unless', '+', '-', '*', '/', '==', '!=', '>=', '<=', '>', '<']

const token =
  /\s*(?:(?<word>[a-zA-Z_:][\w:]*)|(?<number>\d+(?:\.\d+)?)|(?<text>"(?:[^"\\]|\\.)*")|(?<range>\[[^\]]*\])|(?<sign>=~|!~|==|!=|>=|<=|[-+*/=<>(){},]))/y

/** Reads PromQL, as far as the dashboard and the alerts speak it. Throws where it is none. */
export function readQuery(text: string): Query {
  const tokens = tokensOf(text)
  const query: Query = { selectors: [], groups: [] }
  expression(false)
  if (tokens.length > 0) throw new Error(`There is too much at the end: ${tokens.join(' ')}`)
  return query

  function expression(range: boolean): void {
    operand(range)
    while (operators.includes(tokens[0] ?? '')) {
      tokens.shift()
      operand(range)
    }
  }

  function operand(range: boolean): void {
    const first = take()
    if (first === '(') {
      expression(range)
      expect(')')
    } else if (aggregations.includes(first)) aggregation()
    else if (Object.hasOwn(functions, first)) call(functions[first]?.range ?? false)
    else if (/^[a-zA-Z_]/.test(first)) selector(first, range)
    else if (!/^\d/.test(first)) throw new Error(`'${first}' begins nothing.`)
  }

  function aggregation(): void {
    if (tokens[0] === 'by') {
      take()
      query.groups.push(...list('(', ')', take))
    }
    call(false)
  }

  function call(range: boolean): void {
    list('(', ')', () => expression(range))
  }

  function selector(metric: string, range: boolean): void {
    const matchers = tokens[0] === '{' ? list('{', '}', matcher) : []
    const asked = tokens[0]?.startsWith('[') ?? false
    if (asked && !/^\[(\d+[smhd]|\$__(rate_interval|range))\]$/.test(take()))
      throw new Error(`${metric} has no such range.`)
    if (asked !== range)
      throw new Error(`${metric} ${range ? 'needs a' : 'has no use for a'} range.`)
    query.selectors.push({ metric, matchers, range })
  }

  function matcher(): Matcher {
    const label = take()
    if (!/^[a-z_]+$/.test(label)) throw new Error(`'${label}' is no label.`)
    const sign = take()
    if (!['=', '!=', '=~', '!~'].includes(sign)) throw new Error(`'${label}' is not compared.`)
    const value = take()
    if (!value.startsWith('"')) throw new Error(`'${label}' is compared with nothing.`)
    return { label, sign, value: value.slice(1, -1) }
  }

  function list<T>(open: string, close: string, item: () => T): T[] {
    expect(open)
    const items = [item()]
    while (tokens[0] === ',') {
      take()
      items.push(item())
    }
    expect(close)
    return items
  }

  function expect(sign: string): void {
    const found = take()
    if (found !== sign) throw new Error(`Expected '${sign}', found '${found}'.`)
  }

  function take(): string {
    const next = tokens.shift()
    if (next === undefined) throw new Error('It ends too soon.')
    return next
  }
}

function tokensOf(text: string): string[] {
  const tokens: string[] = []
  const rest = text.trim()
  token.lastIndex = 0
  while (token.lastIndex < rest.length) {
    const at = token.lastIndex
    const found = token.exec(rest)
    if (found === null) throw new Error(`There is something odd at '${rest.slice(at, at + 20)}'.`)
    tokens.push(found[0].trim())
  }
  return tokens
}
