import { enableCompileCache, flushCompileCache } from 'node:module'

// The one file without types: Node reads it before it has its cache, and at every start would load for it
// alone what strips them, which takes more than 50 ms of the processor's time, and 11 MB that stay.

/** @type {import('./serve.ts').Running | undefined} */
let running

// Before all else, which takes most of the start: the first process of a container is deaf to signals
// without a listener.
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  process.on(signal, () => {
    if (running === undefined) process.exit(0)
    void running.stop(signal)
  })
}
let changed = false
process.on('SIGHUP', () => {
  // What is being read just now may be what was there before.
  changed = running === undefined
  void running?.reload('SIGHUP')
})
// The next start finds everything compiled, types stripped, and takes half as long. Not among the
// temporary files, where others could lay code for us; where it cannot be written, nothing happens.
enableCompileCache(`${import.meta.dirname}/../.cache/compiled`)
const [command, ...words] = process.argv.slice(2)
if (command === undefined || (command === 'serve' && words.length === 0)) {
  const { serve } = await import('./serve.ts')
  running = await serve()
  if (changed) void running.reload('SIGHUP')
} else {
  const { run } = await import('./commands/run.ts')
  process.exitCode = await run(command, words)
}
// Not left to the end, which may be sudden.
flushCompileCache()
