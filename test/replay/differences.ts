// Where an answer is not what the oracle expects, in words short enough to read by the dozen.

import { isDeepStrictEqual } from 'node:util'
import type { Answer, AnsweredCall, AnsweredChoice, Reply } from './client.ts'
import type { ExpectedError } from './error-oracle.ts'
import type { ExpectedAnswer, ExpectedChoice, ExpectedCitation, ExpectedUsage } from './oracle.ts'

/** How the answer came: only the whole one must say `null` where there is no text. */
export type Form = 'whole' | 'streamed'

export function differences(expected: ExpectedAnswer, answer: Answer, form: Form): string[] {
  const indexes = answer.choices.map(({ index }) => index)
  const now = Math.floor(Date.now() / 1000)
  return [
    ...(expected.id === undefined
      ? claim('id', 'chatcmpl-…', answer.id, /^chatcmpl-\w/.test(answer.id))
      : same('id', expected.id, answer.id)),
    ...(expected.created === undefined
      ? claim('created', `about ${now}`, answer.created, Math.abs(answer.created - now) < 60)
      : same('created', expected.created, answer.created)),
    ...same(
      'choices',
      expected.choices.map(({ index }) => index),
      indexes,
    ),
    ...expected.choices.flatMap((choice) => {
      const answered = answer.choices.find(({ index }) => index === choice.index)
      return answered ? choiceDifferences(choice, answered, form) : []
    }),
    ...uniqueIds(answer.choices.flatMap(({ calls }) => calls)),
    ...(expected.usage ? usageDifferences(expected.usage, answer) : []),
  ]
}

/** The law of the house: the streamed answer, put together, is the whole answer. */
export function unlike(whole: Answer, streamed: Answer): string[] {
  return same('streamed as whole', essence(whole), essence(streamed))
}

function essence({ choices, usage }: Answer) {
  return {
    usage,
    choices: choices.map(({ content, calls, ...choice }) => ({
      ...choice,
      content: content ?? '',
      // Ids are made anew for every answer.
      calls: calls.map((call) => ({ ...call, id: '' })),
    })),
  }
}

export function errorDifferences(expected: ExpectedError, reply: Reply): string[] {
  const { status, headers, error } = reply
  if (error === undefined) return [`no error, but ${status}`]
  const { types, codes, waitMs } = expected
  const retryAfter = Number(headers.get('retry-after') ?? NaN)
  const retryAfterMs = Number(headers.get('retry-after-ms') ?? NaN)
  return [
    ...same('status', expected.status, status),
    ...claim('type', types, error.type, types.includes(error.type)),
    ...claim('code', codes, error.code, codes.includes(error.code)),
    ...same('param', expected.param, error.param),
    // What Google said about the gateway's own key is the operator's business.
    ...(expected.codes.includes('upstream_authentication_error')
      ? []
      : [
          ...same('message', plain(expected.message), plain(error.message)),
          ...same('error.google.status', expected.googleStatus, error.google?.status),
        ]),
    ...claim('project numbers', 'none', error.google, !/\d{12}/.test(show(error.google))),
    ...(expected.shouldRetry === false
      ? same('x-should-retry', 'false', headers.get('x-should-retry'))
      : []),
    ...(waitMs === undefined
      ? []
      : [
          ...same('retry-after', Math.ceil(waitMs / 1000), retryAfter),
          ...claim('retry-after-ms', waitMs, retryAfterMs, Math.abs(retryAfterMs - waitMs) <= 1),
        ]),
  ]
}

