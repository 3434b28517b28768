import type { Random } from './odd-json.ts'
import { oddString, pick } from './odd-values.ts'

const fields = [
  'X-Request-Id',
  'X-Request-Id',
  'X-Client-Request-Id',
  'Authorization',
  'X-Api-Key',
  'Api-Key',
  'X-Goog-Api-Key',
  'Traceparent',
  'Tracestate',
  'Content-Type',
  'Accept',
  'Accept-Encoding',
  'User-Agent',
  'Origin',
  'Referer',
  'Cookie',
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Stainless-Retry-Count',
  'OpenAI-Organization',
  'Idempotency-Key',
  'X-Emulator-Fault',
  'X-Goog-User-Project',
  'If-None-Match',
  'Range',
  'Upgrade',
  '__proto__',
  'Constructor',
] as const

const values = [
  '',
  ' ',
  'a',
  'a'.repeat(128),
  'a'.repeat(129),
  'a'.repeat(10_000),
  'a b',
  'ä',
  '\xff\xfe',
  '\u2028',
  '名前',
  '\x7f',
  '\t',
  'a\tb',
  '\x00',
  'a\x00b',
  '\r',
  'a\rb',
  '\n',
  'a\nX-Injected: 1',
  'a\r\n X-Injected: 1',
  'a\r\nX-Injected: 1',
  'a\r\n\r\nHTTP/1.1 200 OK\r\nX-Injected: 1\r\n\r\n',
  '%0d%0aX-Injected: 1',
  '\\r\\nX-Injected: 1',
  '\u560a\u560dX-Injected: 1',
  'Bearer ',
  'Bearer a',
  'Bearer  a  b',
  `Bearer ${'a'.repeat(9000)}`,
  'Bearer ä',
  'Basic YTpi',
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  '00-00000000000000000000000000000000-0000000000000000-00',
  'application/json',
  'application/json; charset="utf-8',
  'application/json;;;',
  'text/event-stream',
  '*/*;q=abc',
  'null',
  'https://evil.example',
  '<script>',
  '"',
  '",,,"',
  '${jndi:ldap://evil}',
  '../..',
] as const

/** A value for a header; often one that must not be in it. */
export function oddHeaderValue(random: Random): string {
  const value = pick(values, random)
  if (random() < 0.6) return value
  return pick<() => string>(
    [
      () => oddString(random).slice(0, 2000),
      () => value + pick(values, random),
      () => String.fromCharCode(...Array.from({ length: 8 }, () => Math.floor(random() * 256))),
    ],
    random,
  )()
}

/** Header lines, in the bytes that they are sent as. */
export function oddFields(random: Random): string {
  const count = pick([1, 1, 2, 3], random)
  return Array.from({ length: count }, () => {
    const written = `${pick(fields, random)}: ${oddHeaderValue(random)}`
    // Beyond one byte a letter, a header is UTF-8 if it is anything.
    return `${Buffer.from(written).toString('latin1')}\r\n`
  }).join('')
}

const methods = [
  'GET',
  'GET',
  'POST',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'MKCOL',
  'QUERY',
  'SEARCH',
  'LINK',
  'PURGE',
] as const

const segments = [
  'v1',
  'v1beta',
  'v1beta1',
  'openai',
  'chat',
  'completions',
  'models',
  'gemini-2.5-flash',
  'google',
  'projects',
  'p',
  'locations',
  'us-central1',
  'endpoints',
  'openapi',
  'health',
  'live',
  'ready',
  'metrics',
  'embeddings',
  'responses',
  '',
  '.',
  '..',
  '%2e%2e',
  '%2f',
  '%00',
  '%',
  '%zz',
  '%ff',
  '%c0%af',
  'a'.repeat(600),
  '*',
  ':id',
  '__proto__',
  'constructor',
  'ü',
  '\xff',
  '\x01',
  '#',
  ';a=b',
  '@',
  '\\',
  '{}',
  '[]',
  '"',
] as const

const queries = [
  '',
  '',
  '',
  '?',
  '?a=b',
  '?key=x',
  '?a[]=1&a[__proto__]=2',
  '?%',
  '?\xff',
  '?a=%00',
  '?alt=sse',
  `?${'a=b&'.repeat(500)}`,
  '??',
  '#x',
] as const

/** A request line, mostly of a path that is nearly right. */
export function oddLine(random: Random): string {
  const known = [
    '/v1/chat/completions',
    '/v1/models',
    '/v1/models/x',
    '/health',
    '/v1beta/openai/chat/completions',
    '/v1/projects/p/locations/l/endpoints/openapi/chat/completions',
    '/v1/projects/p/locations/l/endpoints/1/chat/completions',
  ] as const
  const path =
    random() < 0.3
      ? pick(known, random)
      : `/${Array.from({ length: 1 + Math.floor(random() * 6) }, () => pick(segments, random)).join('/')}`
  const target = Buffer.from(path + pick(queries, random)).toString('latin1')
  return `${pick(methods, random)} ${target} HTTP/1.1`
}
