import { isRecord } from './shared.ts'

/** What a model asks of a history, beyond the rules that hold for every model. */
export interface Strictness {
  /** The first call of each model turn must carry its signature (Gemini 3 and later). */
  signed: boolean
  /** The last turn may be the model's own. */
  prefill: boolean
}

interface Turn {
  role: unknown
  parts: Record<string, unknown>[]
}

/**
 * Which of Gemini's turn rules a request's contents break; an empty list when none. Written from
 * Google's documentation of function calling and thought signatures, not from our translation.
 */
export function brokenTurnRules(contents: unknown, { signed, prefill }: Strictness): string[] {
  const turns = readTurns(contents)
  if (turns.length === 0) return ['there is no content']
  const broken = turns.flatMap((turn, at) => [
    ...partsOf(turn).map((fault) => `content ${at}: ${fault}`),
    ...orderOf(turn, turns[at - 1], turns[at + 1]).map((fault) => `content ${at}: ${fault}`),
    ...(signed ? unsigned(turn).map((fault) => `content ${at}: ${fault}`) : []),
  ])
  return turns.at(-1)?.role === 'model' && !prefill
    ? [...broken, 'the last turn is the model’s own']
    : broken
}

function readTurns(contents: unknown): Turn[] {
  const list: unknown[] = Array.isArray(contents) ? contents : []
  return list.map((content) => {
    const { role, parts } = isRecord(content) ? content : {}
    return { role, parts: (Array.isArray(parts) ? parts : []).filter(isRecord) }
  })
}

const kinds = [
  'text',
  'inlineData',
  'fileData',
  'functionCall',
  'functionResponse',
  'executableCode',
  'codeExecutionResult',
]

function partsOf({ role, parts }: Turn): string[] {
  const empty = parts.filter((part) => part.text === '' && part.thoughtSignature === undefined)
  const odd = parts.filter((part) => kinds.filter((kind) => kind in part).length !== 1)
  return [
    ...(role === 'user' || role === 'model' ? [] : [`has the role ${String(role)}`]),
    ...(parts.length === 0 ? ['has no parts'] : []),
    ...empty.map(() => 'has an empty text'),
    ...odd.map((part) => `has a part that is not of one kind: ${Object.keys(part).join(', ')}`),
  ]
}

function orderOf(turn: Turn, before: Turn | undefined, after: Turn | undefined): string[] {
  const calls = namesOf(turn, 'functionCall')
  const results = namesOf(turn, 'functionResponse')
  const faults: string[] = []
  if (calls.length > 0) {
    if (turn.role !== 'model') faults.push('has calls, but is not the model’s')
    if (before?.role !== 'user') faults.push('has calls, but follows no turn of the user')
    const answers = after === undefined ? [] : namesOf(after, 'functionResponse')
    if (answers.join() !== calls.join()) {
      faults.push(`calls ${calls.join()} and gets the results of ${answers.join() || 'none'}`)
    }
  }
  if (results.length > 0) {
    if (turn.role !== 'user') faults.push('has results, but is not the user’s')
    if (results.length < turn.parts.length) faults.push('has something else beside results')
    if (before === undefined || namesOf(before, 'functionCall').length === 0) {
      faults.push('has results, but follows no call')
    }
  }
  return faults
}

function namesOf({ parts }: Turn, kind: 'functionCall' | 'functionResponse'): string[] {
  return parts.flatMap((part) => {
    const one = part[kind]
    return isRecord(one) ? String(one.name) : []
  })
}

function unsigned({ parts }: Turn): string[] {
  const first = parts.find((part) => 'functionCall' in part)
  return first !== undefined && first.thoughtSignature === undefined
    ? ['has a first call without a signature']
    : []
}
