import type { Tracer } from '@opentelemetry/api'
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base'
import {
  convertLegacyHttpOptions,
  createOtlpHttpExportDelegate,
} from '@opentelemetry/otlp-exporter-base/node-http'
import { JsonTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { longestValue } from './room.ts'
import type { SamplerName } from './samplers.ts'

/** Where spans go, and which. The names are those of OpenTelemetry's variables. */
export interface OtlpSettings {
  /** Takes OTLP in JSON by POST, e.g. `http://127.0.0.1:4318/v1/traces`. */
  url: string
  /** They may hold the key of whoever stores them. */
  headers: Record<string, string>
  sampler: SamplerName
  /** Which part of all traces is kept, where the sampler keeps a part: 0 to 1. */
  ratio: number
  /** Whether they may hold what is said. */
  content: boolean
  /** What describes this process, `service.name` among it. */
  resource: Record<string, string>
}

/** Makes spans and sends them off in batches, whatever becomes of them there. */
export interface SpanSink {
  tracer: Tracer
  /** Sends what is left, for as long as `limitMs` allows. */
  close(limitMs: number): Promise<void>
}

/** Spans that are held until they are sent: what is said makes each a hundred times as long. */
const mostHeld = { plain: 2048, withContent: 256 }

/** `onFailure` is told of spans that were lost. */
export function otlpSink(settings: OtlpSettings, onFailure: (error: unknown) => void): SpanSink {
  const { url, headers, resource, content } = settings
  const exporter = telling(toExporter(url, headers), onFailure)
  const provider = new TracerProvider({
    resource: resourceFromAttributes(resource),
    sampler: toSampler(settings),
    spanLimits: { attributeValueLengthLimit: longestValue },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        exportTimeoutMillis: 10_000,
        maxQueueSize: content ? mostHeld.withContent : mostHeld.plain,
        maxExportBatchSize: content ? 64 : 512,
      }),
    ],
  })
  return {
    tracer: provider.getTracer('pollux'),
    async close(limitMs: number) {
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(late.resolve, limitMs)
      await Promise.race([provider.shutdown().catch(onFailure), late.promise])
      clearTimeout(timer)
    },
  }
}

/** OTLP in JSON over HTTP, of its parts: their common package would be one more, and say no more. */
function toExporter(
  url: string,
  headers: Record<string, string>,
): OTLPExporterBase<ReadableSpan[]> {
  const options = convertLegacyHttpOptions({ url, headers }, 'TRACES', 'v1/traces', {
    'content-type': 'application/json',
  })
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(
      options,
      JsonTraceSerializer,
      'otlp_http_span_exporter',
      TraceExporterMetricsHelper,
      undefined,
    ),
  )
}

function toSampler({ sampler, ratio }: OtlpSettings): Sampler {
  const root = sampler.endsWith('always_on')
    ? new AlwaysOnSampler()
    : sampler.endsWith('always_off')
      ? new AlwaysOffSampler()
      : new TraceIdRatioBasedSampler(ratio)
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root
}

/** The same exporter, which tells of its failures. */
function telling(
  exporter: OTLPExporterBase<ReadableSpan[]>,
  onFailure: (error: unknown) => void,
): SpanExporter {
  return {
    export: (spans: ReadableSpan[], done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onFailure(result.error)
        done(result)
      }),
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  }
}
