import type { Model } from '../models.ts'
import type { FunctionCall, PartialArg, Part } from '../request.ts'
import { pieces } from './pieces.ts'

/**
 * A call as Vertex AI streams it when `streamFunctionCallArguments` is set: its name, its arguments
 * leaf by leaf, and an empty call that closes it.
 * https://docs.cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling
 */
export function streamedCall({ name, args = {} }: FunctionCall, model: Model): Part[] {
  const leaves = leavesOf(args, '$')
  // Arguments without a string come at once.
  if (leaves.length > 0 && leaves.every(({ value }) => typeof value !== 'string')) {
    return [{ functionCall: { name, partialArgs: leaves.flatMap(bitsOf) } }]
  }
  const bits = leaves.flatMap((leaf, i) => [
    ...bitsOf(leaf).map((bit) => ({ partialArgs: [bit], willContinue: true })),
    ...(model.generation > 3 && leavesObject(leaf, leaves[i + 1]) ? [{ willContinue: true }] : []),
  ])
  const open = model.leavesCallsOpen && bits.length > 0
  const told = open ? [...bits.slice(0, -1), ...bits.slice(-1).map(withoutMore)] : [...bits, {}]
  return [{ name, willContinue: true }, ...told].map((functionCall) => ({ functionCall }))
}

function withoutMore({ willContinue: _, ...call }: FunctionCall): FunctionCall {
  return call
}

interface Leaf {
  path: string
  value: string | number | boolean | null
}

// An empty list or object has no leaf, and thus no way to be told.
function leavesOf(value: unknown, path: string): Leaf[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => leavesOf(item, `${path}[${i}]`))
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, child]) => leavesOf(child, `${path}${step(key)}`))
  }
  // JSON has no other leaves than these.
  return [{ path, value: value as Leaf['value'] }]
}

// RFC 9535: a name that is no identifier stands in brackets and quotes.
function step(key: string): string {
  const quoted = key.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(key) ? `.${key}` : `['${quoted}']`
}

// Since 3.1 there is a pause after each object of a list.
function leavesObject({ path }: Leaf, next: Leaf | undefined): boolean {
  const [object] = /^.*\[\d+\](?=\.)/.exec(path) ?? []
  return object !== undefined && !next?.path.startsWith(`${object}.`)
}

// A string ends with an empty piece that does not continue.
function bitsOf({ path: jsonPath, value }: Leaf): PartialArg[] {
  if (value === null) return [{ jsonPath, nullValue: 'NULL_VALUE' }]
  if (typeof value === 'number') return [{ jsonPath, numberValue: value }]
  if (typeof value === 'boolean') return [{ jsonPath, boolValue: value }]
  const cut = pieces(value)
  return [
    ...cut.map((stringValue) => ({ jsonPath, stringValue, willContinue: true })),
    { jsonPath, stringValue: '' },
  ]
}
