import { isPattern, lettersOf, matches } from './pattern.ts'
import type { Tokens } from './translate/chat/usage.ts'
import type { CallRecord } from './upstream/record.ts'

/** US dollars per million tokens. */
export interface Price {
  input: number
  /** Of what the model had in its cache. */
  cachedInput: number
  /** Thoughts too. */
  output: number
}

export interface Priced {
  /** What clients ask for; `*` stands for anything. */
  name: string
  price: Price | undefined
}

/** What a request has cost in US dollars; undefined where nobody knows, or nobody has told the price. */
export type CostOf = (record: CallRecord) => number | undefined

/**
 * The price of the name that a client asked by wins, where the operator gave it one; else the price of
 * the model that was asked counts. Of these, names win over patterns, and longer patterns over shorter.
 */
export function costsBy(
  models: readonly Priced[],
  prices: Readonly<Record<string, Price>>,
): CostOf {
  const ofAliases = toLookup(models.map(({ name, price }) => [name, price]))
  const ofModels = toLookup(Object.entries(prices))
  return (record) => {
    const { tokens, asked, asks } = record
    if (tokens === undefined) return undefined
    const price = ofAliases(asked) ?? ofModels(asks.at(-1)?.model ?? asked) ?? ofModels(asked)
    return price && toCost(tokens, price)
  }
}

function toCost({ input, cached, output }: Tokens, price: Price): number {
  const fresh = Math.max(0, input - cached)
  return (fresh * price.input + cached * price.cachedInput + output * price.output) / 1e6
}

function toLookup(entries: readonly [string, Price | undefined][]) {
  const names = new Map(entries.filter(([name]) => !isPattern(name)))
  const patterns = entries
    .filter(([name]) => isPattern(name))
    .toSorted(([one], [other]) => lettersOf(other) - lettersOf(one))
  return (name: string): Price | undefined =>
    names.get(name) ?? patterns.find(([pattern]) => matches(pattern, name))?.[1]
}
