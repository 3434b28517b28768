import type { JsonObject } from '../gemini.ts'

/** A part of a budget. */
export interface Spent {
  work: number
  /** How much of it went into writing out what could stay a reference. */
  inPlace: number
}

/**
 * What the schemas of one request may cost, all together: a few kB of references can ask for a
 * schema of gigabytes, so both the work and what is written more than once have an end.
 */
export class SchemaBudget {
  // It outlives one schema, because a request may bring the same bomb in each of its tools.
  #work = 0
  #inPlace = 0

  get spent(): Spent {
    return { work: this.#work, inPlace: this.#inPlace }
  }

  spentSince({ work, inPlace }: Spent): Spent {
    return { work: this.#work - work, inPlace: this.#inPlace - inPlace }
  }

  /** Whether targets of references may still be written out in their places. */
  get writesInPlace(): boolean {
    return this.#inPlace < mostInPlace
  }

  /** False when the request has asked for too much. */
  spend(work: number, inPlace = 0): boolean {
    this.#work += work
    this.#inPlace += inPlace
    return this.#work <= mostWork
  }

  /** Spends what a schema cost before, if all of it could be written in the same way now. */
  spendAgain({ work, inPlace }: Spent): boolean {
    const enough = this.#work + work <= mostWork && this.#inPlace + inPlace < mostInPlace
    if (enough) this.spend(work, inPlace)
    return enough
  }
}

const mostWork = 50_000
const mostInPlace = 2_000

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
