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
const { serve } = await import('./serve.ts')
running = await serve()
