import { enableCompileCache, flushCompileCache } from 'node:module'
import type { Running } from './serve.ts'

let running: Running | undefined

// Before all else, which takes most of the start: the first process of a container is deaf to signals
// without a listener.
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (running === undefined) process.exit(0)
    void running.stop(signal)
  })
}
// The next start finds everything compiled, types stripped, and takes half as long. Not among the
// temporary files, where others could lay code for us; where it cannot be written, nothing happens.
enableCompileCache(`${import.meta.dirname}/../.cache/compiled`)
const { serve } = await import('./serve.ts')
running = await serve()
// Not left to the end, which may be sudden.
flushCompileCache()
