import type { JsonObject } from '../gemini.ts'
import { isObject } from '../json.ts'

/**
 * What the references of a schema point at: a place inside it (`#/$defs/A`), an anchor (`#node`),
 * or either of these behind a name that the schema or a part of it has (`$id`).
 */
export class References {
  readonly #root: JsonObject
  /** Names are looked for once, and only where a reference uses one. */
  #named: Named | undefined
  /** What is referred to once is often referred to again. */
  readonly #found = new Map<string, unknown>()

  constructor(root: JsonObject) {
    this.#root = root
  }

  /** The target; undefined where nothing is there, or where it is not in this schema. */
  find($ref: string): unknown {
    if (!this.#found.has($ref)) this.#found.set($ref, this.#locate($ref))
    return this.#found.get($ref)
  }

  #locate($ref: string): unknown {
    const [address = '', ...more] = $ref.split('#')
    const fragment = more.join('#')
    const start = address === '' ? this.#root : this.#names().ids.get(absolute(address, this.#root))
    if (fragment === '' || start === undefined) return start
    return fragment.startsWith('/') ? follow(fragment, start) : this.#names().anchors.get(fragment)
  }

  #names(): Named {
    this.#named ??= namesIn(this.#root)
    return this.#named
  }
}

interface Named {
  ids: Map<string, JsonObject>
  anchors: Map<string, JsonObject>
}

/** Keeps its own stack: a schema may be nested deeper than functions may call each other. */
function namesIn(root: JsonObject): Named {
  const ids = new Map<string, JsonObject>()
  const anchors = new Map<string, JsonObject>()
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (isObject(node)) {
      const { $id, $anchor } = node
      if (typeof $id === 'string') ids.set(absolute($id.replace(/#$/, ''), root), node)
      if (typeof $anchor === 'string') anchors.set($anchor, node)
    }
    if (typeof node === 'object' && node !== null) {
      for (const inner of Object.values(node)) waiting.push(inner)
    }
  }
  return { ids, anchors }
}

/** Addresses are relative to that of the whole schema, where it has one. */
function absolute(address: string, { $id }: JsonObject): string {
  const base = typeof $id === 'string' && URL.canParse($id) ? $id : 'schema:///'
  return URL.canParse(address, base) ? new URL(address, base).href : address
}

function follow(pointer: string, start: JsonObject): unknown {
  const steps = pointer.slice(1).split('/').map(decodeStep)
  return steps.reduce<unknown>((at, step) => {
    if (Array.isArray(at)) return at[Number(step)]
    return isObject(at) && Object.hasOwn(at, step) ? at[step] : undefined
  }, start)
}

function decodeStep(step: string): string {
  return safeDecode(step).replaceAll('~1', '/').replaceAll('~0', '~')
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