/** §9 #25 takes the namespace of functions out of error texts; project numbers may go too. */
function plain(message: string): string {
  return message
    .replaceAll(/default_api[.:]/g, '')
    .replaceAll(/(project_number:|projects\/)[^'" ]+/g, '$1')
}

function choiceDifferences(expected: ExpectedChoice, answered: AnsweredChoice, form: Form) {
  const { extra, content, refusal } = answered
  const refused = refusal !== null && refusal !== ''
  return [
    ...same('content', expected.content, (content ?? '').replace(/(<\/\w+>)\n\n$/, '$1')),
    ...(form === 'whole' && expected.content === '' ? nothingSaid(expected, content) : []),
    ...same('reasoning', expected.reasoning, answered.reasoning),
    ...same('number of calls', expected.calls.length, answered.calls.length),
    ...expected.calls.flatMap((call, i) => {
      const { name, arguments: text = '', signature } = answered.calls[i] ?? {}
      return same(`call ${i}`, call, { name, arguments: parsed(text), signature })
    }),
    ...same('signature', expected.signature, answered.signature),
    ...same('images', expected.images, answered.images),
    ...same('audio', expected.audio, answered.audio),
    ...same('logprobs', expected.tokens, answered.tokens),
    ...same('finish_reason', expected.finishReason, answered.finishReason),
    ...same('native reason', expected.nativeReason, extra.finish_reason),
    ...same('finish message', expected.finishMessage, extra.finish_message),
    ...same('block reason', expected.blockReason, extra.block_reason),
    ...claim('refusal', expected.refusal, refusal, refused === (expected.refusal === 'present')),
    ...(expected.blockReason === undefined
      ? []
      : claim('refusal', expected.blockReason, refusal, refusal?.includes(expected.blockReason))),
  ]
}

// §4.2 and §4.7: null beside calls and in a blocked answer; "" where Gemini stopped without words.
// The specification does not say which it is beside pictures and sound, or after a filter.
function nothingSaid(
  { calls, images, audio, blockReason, finishReason }: ExpectedChoice,
  content: string | null,
) {
  if (blockReason !== undefined || calls.length > 0) return same('content', null, content)
  const unsaid = finishReason === 'content_filter' || images.length > 0 || audio !== ''
  return unsaid ? [] : same('content', '', content)
}

/** §4.10: each annotation must cut out of the content exactly what Gemini cites. */
export function citationDifferences(expected: ExpectedAnswer, answer: Answer): string[] {
  return expected.choices.flatMap((choice) => {
    const answered = answer.choices.find(({ index }) => index === choice.index)
    return answered ? miscited(choice, answered) : []
  })
}

function miscited({ citations }: ExpectedChoice, answered: AnsweredChoice): string[] {
  const points = Array.from(answered.content ?? '')
  const found = answered.annotations.map(({ url_citation: citation }) => ({
    url: citation.url,
    title: citation.title,
    cited: points.slice(citation.start_index, citation.end_index).join(''),
  }))
  const isFound = ({ url, title, cited }: ExpectedCitation) =>
    found.some(
      (one) => one.url === url && one.cited === cited && one.title === (title ?? one.title),
    )
  // What lies outside the text cannot be cited right, so it may be left out.
  const missing = citations.filter((one) => one.cited !== undefined && !isFound(one))
  const foreign = found.filter(
    ({ url, cited }) => !citations.some((one) => one.url === url && (one.cited ?? cited) === cited),
  )
  return [
    ...missing.map((citation) => `annotation missing: ${told(citation)}`),
    ...foreign.map((citation) => `annotation of nothing: ${told(citation)}`),
  ]
}

function told({ url, title, cited }: ExpectedCitation): string {
  return `${show(cited)} of ${title} at ${clip(url, 0)}`
}

function usageDifferences(expected: ExpectedUsage, { usage, serviceTier }: Answer): string[] {
  if (usage === undefined) return ['usage is missing']
  const total = usage.total_tokens
  const { trafficType } = expected
  return [
    ...same('prompt_tokens', expected.prompt, usage.prompt_tokens),
    ...same('completion_tokens', expected.completion, usage.completion_tokens),
    ...claim('total_tokens', expected.totals, total, expected.totals.includes(total)),
    ...same('cached_tokens', expected.cached, usage.prompt_tokens_details?.cached_tokens),
    ...same(
      'reasoning_tokens',
      expected.reasoning,
      usage.completion_tokens_details?.reasoning_tokens,
    ),
    ...same('traffic_type', trafficType, usage.extra_properties?.google?.traffic_type),
    ...(trafficType === 'ON_DEMAND' ? same('service_tier', 'default', serviceTier) : []),
  ]
}

function uniqueIds(calls: AnsweredCall[]): string[] {
  const ids = calls.map(({ id }) => id)
  return [
    ...ids.filter((id) => !/^call_[A-Za-z0-9]{24,32}$/.test(id)).map((id) => `call id ${show(id)}`),
    ...same('ids that differ', ids.length, new Set(ids).size),
  ]
}

function same(name: string, expected: unknown, got: unknown): string[] {
  return claim(name, expected, got, isDeepStrictEqual(expected, got))
}

function claim(
  name: string,
  expected: unknown,
  got: unknown,
  holds: boolean | undefined,
): string[] {
  if (holds) return []
  const [wanted, had] = [show(expected), show(got)]
  let start = 0
  while (start < wanted.length && wanted[start] === had[start]) start += 1
  const from = Math.max(0, start - 30)
  return [`${name}: expected ${clip(wanted, from)}, got ${clip(had, from)}`]
}

function clip(text: string, from: number): string {
  const end = from + 140
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${text.length > end ? '…' : ''}`
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return `not JSON: ${json}`
  }
}
