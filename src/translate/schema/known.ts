import type { JsonObject } from '../gemini.ts'
import type { Spent } from './budget.ts'

/** A schema as it was written before, and what that took of its request's budget. */
export interface KnownSchema {
  written: JsonObject
  spent: Spent
}

/**
 * Schemas that were written before, by their own text: an agent sends the same tools with each of its
 * steps. Several requests share what is known, so nobody may change it.
 */
export interface KnownSchemas {
  get(text: string): KnownSchema | undefined
  set(text: string, known: KnownSchema): unknown
}
