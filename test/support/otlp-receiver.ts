import { isRecord } from './shared.ts'
import { type HttpPeer, startHttpPeer } from './http-peer.ts'

/** A span as it was received, its attributes as a plain object. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  parentSpanId: string | undefined
  name: string
  /** 2 for a server's, 3 for a client's. */
  kind: number
  startMs: number
  endMs: number
  /** 2 where it failed. */
  statusCode: number
  attributes: Record<string, unknown>
  resource: Record<string, unknown>
}

/** Somebody who takes spans in OTLP's JSON. */
export interface OtlpReceiver {
  peer: HttpPeer
  /** All so far, in the order of their beginnings. */
  spans(): ReceivedSpan[]
  /** All that came, as it was written. */
  text(): string
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const peer = await startHttpPeer()
  peer.answer((asked) => asked.json(200, {}))
  return {
    peer,
    spans: () => peer.requests.flatMap(({ body }) => toSpans(body)).toSorted(byStart),
    text: () => peer.requests.map(({ body }) => JSON.stringify(body)).join('\n'),
  }
}

function byStart(one: ReceivedSpan, other: ReceivedSpan): number {
  return one.startMs - other.startMs
}

function toSpans(message: unknown): ReceivedSpan[] {
  return listIn(message, 'resourceSpans').flatMap((of) =>
    listIn(of, 'scopeSpans').flatMap((scope) =>
      listIn(scope, 'spans').map((span) => ({
        traceId: String(span.traceId),
        spanId: String(span.spanId),
        parentSpanId: typeof span.parentSpanId === 'string' ? span.parentSpanId : undefined,
        name: String(span.name),
        kind: Number(span.kind),
        startMs: Number(span.startTimeUnixNano) / 1e6,
        endMs: Number(span.endTimeUnixNano) / 1e6,
        statusCode: isRecord(span.status) ? Number(span.status.code ?? 0) : 0,
        attributes: toPlain(span.attributes),
        resource: toPlain(isRecord(of.resource) ? of.resource.attributes : []),
      })),
    ),
  )
}

function listIn(holder: unknown, key: string): Record<string, unknown>[] {
  const list = isRecord(holder) ? holder[key] : undefined
  return Array.isArray(list) ? list.filter(isRecord) : []
}

function toPlain(attributes: unknown): Record<string, unknown> {
  const list = Array.isArray(attributes) ? attributes.filter(isRecord) : []
  return Object.fromEntries(list.map(({ key, value }) => [String(key), toValue(value)]))
}

/** OTLP writes a value as an object with its type for a key. */
function toValue(value: unknown): unknown {
  if (!isRecord(value)) return undefined
  const [[type, held] = []] = Object.entries(value)
  if (type === 'arrayValue' && isRecord(held) && Array.isArray(held.values)) {
    return held.values.map(toValue)
  }
  return type === 'intValue' ? Number(held) : held
}
