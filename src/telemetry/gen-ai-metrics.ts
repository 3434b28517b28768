import type { Registry } from 'prom-client'
import Histogram from 'prom-client/lib/histogram.js'
import type { Answered } from '../http/answered.ts'
import type { Tokens } from '../translate/chat/usage.ts'
import type { Ask, CallRecord } from '../upstream/record.ts'
import { Names } from './names.ts'
import { ownErrors } from './own-errors.ts'
import { endOf, failureOf } from './retries.ts'

// OpenTelemetry's conventions for generative AI, still in development, in Prometheus' spelling:
// github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-metrics.md. The token types
// beside `input` and `output`, and `gen_ai_original_model`, are Envoy AI Gateway's, whose dashboard
// works with these metrics too.

/** Doubling, as the conventions have it, and two more: answers may take minutes. */
const durations = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84,
  327.68,
]
/** As the conventions have it up to 10 s: models that think take longer. */
const firstTokens = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15, 20, 30,
  45, 60,
]
const perToken = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]
const tokenCounts = Array.from({ length: 14 }, (_, power) => 4 ** power)

const ofCall = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_original_model',
  'gen_ai_request_model',
  'gen_ai_response_model',
] as const
const ofTry = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'gen_ai_response_model',
  'server_address',
  'server_port',
] as const

type CallLabels = Record<(typeof ofCall)[number], string>
type TryLabels = Record<(typeof ofTry)[number], string>

/** How a request that asks a model is told of: as the model's server, and as a client of its upstream. */
export interface GenAiMetrics {
  note: (answered: Answered) => void
  /** These models are the operator's: they have labels whatever comes of them. */
  know: (models: Iterable<string>) => void
  /** The label for the model that a request has asked, bounded. */
  modelOf: (record: CallRecord) => string
}

const mostModels = 200
const mostErrors = 100

