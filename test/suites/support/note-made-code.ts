import { appendFileSync } from 'node:fs'

/** A piece of code that a running program made out of a string. */
export interface MadeCode {
  /** The package that made it, or the file where it was none. */
  maker: string
  source: string
}

/**
 * Loaded with `--import` before everything else: from then on each piece of code that is made of a
 * string is noted as a line of JSON, in the file that MADE_CODE names.
 */
const file = process.env.MADE_CODE
if (file !== undefined) {
  const note = (pieces: unknown[]) => {
    const made: MadeCode = {
      maker: makerIn(new Error('here').stack ?? ''),
      source: pieces.join('\n'),
    }
    appendFileSync(file, `${JSON.stringify(made)}\n`)
  }
  // Each kind of function has a constructor of its own, which is as good as `Function`.
  const kinds = [() => 0, async () => 0, function* () {}, async function* () {}]
  for (const kind of kinds) {
    const prototype: object = Object.getPrototypeOf(kind)
    Object.defineProperty(prototype, 'constructor', {
      value: watching(prototype.constructor, note),
    })
  }
  const names = ['Function', 'eval'] as const
  for (const name of names) Reflect.set(globalThis, name, watching(globalThis[name], note))
}

/** The same function, but for telling what it is called with. */
function watching<T extends Function>(made: T, note: (pieces: unknown[]) => void): T {
  return new Proxy(made, {
    apply(target, self, pieces) {
      note(pieces)
      return Reflect.apply(target, self, pieces)
    },
    construct(target, pieces, as) {
      note(pieces)
      return Reflect.construct(target, pieces, as)
    },
  })
}

/** Whose line of the stack is the first outside this file. */
function makerIn(stack: string): string {
  const frame = stack
    .split('\n')
    .find((line) => /[/\\]/.test(line) && !line.includes(import.meta.filename))
  return /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(frame ?? '')?.[1] ?? frame?.trim() ?? 'unknown'
}
