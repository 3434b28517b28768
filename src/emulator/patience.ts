/** Rejects with a sentence where a promise takes more milliseconds than it should. */
export async function within<Value>(
  ms: number,
  promise: Promise<Value>,
  otherwise: () => string,
): Promise<Value> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${otherwise()} within ${ms} ms.`)), ms)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
