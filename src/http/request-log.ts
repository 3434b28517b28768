import type { FastifyRequest } from 'fastify'
import type { CallRecord } from '../upstream/record.ts'
import type { CostOf } from '../price.ts'
import type { Answered, Observer } from './answered.ts'
import { toLogFields } from './trace-context.ts'

/** One line a request. `project` is where Cloud Logging finds its traces. */
export function requestLog(project: string | undefined, costOf: CostOf): Observer {
  return (answered, request) => {
    const { method, path, status, left, durationMs } = answered
    const ms = Math.round(durationMs)
    const details = {
      method,
      path,
      status,
      durationMs: ms,
      key: request.client?.key?.name,
      turnedAway: answered.refusal?.turnedAway,
      ...(answered.record && toDetails(answered.record, answered, costOf)),
      ...(project !== undefined && toCloudFields(answered, request)),
      ...toLogFields(request, project),
    }
    const model = answered.record === undefined ? '' : ` ${answered.record.asked}`
    const why = left ? ', client left' : ''
    request.log.info(details, `${method} ${path} ${status} ${ms} ms${model}${why}`)
  }
}

/** What it asked for and what came of it; what nobody knows is left out. */
function toDetails(record: CallRecord, { firstMs, left }: Answered, costOf: CostOf) {
  const { asked, streamed, tokens, finishReasons, asks, failure, overheadMs } = record
  const last = asks.at(-1)
  return {
    model: asked,
    servedModel: last?.model,
    provider: last?.provider,
    place: last?.place || undefined,
    stream: streamed,
    attempts: asks.length,
    inputTokens: tokens?.input,
    cachedTokens: tokens?.cached,
    outputTokens: tokens?.output,
    reasoningTokens: tokens?.reasoning,
    costUsd: costOf(record),
    finish: finishReasons.length > 0 ? finishReasons.join() : undefined,
    firstByteMs: firstMs === undefined ? undefined : Math.round(firstMs),
    overheadMs: Math.round(overheadMs * 10) / 10,
    failure,
    aborted: left ? true : undefined,
  }
}

/** Source: cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry#HttpRequest. */
function toCloudFields(answered: Answered, { raw }: FastifyRequest) {
  const { method, path, status, durationMs } = answered
  return {
    httpRequest: {
      requestMethod: method,
      requestUrl: path,
      status,
      latency: `${(durationMs / 1000).toFixed(3)}s`,
      protocol: `HTTP/${raw.httpVersion}`,
    },
  }
}
