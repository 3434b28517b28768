import type { ScriptEntry } from './script.ts'

/** Remembers how often entries have answered, for those that do so a few times only. */
export class ScriptMemory {
  // Entries are told apart by being what they are; those of an old script are forgotten with it.
  #answers = new WeakMap<ScriptEntry, number>()

  /** Whether an entry may answer one more request. */
  mayAnswer(entry: ScriptEntry): boolean {
    return entry.times === undefined || this.#count(entry) < entry.times
  }

  /** Notes that it has. */
  answered(entry: ScriptEntry): void {
    this.#answers.set(entry, this.#count(entry) + 1)
  }

  #count(entry: ScriptEntry): number {
    return this.#answers.get(entry) ?? 0
  }
}
