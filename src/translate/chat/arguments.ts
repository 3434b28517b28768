import { type ApiError, badGateway } from '../../errors.ts'
import type { PartialArg } from '../gemini.ts'

type Key = string | number
type Value = string | number | boolean | null

interface Open {
  closer: '}' | ']'
  /** The member that was written last: the way into it is still open. */
  key: Key
}

/** Arguments as they grow. Maps, because the model chooses the names: `__proto__` is one like any other. */
type Node = Map<Key, Node | Value>

/** More members than any call has, fewer than would hurt. */
const mostKeys = 10_000

/** Characters of all strings together: more than a model writes in one answer. */
const mostLetters = 16 * 1024 * 1024

/**
 * Arguments that Gemini streams as values at JSON paths -> the pieces of one JSON text. Paths come in
 * the order of the document, for the model writes them so; a value that comes back to a place that
 * is closed already is written again, whole, at the end, where JSON's readers let the last one win.
 * Source: recorded streams of Vertex AI with streamFunctionCallArguments.
 */
export class ArgumentsWriter {
  /** Containers that are open in the text, outermost first. */
  readonly #open: Open[] = []
  /** Everything so far, for what has to be written again. */
  readonly #value: Node = new Map()
  /** Members of objects that are in the text, by their paths: none is written twice in its place. */
  readonly #written = new Set<string>()
  /** Outermost members that changed after they were closed. */
  readonly #late = new Set<Key>()
  /** A string whose end has not come yet; a late one is not in the text. */
  #unfinished: { path: string; late: boolean } | undefined
  #letters = 0

  /** The text that these values add. Throws 502 for arguments without measure. */
  push(args: PartialArg[]): string {
    return args.map((arg) => this.#write(arg)).join('')
  }

  /** The text that closes what is open. */
  end(): string {
    const start = this.#open.length === 0 ? '{' : ''
    const closed = this.#endString() + this.#closeTo(1)
    const late = [...this.#late].map(
      (key) => `,${JSON.stringify(key)}:${write(this.#value.get(key))}`,
    )
    return `${start}${closed}${late.join('')}}`
  }

  #write(arg: PartialArg): string {
    const { jsonPath = '$', willContinue = false } = arg
    const path = readPath(jsonPath)
    const value = valueOf(arg)
    if (path.length === 0 || value === undefined) return ''
    if (typeof value === 'string') this.#letters += value.length
    if (this.#letters > mostLetters) throw withoutEnd()
    const before = this.#unfinished?.path === jsonPath ? this.#unfinished : undefined
    remember(this.#value, path, value, before !== undefined)
    const { text, late } =
      before === undefined
        ? this.#begin(path, value)
        : { text: before.late ? '' : JSON.stringify(String(value)).slice(1, -1), late: before.late }
    if (typeof value !== 'string') return text
    this.#unfinished = willContinue ? { path: jsonPath, late } : undefined
    return willContinue || late ? text : `${text}"`
  }

  /** The way to a new value, and its beginning; nothing where the place is closed already. */
  #begin(path: Key[], value: Value): { text: string; late: boolean } {
    const ended = this.#endString()
    const first = this.#open.length === 0
    if (first) this.#open.push({ closer: '}', key: '' })
    const shared = this.#sharedDepth(path)
    if (this.#isBehind(path, shared)) {
      this.#late.add(path[0] ?? '')
      return { text: ended, late: true }
    }
    const text =
      ended + (first ? '{' : '') + this.#closeTo(shared + 1) + this.#openTo(path, shared, first)
    const written = JSON.stringify(value)
    return {
      text: text + (typeof value === 'string' ? written.slice(0, -1) : written),
      late: false,
    }
  }

  /** How many steps of the path lead through containers that are open. */
  #sharedDepth(path: Key[]): number {
    const last = Math.min(this.#open.length, path.length) - 1
    const differs = this.#open.slice(0, last).findIndex(({ key }, depth) => key !== path[depth])
    return differs === -1 ? last : differs
  }

  /** Whether the member was written before, or its container is of another kind. */
  #isBehind(path: Key[], shared: number): boolean {
    const container = this.#open[shared]
    const step = path[shared]
    if (container === undefined || step === undefined) return true
    if ((typeof step === 'number') !== (container.closer === ']')) return true
    if (typeof step === 'number') return typeof container.key === 'number' && step <= container.key
    return this.#written.has(JSON.stringify(path.slice(0, shared + 1)))
  }

  #openTo(path: Key[], shared: number, first: boolean): string {
    const steps = path.slice(shared).map((step, at) => {
      const depth = shared + at
      const comma = at === 0 && !first ? ',' : ''
      const name = typeof step === 'string' ? `${JSON.stringify(step)}:` : ''
      this.#written.add(JSON.stringify(path.slice(0, depth + 1)))
      const container = this.#open[depth]
      if (container !== undefined) container.key = step
      const next = path[depth + 1]
      if (next === undefined) return comma + name
      const list = typeof next === 'number'
      this.#open.push({ closer: list ? ']' : '}', key: '' })
      return comma + name + (list ? '[' : '{')
    })
    if (this.#written.size > mostKeys) throw withoutEnd()
    return steps.join('')
  }

  #closeTo(depth: number): string {
    const closers = this.#open.splice(depth).map(({ closer }) => closer)
    return closers.toReversed().join('')
  }

  #endString(): string {
    const open = this.#unfinished !== undefined && !this.#unfinished.late
    this.#unfinished = undefined
    return open ? '"' : ''
  }
}

function withoutEnd(): ApiError {
  return badGateway('Gemini’s arguments have no end.')
}

function valueOf({
  stringValue,
  numberValue,
  boolValue,
  nullValue,
}: PartialArg): Value | undefined {
  if (nullValue !== undefined) return null
  return stringValue ?? numberValue ?? boolValue
}

function remember(root: Node, path: Key[], value: Value, continued: boolean): void {
  const container = path.slice(0, -1).reduce<Node>((at, step) => {
    const known = at.get(step)
    if (known instanceof Map) return known
    const made: Node = new Map()
    at.set(step, made)
    return made
  }, root)
  const last = path.at(-1) ?? ''
  const before = continued ? container.get(last) : undefined
  container.set(last, typeof before === 'string' ? before + String(value) : value)
}

function write(node: Node | Value | undefined): string {
  if (!(node instanceof Map)) return JSON.stringify(node ?? null)
  const entries = [...node]
  if (entries.length > 0 && entries.every(([key]) => typeof key === 'number')) {
    return `[${entries
      .toSorted(([a], [b]) => Number(a) - Number(b))
      .map(([, one]) => write(one))
      .join(',')}]`
  }
  return `{${entries.map(([key, one]) => `${JSON.stringify(String(key))}:${write(one)}`).join(',')}}`
}

/** `$.foo['b c'][0]` -> `['foo', 'b c', 0]` (RFC 9535, the part of it that names one place). */
function readPath(path: string): Key[] {
  const steps = path.matchAll(
    /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/gs,
  )
  return [...steps].map(([, name, index, single, double]) => {
    if (index !== undefined) return Number(index)
    return name ?? unescape(single ?? double ?? '')
  })
}

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/** The escapes of a name are those of JSON, and the quote that it stands in. */
function unescape(name: string): string {
  return name.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/gs, (_, code?: string, letter = '') =>
    code === undefined
      ? (escapes[letter] ?? letter)
      : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