export function genAiMetrics(registry: Registry): GenAiMetrics {
  const registers = [registry]
  const requestDuration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: [...ofCall, 'error_type'],
    buckets: durations,
    registers,
  })
  const timeToFirstToken = new Histogram({
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'Time from the arrival of a request to the first piece of its stream.',
    labelNames: ofCall,
    buckets: firstTokens,
    registers,
  })
  const timePerOutputToken = new Histogram({
    name: 'gen_ai_server_time_per_output_token_seconds',
    help: 'Mean time of a token of a stream, after the first.',
    labelNames: ofCall,
    buckets: perToken,
    registers,
  })
  const tokenUsage = new Histogram({
    name: 'gen_ai_client_token_usage',
    help: 'Tokens of a request; cached_input is part of input, reasoning part of output.',
    labelNames: [...ofCall, 'gen_ai_token_type'],
    buckets: tokenCounts,
    registers,
  })
  const operationDuration = new Histogram({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'Time of one try upstream, from sending it to the end of its answer.',
    labelNames: [...ofTry, 'error_type'],
    buckets: durations,
    registers,
  })
  const timeToFirstChunk = new Histogram({
    name: 'gen_ai_client_operation_time_to_first_chunk_seconds',
    help: 'Time from sending a try upstream to the first piece of its stream.',
    labelNames: ofTry,
    buckets: durations,
    registers,
  })
  const timePerOutputChunk = new Histogram({
    name: 'gen_ai_client_operation_time_per_output_chunk_seconds',
    help: 'Mean time between the pieces of a stream from upstream, one observation a stream.',
    labelNames: ofTry,
    buckets: durations,
    registers,
  })
  // Clients choose what they ask for, upstreams what they call themselves.
  const asked = new Names(mostModels, 'other')
  const served = new Names(mostModels, 'other')
  const errors = new Names(mostErrors, '_OTHER')
  errors.know(ownErrors)

  return {
    note(answered) {
      const { record, durationMs, firstMs } = answered
      if (record !== undefined) learn(record)
      const labels = toLabels(record)
      const error = errorOf(answered)
      requestDuration.observe(withError(labels, error), durationMs / 1000)
      if (record === undefined) return
      if (record.tokens !== undefined) noteTokens(record.tokens, labels)
      for (const ask of record.asks) noteTry(ask, record, error)
      if (!record.streamed || firstMs === undefined || error !== undefined) return
      timeToFirstToken.observe(labels, firstMs / 1000)
      const further = (record.tokens?.output ?? 0) - 1
      if (further > 0) timePerOutputToken.observe(labels, (durationMs - firstMs) / 1000 / further)
    },
    know(models) {
      const names = [...models]
      asked.know(names)
      served.know(names)
    },
    modelOf: ({ asks }) => served.say(asks.at(-1)?.model ?? ''),
  }

  function noteTokens({ input, cached, output, reasoning }: Tokens, labels: CallLabels): void {
    tokenUsage.observe({ ...labels, gen_ai_token_type: 'input' }, input)
    tokenUsage.observe({ ...labels, gen_ai_token_type: 'output' }, output)
    if (cached > 0) tokenUsage.observe({ ...labels, gen_ai_token_type: 'cached_input' }, cached)
    if (reasoning > 0) tokenUsage.observe({ ...labels, gen_ai_token_type: 'reasoning' }, reasoning)
  }

  function noteTry(ask: Ask, record: CallRecord, error: string | undefined): void {
    const { sentAt, arrival } = ask
    const last = ask === record.asks.at(-1)
    // What came of the last try is what came of the request.
    const failure = failureOf(ask) ?? (last ? error : undefined)
    const labels: TryLabels = {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: ask.provider,
      gen_ai_request_model: served.say(ask.model),
      gen_ai_response_model: servedModel(ask, record),
      ...toServer(ask.url),
    }
    operationDuration.observe(withError(labels, failure), (endOf(ask) - sentAt) / 1000)
    const { firstAt, endedAt, pieces } = arrival
    const streamed = record.streamed && failure === undefined
    if (!streamed || firstAt === undefined || endedAt === undefined) return
    timeToFirstChunk.observe(labels, (firstAt - sentAt) / 1000)
    if (pieces > 1) timePerOutputChunk.observe(labels, (endedAt - firstAt) / 1000 / (pieces - 1))
  }

  /** Only names that an upstream has answered to. */
  function learn({ asks, answers, written }: CallRecord): void {
    for (const ask of asks) {
      if (!hasAnswered(ask)) continue
      asked.learn(written)
      served.learn(ask.model)
    }
    const own = answers.at(-1)?.servedModel
    if (own !== undefined) served.learn(own)
  }

  function toLabels(record: CallRecord | undefined): CallLabels {
    const last = record?.asks.at(-1)
    const known = record !== undefined && last !== undefined
    return {
      gen_ai_operation_name: 'chat',
      gen_ai_provider_name: last?.provider ?? 'unknown',
      gen_ai_original_model: record === undefined ? 'unknown' : asked.say(record.written),
      gen_ai_request_model: last === undefined ? 'unknown' : served.say(last.model),
      gen_ai_response_model: known ? servedModel(last, record) : 'unknown',
    }
  }

  function servedModel(ask: Ask, { asks, answers }: CallRecord): string {
    if (!hasAnswered(ask)) return 'unknown'
    // Several that were asked for the same model have answered together.
    const same = asks.at(-1)?.model === ask.model
    return served.say((same ? answers.at(-1)?.servedModel : undefined) ?? ask.model)
  }

  function withError<T extends object>(labels: T, error: string | undefined) {
    if (error === undefined) return labels
    // Endpoints may write anything where a code belongs.
    errors.learn(error)
    return { ...labels, error_type: errors.say(error) }
  }
}

/** Why a request has no whole answer, in one word. */
function errorOf({ record, refusal, left }: Answered): string | undefined {
  return record?.failure ?? refusal?.label ?? (left ? 'cancelled' : undefined)
}

function hasAnswered({ endedAt, failure }: Ask): boolean {
  return endedAt !== undefined && failure === undefined
}

/** The operator configures whom the gateway connects to, so that there are few. */
const servers = new Map<string, Pick<TryLabels, 'server_address' | 'server_port'>>()

function toServer(url: string) {
  // Up to the path, which names the model.
  const origin = url.slice(0, url.indexOf('/', 'https://'.length))
  const known = servers.get(origin)
  if (known !== undefined) return known
  const { protocol, hostname, port } = new URL(url)
  const usual = protocol === 'https:' ? '443' : '80'
  const server = { server_address: hostname, server_port: port === '' ? usual : port }
  servers.set(origin, server)
  return server
}
