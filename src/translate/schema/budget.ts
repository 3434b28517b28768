import type { JsonObject } from '../gemini.ts'

/**
 * What the schemas of one request may cost, all together: a few kB of references can ask for a
 * schema of gigabytes, so both the work and what is written more than once have an end.
 */
export class SchemaBudget {
  // It outlives one schema, because a request may bring the same bomb in each of its tools.
  #left = 50_000
  /** How much of it may still go into writing out what could stay a reference. */
  #leftInPlace = 2000

  /** Whether targets of references may still be written out in their places. */
  get writesInPlace(): boolean {
    return this.#leftInPlace > 0
  }

  /** False when the request has asked for too much. */
  spend(cost: number, inPlace = 0): boolean {
    this.#left -= cost
    this.#leftInPlace -= inPlace
    return this.#left >= 0
  }
}

/** What it costs to write a schema's own words, those of the schemas inside it left out. */
export function costOf(schema: JsonObject): number {
  let length = 0
  for (const value of Object.values(schema)) {
    if (!Array.isArray(value)) length += lengthOf(value)
    else for (const item of value) length += lengthOf(item)
  }
  return 1 + length / charactersPerNode
}

/** A long text weighs as much as the many schemas that could stand in its place. */
export const charactersPerNode = 50

function lengthOf(value: unknown): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' ? 0 : 5
}
