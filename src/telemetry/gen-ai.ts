import type { Attributes } from '@opentelemetry/api'
import { isObject } from '../translate/json.ts'
import type { Tokens } from '../translate/chat/usage.ts'
import type { Ask, CallRecord, Telling } from '../upstream/record.ts'

// OpenTelemetry's conventions for generative AI, still in development: the names are those of
// github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md.

/** What a request asks for, without a word of what it says. */
export function toRequestAttributes(body: unknown): Attributes {
  if (!isObject(body)) return {}
  const { n, max_completion_tokens, max_tokens, response_format } = body
  const format = isObject(response_format) ? response_format.type : undefined
  return {
    'gen_ai.request.temperature': toNumber(body.temperature),
    'gen_ai.request.top_p': toNumber(body.top_p),
    'gen_ai.request.top_k': toNumber(body.top_k),
    'gen_ai.request.max_tokens': toNumber(max_completion_tokens) ?? toNumber(max_tokens),
    'gen_ai.request.seed': toNumber(body.seed),
    'gen_ai.request.frequency_penalty': toNumber(body.frequency_penalty),
    'gen_ai.request.presence_penalty': toNumber(body.presence_penalty),
    'gen_ai.request.choice.count': n === 1 ? undefined : toNumber(n),
    'gen_ai.output.type': format === 'json_object' || format === 'json_schema' ? 'json' : undefined,
  }
}

/** Whom a try asks. */
export function toTryAttributes(ask: Ask, { streamed }: CallRecord): Attributes {
  const { hostname, port, protocol } = new URL(ask.url)
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': ask.provider,
    'gen_ai.request.model': ask.model,
    'gen_ai.request.stream': streamed,
    'server.address': hostname,
    'server.port': port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
}

/** What came of a try that was answered. `answer` is what it told, if that is known. */
export function toAnswerAttributes(
  { model, sentAt, arrival: { firstAt } }: Ask,
  answer: Telling | undefined,
  streamed: boolean,
): Attributes {
  const firstChunk = streamed && firstAt !== undefined ? (firstAt - sentAt) / 1000 : undefined
  return {
    'gen_ai.response.model': answer?.servedModel ?? model,
    'gen_ai.response.time_to_first_chunk': firstChunk,
    ...(answer && toUsageAttributes(answer)),
  }
}

/** What an answer has cost, and how it ended. */
export function toUsageAttributes({ tokens, finishReasons }: Usage): Attributes {
  return {
    'gen_ai.response.finish_reasons': finishReasons.length > 0 ? [...finishReasons] : undefined,
    'gen_ai.usage.input_tokens': tokens?.input,
    'gen_ai.usage.output_tokens': tokens?.output,
    'gen_ai.usage.cache_read.input_tokens': tokens?.cached,
    'gen_ai.usage.reasoning.output_tokens': tokens?.reasoning,
  }
}

interface Usage {
  tokens: Tokens | undefined
  finishReasons: readonly string[]
}

function toNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}
