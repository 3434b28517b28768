import { brief, invalidRequest } from '../../errors.ts'

/**
 * Tool names in both directions. Gemini wants a letter or underscore first, then letters, digits,
 * `_`, `.` and `-`, 64 at most; a name that is not so gets a near one for the time of the request.
 */
export class ToolNames {
  readonly #toGemini = new Map<string, string>()
  readonly #toClient = new Map<string, string>()
  /** The last number that each name was told apart by. */
  readonly #taken = new Map<string, number>()

  constructor(names: string[]) {
    for (const name of names) {
      if (this.#toGemini.has(name)) {
        throw invalidRequest(
          `Duplicate function declaration found: ${brief(name)}. Declare each name once.`,
          'tools',
        )
      }
      const safe = this.#unused(sanitize(name))
      this.#toGemini.set(name, safe)
      this.#toClient.set(safe, name)
    }
  }

  has(name: string): boolean {
    return this.#toGemini.has(name)
  }

  toGemini(name: string): string {
    return this.#toGemini.get(name) ?? sanitize(name)
  }

  /** Models now and then put the namespace before the name that Google shows them the tools in. */
  toClient(name: string): string {
    return (
      this.#toClient.get(name) ?? this.#toClient.get(name.replace(/^default_api[.:]/, '')) ?? name
    )
  }

  #unused(name: string): string {
    if (!this.#toClient.has(name)) return name
    const base = name.slice(0, 56)
    for (;;) {
      const n = (this.#taken.get(base) ?? 1) + 1
      this.#taken.set(base, n)
      if (!this.#toClient.has(`${base}_${n}`)) return `${base}_${n}`
    }
  }
}

function sanitize(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_.-]/g, '_')
  return (/^[A-Za-z_]/.test(safe) ? safe : `_${safe}`).slice(0, 64)
}
