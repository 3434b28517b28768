import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Inside } from './inside.ts'

/**
 * Loaded into the gateway by `--import`: at each SIGUSR2 it collects garbage and adds a line to the
 * file `INSIDE_REPORT` that tells what is left, and how the event loop did since the last time.
 */
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

process.on('SIGUSR2', () => {
  const loopP99 = delay.percentile(99) / 1e6
  const loopMax = delay.max / 1e6
  // The pause that follows is this hook's own.
  delay.disable()
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage()
  const inside: Inside = {
    rss: rss / 2 ** 20,
    heap: heapUsed / 2 ** 20,
    outside: (external + arrayBuffers) / 2 ** 20,
    resources: countEach(process.getActiveResourcesInfo()),
    loopP99,
    loopMax,
  }
  appendFileSync(process.env.INSIDE_REPORT ?? '', `${JSON.stringify(inside)}\n`)
  delay.reset()
  delay.enable()
})

function countEach(names: string[]): Record<string, number> {
  const groups = Map.groupBy(names, (name) => name)
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]))
}
