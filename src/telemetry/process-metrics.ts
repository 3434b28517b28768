import type { Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js'
import gc from 'prom-client/lib/metrics/gc.js'
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js'
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js'
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js'
import processHandles from 'prom-client/lib/metrics/processHandles.js'
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js'
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js'
import processRequests from 'prom-client/lib/metrics/processRequests.js'
import processResources from 'prom-client/lib/metrics/processResources.js'
import processStartTime from 'prom-client/lib/metrics/processStartTime.js'
import version from 'prom-client/lib/metrics/version.js'

/** What every program in Node can tell of its process: the library's default metrics, in its order. */
const watches = [
  watchCpu,
  processStartTime,
  osMemoryHeap,
  processOpenFileDescriptors,
  processMaxFileDescriptors,
  eventLoopLag,
  processResources,
  processHandles,
  processRequests,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  version,
  gc,
]

export function processMetrics(registry: Registry): void {
  for (const watch of watches) watch(registry, { eventLoopMonitoringPrecision: 20 })
}

/** Our own: the library’s loads OpenTelemetry, for examples that nobody asks it for. */
function watchCpu(registry: Registry): void {
  const before = process.cpuUsage()
  let used = before
  // The first to be collected looks for all of them, so that they add up.
  const look = () => (used = process.cpuUsage(before))
  const total = (name: string, help: string, of: () => number) =>
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(of() / 1e6)
      },
    })
  total(
    'process_cpu_user_seconds_total',
    'Total user CPU time spent in seconds.',
    () => look().user,
  )
  total(
    'process_cpu_system_seconds_total',
    'Total system CPU time spent in seconds.',
    () => used.system,
  )
  total(
    'process_cpu_seconds_total',
    'Total user and system CPU time spent in seconds.',
    () => used.user + used.system,
  )
}
