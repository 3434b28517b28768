import { setTimeout as sleep } from 'node:timers/promises'

/** Rejects where a promise takes longer than it should. */
export async function within<T>(ms: number, promise: Promise<T>, otherwise: string): Promise<T> {
  const timer = new AbortController()
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`${otherwise} within ${ms} ms`)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    timer.abort()
  }
}
