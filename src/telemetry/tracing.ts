import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import type { Answered, Observed, Observer } from '../http/answered.ts'
import { readTraceContext, toTraceparent } from '../http/trace-context.ts'
import type { Ask, CallRecord, Trace } from '../upstream/record.ts'
import { Heard, toInputAttributes } from './content.ts'
import {
  toAnswerAttributes,
  toRequestAttributes,
  toTryAttributes,
  toUsageAttributes,
} from './gen-ai.ts'
import type { SpanSink } from './otlp.ts'
import { answersOf, endOf, failureOf } from './retries.ts'

/** Follows requests through traces. */
export interface Tracing {
  /** From here on the request has a span, under that of whoever sent it. It came in so long ago. */
  begin: (request: Observed, record: CallRecord, agoMs: number) => void
  /** Ends the spans of a request. */
  observe: Observer
  close(): Promise<void>
}

/** What is left to send may take so long when the process ends, in milliseconds. */
const lastMs = 500

/** `content` says that what is said may be written down. */
export function tracing(sink: SpanSink, content: boolean): Tracing {
  return {
    begin: (request, record, agoMs) => {
      record.trace = new RequestTrace(sink.tracer, request, record, agoMs, content)
    },
    observe: (answered) => {
      if (answered.record?.trace instanceof RequestTrace) answered.record.trace.end(answered)
    },
    close: () => sink.close(lastMs),
  }
}

/** A span for the request, and under it one for each try. Times are on the clock of `performance.now()`. */
class RequestTrace implements Trace {
  readonly #tracer: Tracer
  readonly #record: CallRecord
  readonly #span: Span
  readonly #context: Context
  /** What the request asks for; not the request itself, which would be held for as long as its stream. */
  readonly #attributes: Attributes
  readonly #heard: Heard | undefined
  readonly #tries = new Map<Ask, Span>()

  constructor(
    tracer: Tracer,
    request: Observed,
    record: CallRecord,
    agoMs: number,
    content: boolean,
  ) {
    const route = request.routeOptions.url ?? ''
    const parent = toContext(request)
    this.#tracer = tracer
    this.#record = record
    this.#span = tracer.startSpan(
      `${request.method} ${route}`,
      {
        kind: SpanKind.SERVER,
        startTime: performance.now() - agoMs,
        attributes: {
          'http.request.method': request.method,
          'http.route': route,
          'network.protocol.version': request.raw.httpVersion,
          'pollux.request.id': request.id,
          'pollux.key.name': request.client?.key?.name,
        },
      },
      parent,
    )
    this.#context = trace.setSpan(parent, this.#span)
    const { body } = request
    const kept = content && this.#span.isRecording()
    this.#attributes = { ...toRequestAttributes(body), ...(kept && toInputAttributes(body)) }
    this.#heard = kept ? new Heard() : undefined
    record.traceparent = toHeader(this.#span)
  }

  follow(ask: Ask): string | undefined {
    const attributes = { ...this.#attributes, ...toTryAttributes(ask, this.#record) }
    const span = this.#tracer.startSpan(
      `chat ${ask.model}`,
      { kind: SpanKind.CLIENT, startTime: ask.sentAt, attributes },
      this.#context,
    )
    this.#tries.set(ask, span)
    return toHeader(span)
  }

  hear(said: unknown): void {
    this.#heard?.add(said)
  }

  end({ status, left }: Answered): void {
    const record = this.#record
    const failure = record.failure ?? (left ? 'cancelled' : undefined)
    const answers = answersOf(record)
    const last = record.asks.at(-1)
    for (const [ask, span] of this.#tries) {
      if (ask.failure === undefined) {
        span.setAttributes(toAnswerAttributes(ask, answers?.get(ask), record.streamed))
      }
      // What came of the last try is what came of the request.
      const own = (ask === last ? failure : undefined) ?? failureOf(ask)
      if (own !== undefined) fail(span, own)
      const given = ask === last && answers?.has(ask) === true
      if (given) span.setAttributes(this.#heard?.toAttributes() ?? {})
      span.end(endOf(ask))
    }
    // Several have answered as one: what they have cost together is the request's.
    if (answers === undefined) {
      this.#span.setAttributes({ ...toUsageAttributes(record), ...this.#heard?.toAttributes() })
    }
    this.#span.setAttribute('http.response.status_code', status)
    // A client's mistake is no failure of the server.
    if (failure !== undefined && (status >= 500 || left || status === 200))
      fail(this.#span, failure)
    this.#span.end(performance.now())
  }
}

/** Under the span of whoever sent the request; a trace of its own where nobody says. */
function toContext({ headers }: Observed): Context {
  const context = readTraceContext(headers)
  if (context === undefined) return ROOT_CONTEXT
  const { traceId, spanId, sampled } = context
  const { tracestate } = headers
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(typeof tracestate === 'string' && { traceState: createTraceState(tracestate) }),
  })
}

function toHeader(span: Span): string | undefined {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return toTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 })
}

function fail(span: Span, why: string): void {
  span.setAttribute('error.type', why)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
