import { type Fault, healthy } from './fault.ts'

/** How many keys and tokens are remembered before the oldest is forgotten. */
const most = 1000

/** Remembers what befell earlier requests, for faults that stop after a while. */
export class FaultMemory {
  // How often a fault with `times` has struck, by key: it strikes over many requests.
  #struck = new Map<string, number>()
  // Tokens that were refused once, and now pass.
  #refused = new Set<string>()

  /** The fault as it applies to one more request: `times` may be over, the token refused before. */
  applied(fault: Fault, credential: string): Fault {
    const current = this.#isOver(fault) ? healthy : fault
    return current.expiredToken ? { ...current, expiredToken: this.#refuses(credential) } : current
  }

  #isOver({ times, key = '' }: Fault): boolean {
    if (times === undefined) return false
    const struck = (this.#struck.get(key) ?? 0) + 1
    this.#struck.set(key, struck)
    forgetOldest(this.#struck)
    return struck > times
  }

  #refuses(credential: string): boolean {
    if (this.#refused.has(credential)) return false
    this.#refused.add(credential)
    forgetOldest(this.#refused)
    return true
  }
}

function forgetOldest(memory: Map<string, number> | Set<string>): void {
  if (memory.size <= most) return
  const [oldest] = memory.keys()
  if (oldest !== undefined) memory.delete(oldest)
}
