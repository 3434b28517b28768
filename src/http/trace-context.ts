import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'

/** Where a request stands in the trace of whoever sent it. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 hexadecimal digits. */
  spanId: string
  sampled: boolean
}

/** From W3C's `traceparent`, else from the header that Google's front ends set. */
export function readTraceContext(headers: IncomingHttpHeaders): TraceContext | undefined {
  return readTraceparent(headers.traceparent) ?? readCloud(headers['x-cloud-trace-context'])
}

/** The same as `traceparent`. Source: www.w3.org/TR/trace-context. */
export function toTraceparent(context: TraceContext | undefined): string | undefined {
  if (context === undefined) return undefined
  const { traceId, spanId, sampled } = context
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`
}

/**
 * The fields of a log line that tell of which trace a request is: its own span, where traces are kept. Those
 * by which Cloud Logging groups lines need a project; without one they have plain names.
 * Source: cloud.google.com/logging/docs/agent/logging/configuration.
 */
export function toLogFields(
  { record, headers }: FastifyRequest,
  project: string | undefined,
): Record<string, string | boolean> {
  const own = record?.traceparent
  const context = readTraceContext(own === undefined ? headers : { traceparent: own })
  if (context === undefined) return {}
  if (project === undefined) return { traceId: context.traceId, spanId: context.spanId }
  return {
    'logging.googleapis.com/trace': `projects/${project}/traces/${context.traceId}`,
    'logging.googleapis.com/spanId': context.spanId,
    'logging.googleapis.com/trace_sampled': context.sampled,
  }
}

function readTraceparent(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string') return undefined
  // Versions to come may add to it.
  const found = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-|$)/.exec(header)
  const [, traceId = '', spanId = '', flags = ''] = found ?? []
  return checked(traceId, spanId, Number.parseInt(flags, 16) % 2 === 1)
}

/** `TRACE/SPAN;o=1`, the span in decimal. Source: cloud.google.com/trace/docs/trace-context. */
function readCloud(header: unknown): TraceContext | undefined {
  if (typeof header !== 'string') return undefined
  const found = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=([01]))?$/.exec(header)
  const [, traceId = '', span = '0', sampled] = found ?? []
  return checked(traceId, BigInt(span).toString(16).padStart(16, '0'), sampled === '1')
}

/** Nought is no id. */
function checked(traceId: string, spanId: string, sampled: boolean): TraceContext | undefined {
  const valid = /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId) && spanId.length === 16
  return valid ? { traceId, spanId, sampled } : undefined
}
