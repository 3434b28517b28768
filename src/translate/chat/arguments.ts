import type { PartialArg } from '../gemini.ts'

type Key = string | number
type Value = string | number | boolean | null

interface Open {
  closer: '}' | ']'
  /** The member that was written last: the way into it is still open. */
  key: Key
}

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
  readonly #value: Record<string, unknown> = {}
  readonly #late = new Set<string>()
  /** The path of a string whose end has not come yet. */
  #unfinished: string | undefined
  #started = false

  /** The text that these values add. */
  push(args: PartialArg[]): string {
    return args.map((arg) => this.#write(arg)).join('')
  }

  /** The text that closes what is open. */
  end(): string {
    const start = this.#started ? '' : '{'
    const closed = this.#endString() + this.#closeTo(1)
    const late = [...this.#late].map(
      (key) => `,${JSON.stringify(key)}:${JSON.stringify(this.#value[key])}`,
    )
    return `${start}${closed}${late.join('')}}`
  }

  #write(arg: PartialArg): string {
    const path = readPath(arg.jsonPath ?? '$')
    const value = valueOf(arg)
    if (path.length === 0 || value === undefined) return ''
    const continued = this.#unfinished === arg.jsonPath
    this.#remember(path, value, continued)
    const text = continued ? this.#continueString(value) : this.#begin(path, value)
    if (typeof value === 'string' && text !== undefined) {
      this.#unfinished = arg.willContinue === true ? arg.jsonPath : undefined
      return this.#unfinished === undefined ? `${text}"` : text
    }
    return text ?? ''
  }

  #continueString(more: Value): string {
    return JSON.stringify(String(more)).slice(1, -1)
  }

  /** The way to a new value, and its beginning; undefined where the place is closed already. */
  #begin(path: Key[], value: Value): string | undefined {
    const ended = this.#endString()
    const start = this.#started ? '' : '{'
    if (!this.#started) this.#open.push({ closer: '}', key: '' })
    const first = !this.#started
    this.#started = true
    const shared = this.#sharedDepth(path)
    if (!first && this.#isBehind(path, shared)) {
      this.#late.add(String(path[0]))
      return ended === '' ? undefined : ended
    }
    const closed = this.#closeTo(shared + 1)
    const way = this.#openTo(path, shared, first)
    const written = JSON.stringify(value)
    return (
      ended + start + closed + way + (typeof value === 'string' ? written.slice(0, -1) : written)
    )
  }

  /** How many steps of the path lead through containers that are open. */
  #sharedDepth(path: Key[]): number {
    let depth = 0
    while (
      depth < this.#open.length - 1 &&
      depth < path.length - 1 &&
      this.#open[depth]?.key === path[depth]
    ) {
      depth += 1
    }
    return depth
  }

  /** Whether the member was written before, so that it cannot be written here again. */
  #isBehind(path: Key[], shared: number): boolean {
    const at = this.#open[shared]
    const step = path[shared]
    if (at === undefined || step === undefined) return false
    if (typeof step === 'number') return typeof at.key === 'number' && step <= at.key
    return at.key === step || this.#written.has(JSON.stringify(path.slice(0, shared + 1)))
  }

  /** Members of objects that are in the text. */
  readonly #written = new Set<string>()

  #openTo(path: Key[], shared: number, first: boolean): string {
    let text = ''
    for (const [depth, step] of path.entries()) {
      if (depth < shared) continue
      const comma = depth === shared && !first ? ',' : ''
      text += comma + (typeof step === 'string' ? `${JSON.stringify(step)}:` : '')
      this.#written.add(JSON.stringify(path.slice(0, depth + 1)))
      const here = this.#open[depth]
      if (here !== undefined) here.key = step
      const next = path[depth + 1]
      if (next !== undefined) {
        text += typeof next === 'number' ? '[' : '{'
        this.#open.push({ closer: typeof next === 'number' ? ']' : '}', key: '' })
      }
    }
    return text
  }

  #closeTo(depth: number): string {
    return this.#open
      .splice(depth)
      .toReversed()
      .map(({ closer }) => closer)
      .join('')
  }

  #endString(): string {
    const open = this.#unfinished !== undefined
    this.#unfinished = undefined
    return open ? '"' : ''
  }

  #remember(path: Key[], value: Value, continued: boolean): void {
    let at: Record<Key, unknown> = this.#value
    for (const [depth, step] of path.slice(0, -1).entries()) {
      at[step] ??= typeof path[depth + 1] === 'number' ? [] : {}
      // It is one or the other of the line above: what a path leads through is a container.
      at = at[step] as Record<Key, unknown>
    }
    const last = path.at(-1) ?? ''
    at[last] = continued ? `${String(at[last])}${value}` : value
  }
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

/** `$.foo['b c'][0]` -> `['foo', 'b c', 0]` (RFC 9535, the part of it that names one place). */
function readPath(path: string): Key[] {
  const steps = path.matchAll(
    /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g,
  )
  return [...steps].map(([, name, index, single, double]) => {
    if (index !== undefined) return Number(index)
    return name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1')
  })
}
