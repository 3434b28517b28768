import type { ScriptEntry } from './script.ts'

/** Remembers how often entries have answered, for those that do so a few times only. */
export class ScriptMemory {
  // Entries are told apart by being what they are; those of an old script are forgotten with it.
  #answered = new WeakMap<ScriptEntry, number>()

  /** Whether an entry may answer one more request, which then counts. */
  oneMore(entry: ScriptEntry): boolean {
    const answered = this.#answered.get(entry) ?? 0
    if (entry.times !== undefined && answered >= entry.times) return false
    this.#answered.set(entry, answered + 1)
    return true
  }
}
