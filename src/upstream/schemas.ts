import { LRUCache } from 'lru-cache'
import { longestKnown } from '../translate/json-schema.ts'
import { charactersPerNode } from '../translate/schema/budget.ts'
import type { KnownSchema, KnownSchemas } from '../translate/schema/known.ts'

/** Some hundreds of tools: those of the agents that are at work now. */
const mostCharacters = 1_000_000

/** Schemas that were written for models, in this process alone. Bounded in size; the least used go first. */
export function keptSchemas(): KnownSchemas {
  return new LRUCache<string, KnownSchema>({
    maxSize: mostCharacters,
    maxEntrySize: longestKnown,
    // References may make far more of a text than it is long.
    sizeCalculation: ({ spent }, text) => text.length + Math.ceil(spent.work * charactersPerNode),
  })
}
