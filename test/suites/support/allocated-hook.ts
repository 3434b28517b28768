import { GCProfiler } from 'node:v8'

/**
 * Loaded into the gateway by `--import`: answers each message with what is in the heap, and how often
 * garbage was collected since the one before. The message `clean` has it collected first.
 */

/** A look into the heap. */
export interface Heap {
  /** Bytes. */
  used: number
  collections: number
}

let collections = new GCProfiler()
collections.start()

process.on('message', (wish) => {
  const collected = collections.stop()?.statistics.length ?? 0
  if (wish === 'clean') globalThis.gc?.()
  const heap: Heap = { used: process.memoryUsage().heapUsed, collections: collected }
  collections = new GCProfiler()
  collections.start()
  process.send?.(heap)
})
