import type { CounterConfiguration, GaugeConfiguration, Registry } from 'prom-client'
import Counter from 'prom-client/lib/counter.js'
import Gauge from 'prom-client/lib/gauge.js'
import Histogram from 'prom-client/lib/histogram.js'
import type { Shed, SpentLimit } from '../errors.ts'
import type { Answered } from '../http/answered.ts'
import type { Crowd } from '../http/overload.ts'
import type { CostOf } from '../price.ts'
import type { SignatureSource } from '../translate/chat/signatures.ts'
import type { CallRecord } from '../upstream/record.ts'
import { Names } from './names.ts'
import { ownErrors } from './own-errors.ts'
import { retriesIn, toTarget } from './retries.ts'

/** What the gateway counts anyway, looked at when somebody asks. */
export interface Sources {
  crowd: () => Crowd
  /** Where the signatures in clients' histories came from, since the start. */
  signatures: () => Record<SignatureSource, number>
  /** How often a Google token was fetched, or could not be. */
  refreshes: () => Record<'success' | 'failure', number>
  /** Places of which one stands in for another. */
  targets: () => WatchedTarget[]
}

export interface WatchedTarget {
  provider: 'gcp.vertex_ai' | 'gcp.gemini' | 'openai'
  place: string
  isEjected: () => boolean
}

export interface GatewaySettings {
  sources: Sources
  costOf: CostOf
  /** The label for the model that a request has asked, bounded. */
  modelOf: (record: CallRecord) => string
}

/** How the gateway itself is told of. */
export interface GatewayMetrics {
  /** `key` is the name of the key that the client showed. */
  note: (answered: Answered, key: string | undefined) => void
}

const sheds: Record<Shed, true> = {
  queue_full: true,
  queue_timeout: true,
  event_loop_lag: true,
  heap_full: true,
  bodies_full: true,
}
const limits: Record<SpentLimit, true> = {
  requests_per_minute: true,
  tokens_per_minute: true,
  parallel_requests: true,
}
const sides = ['client', 'upstream', 'gateway'] as const

/** Who shows no key has this for a name; names of keys are from the configuration. */
const nobody = '(none)'

const mostReasons = 100

export function gatewayMetrics(registry: Registry, settings: GatewaySettings): GatewayMetrics {
  const { sources, costOf, modelOf } = settings
  const registers = [registry]
  pulled(registry, sources)
  const requests = new Counter({
    name: 'gateway_requests_total',
    help: 'Requests, by route, name of the key and status; 499 for clients that left.',
    labelNames: ['route', 'key', 'status'],
    registers,
  })
  const shed = new Counter({
    name: 'gateway_shed_total',
    help: 'Requests that were turned away because the process had enough to do.',
    labelNames: ['reason'],
    registers,
  })
  for (const reason of Object.keys(sheds)) shed.inc({ reason }, 0)
  const limited = new Counter({
    name: 'gateway_rate_limited_total',
    help: 'Requests that were turned away because their key had used up a limit.',
    labelNames: ['limit'],
    registers,
  })
  for (const limit of Object.keys(limits)) limited.inc({ limit }, 0)
  const retries = new Counter({
    name: 'gateway_retries_total',
    help: 'Tries after the first, by what the one before came to and where they went.',
    labelNames: ['reason', 'target'],
    registers,
  })
  const aborts = new Counter({
    name: 'gateway_stream_aborts_total',
    help: 'Streams that ended before their answer was complete, by who ended them.',
    labelNames: ['side'],
    registers,
  })
  for (const side of sides) aborts.inc({ side }, 0)
  const overhead = new Histogram({
    name: 'gateway_overhead_seconds',
    help: 'The gateway’s own time of a request: neither upstream nor the client was waited for.',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1],
    registers,
  })
  const tokens = new Counter({
    name: 'gateway_tokens_total',
    help: 'Tokens by the name of the key; cached_input is part of input, reasoning part of output.',
    labelNames: ['key', 'type'],
    registers,
  })
  const cost = new Counter({
    name: 'gateway_cost_usd_total',
    help: 'What requests have cost, by the configured prices.',
    labelNames: ['model', 'key'],
    registers,
  })
  const reasons = new Names(mostReasons, '_OTHER')
  reasons.know(ownErrors)

  return {
    note(answered, key = nobody) {
      const { path, status, record, refusal } = answered
      requests.inc({ route: path, key, status })
      const why = refusal?.turnedAway
      if (why !== undefined && why in sheds) shed.inc({ reason: why })
      if (why !== undefined && why in limits) limited.inc({ limit: why })
      if (record !== undefined) noteCall(record, key)
      const side = abortedBy(answered)
      if (side !== undefined) aborts.inc({ side })
    },
  }

  function noteCall(record: CallRecord, key: string): void {
    overhead.observe(record.overheadMs / 1000)
    for (const { reason, target } of retriesIn(record)) {
      reasons.learn(reason)
      retries.inc({ reason: reasons.say(reason), target })
    }
    const used = record.tokens
    if (used === undefined) return
    tokens.inc({ key, type: 'input' }, used.input)
    tokens.inc({ key, type: 'cached_input' }, used.cached)
    tokens.inc({ key, type: 'output' }, used.output)
    tokens.inc({ key, type: 'reasoning' }, used.reasoning)
    const dollars = costOf(record)
    if (dollars !== undefined) cost.inc({ model: modelOf(record), key }, dollars)
  }
}

/** What is looked at when somebody asks costs requests nothing. */
function pulled(registry: Registry, sources: Sources): void {
  const registers = [registry]
  gauge({
    name: 'gateway_inflight_requests',
    help: 'Requests that are being answered.',
    registers,
    collect() {
      this.set(sources.crowd().inside)
    },
  })
  gauge({
    name: 'gateway_queued_requests',
    help: 'Requests that wait for a place among those.',
    registers,
    collect() {
      this.set(sources.crowd().waiting)
    },
  })
  gauge({
    name: 'gateway_target_state',
    help: 'Whether a location or an API key is asked: 1, or 0 where it failed too often and is left alone.',
    labelNames: ['target'],
    registers,
    collect() {
      for (const target of sources.targets()) {
        this.set({ target: toTarget(target) }, target.isEjected() ? 0 : 1)
      }
    },
  })
  counter({
    name: 'gateway_token_refresh_total',
    help: 'Attempts to fetch a Google access token.',
    labelNames: ['result'],
    registers,
    collect() {
      this.reset()
      for (const [result, count] of Object.entries(sources.refreshes())) this.inc({ result }, count)
    },
  })
  counter({
    name: 'gateway_signatures_total',
    help: 'Thought signatures in histories, by where they came from: the client, the memory, or a placeholder.',
    labelNames: ['source'],
    registers,
    collect() {
      this.reset()
      for (const [source, n] of Object.entries(sources.signatures())) this.inc({ source }, n)
    },
  })
}

/** Its registry holds it. */
function gauge<T extends string>(configuration: GaugeConfiguration<T>): Gauge<T> {
  return new Gauge(configuration)
}

function counter<T extends string>(configuration: CounterConfiguration<T>): Counter<T> {
  return new Counter(configuration)
}

/** Who ended a stream before its answer was complete; undefined where nobody did. */
function abortedBy({ record, left, status }: Answered): (typeof sides)[number] | undefined {
  if (record?.streamed !== true) return undefined
  if (left) return 'client'
  // What has another status was refused, and never a stream.
  if (record.failure === undefined || status !== 200) return undefined
  return ownEnds.has(record.failure) ? 'gateway' : 'upstream'
}

const ownEnds = new Set(['server_shutting_down', 'internal_error'])
