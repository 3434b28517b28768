import type { Abilities } from '../abilities.ts'
import type { Provider } from '../gemini.ts'

/** Whom a request is for: much of the translation depends on the wire and on the model. */
export interface Target {
  provider: Provider
  /** The bare id, e.g. `gemini-2.5-flash`. */
  model: string
  can: Abilities
}
