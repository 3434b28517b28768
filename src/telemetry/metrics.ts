import Registry from 'prom-client/lib/registry.js'
import type { Observer } from '../http/answered.ts'
import type { CostOf } from '../price.ts'
import { gatewayMetrics, type Sources } from './gateway-metrics.ts'
import { genAiMetrics } from './gen-ai-metrics.ts'
import { type MetricsServer, serveMetrics } from './metrics-server.ts'
import { processMetrics } from './process-metrics.ts'

export type { Sources, WatchedTarget } from './gateway-metrics.ts'

export interface MetricsSettings {
  sources: Sources
  costOf: CostOf
}

/** Metrics in the words of Prometheus. */
export interface Metrics {
  observe: Observer
  /** These models are the operator's: they have labels whatever comes of them. */
  know(models: Iterable<string>): void
  /** All of them, as text. */
  text(): Promise<string>
  /** Rejects with the system's error where the port cannot be listened on. */
  serve(listen: { host: string; port: number }): Promise<MetricsServer>
}

/** Sees to it that what goes on can be asked for. */
export function openMetrics({ sources, costOf }: MetricsSettings): Metrics {
  const registry = new Registry()
  processMetrics(registry)
  const genAi = genAiMetrics(registry)
  const gateway = gatewayMetrics(registry, { sources, costOf, modelOf: genAi.modelOf })
  const text = () => registry.metrics()
  return {
    observe(answered, request) {
      if (asksModel(answered)) genAi.note(answered)
      gateway.note(answered, request.client?.key?.name)
    },
    know: genAi.know,
    text,
    serve: (listen) => serveMetrics(listen, registry.contentType, text),
  }
}

/** Also where it is not known which: it was refused before. */
function asksModel({ method, path }: { method: string; path: string }): boolean {
  return method === 'POST' && path.endsWith('/chat/completions')
}
