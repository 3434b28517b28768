import { LRUCache } from 'lru-cache'

/** What Gemini gave with a function call, and wants back with it. */
export interface Remembered {
  signature?: string | undefined
  /** Gemini's own id of the call, where it gave one: Vertex AI takes no other. */
  nativeId?: string | undefined
}

/**
 * Remembers thought signatures by call id, for clients that drop what they do not know. Best effort:
 * where nothing is remembered, Google's documented placeholder stands in.
 */
export interface SignatureStore {
  /** What is known of these calls, by the ids as they were asked for. Never throws. */
  recall(ids: string[]): Promise<Map<string, Remembered>>
  /** Resolves when other instances can recall it. Never throws. */
  remember(calls: Map<string, Remembered>): Promise<void>
  close(): Promise<void>
}

/** A conversation that pauses for longer goes on with the placeholder. */
export const keptMs = 6 * 60 * 60 * 1000

const mostEntries = 10_000
const mostBytes = 64 * 1024 * 1024

/** In this process alone. Bounded in number, size and age; the least used go first. */
export function memorySignatures(): SignatureStore {
  const cache = new LRUCache<string, Remembered>({
    max: mostEntries,
    maxSize: mostBytes,
    sizeCalculation: ({ signature }: Remembered) => (signature?.length ?? 0) + 100,
    ttl: keptMs,
  })
  return {
    async recall(ids) {
      const found = ids.map((id) => [id, cache.get(toKey(id))] as const)
      return new Map(
        found.flatMap(([id, known]) => (known === undefined ? [] : [[id, known] as const])),
      )
    },
    async remember(calls) {
      for (const [id, known] of calls) cache.set(toKey(id), known)
    },
    close: async () => undefined,
  }
}

/**
 * What is left of an id after clients have had their way with it: some replace or drop what is no
 * letter or digit, some cut the end off.
 */
export function toKey(id: string): string {
  const plain = id.replace(/[^A-Za-z0-9]/g, '')
  return (plain.startsWith('call') ? plain.slice('call'.length) : plain).slice(0, 20)
}
