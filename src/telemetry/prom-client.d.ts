/**
 * What is used of the library alone: its index, and its own choice of metrics, bring OpenTelemetry, a cluster
 * and a client for pushing along (70 modules, 6 MB).
 */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client'
  export default Registry
}
declare module 'prom-client/lib/counter.js' {
  import { Counter } from 'prom-client'
  export default Counter
}
declare module 'prom-client/lib/gauge.js' {
  import { Gauge } from 'prom-client'
  export default Gauge
}
declare module 'prom-client/lib/histogram.js' {
  import { Histogram } from 'prom-client'
  export default Histogram
}
declare module 'prom-client/lib/metrics/*.js' {
  import type {
    DefaultMetricsCollectorConfiguration,
    Registry,
    RegistryContentType,
  } from 'prom-client'
  export default function watch(
    registry: Registry,
    settings: DefaultMetricsCollectorConfiguration<RegistryContentType>,
  ): void
}
