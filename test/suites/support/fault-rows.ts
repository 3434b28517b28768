import { answers, breaks, type Must, refuses } from './must.ts'
import { streamOf, toChunk, toHead, wholeOf, type WireAnswer } from './wire-upstream.ts'

/** Where the gateway of a row looks for Google; `fault-sites.ts` builds them. */
export type SiteName =
  | 'emulator'
  | 'vertex'
  | 'hasty'
  | 'beating'
  | 'wire'
  | 'refused'
  | 'untrusted'
  | 'blackhole'

/** One thing that goes wrong upstream, and what must come of it. */
export interface FaultRow {
  fault: string
  at: SiteName
  /** The emulator's word for it. */
  word?: string
  /** The bytes themselves, at the site `wire`. */
  bytes?: { whole: WireAnswer; streamed: WireAnswer }
  whole: Must
  streamed: Must
}

/** Used up: the SDKs must not try thrice on top of it. */
const usedUp = { tries: 3, headers: { 'x-should-retry': 'false' } }
const badGateway = refuses(502, 'bad_gateway', usedUp)
const overloaded = refuses(503, 'server_is_overloaded', usedUp)

/** The same whole and streamed. */
function both(must: Must): Pick<FaultRow, 'whole' | 'streamed'> {
  return { whole: must, streamed: must }
}

/** Events of Google's in bytes, where the emulator has no word for how they go wrong. */
const said = (text: string, more: object = {}) =>
  JSON.stringify({ candidates: [{ content: { role: 'model', parts: [{ text }] }, ...more }] })
/** The texts of the healthy stream at the site `wire`. */
export const wirePieces = ['One', ' and two', ' and three.']
const [one = '', two = '', three = ''] = wirePieces
const events = [
  `data: ${said(one)}\r\n\r\n`,
  `data: ${said(two)}\r\n\r\n`,
  `data: ${said(three, { finishReason: 'STOP' })}\r\n\r\n`,
] as const
const whole = said(wirePieces.join(''), { finishReason: 'STOP' })
const unavailable = { error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } }
const page = '<!DOCTYPE html><title>Welcome to the proxy</title>'
const wholeHead = (length: number) =>
  toHead('200 OK', { 'content-type': 'application/json', 'content-length': String(length) })
const streamHead = toHead('200 OK', {
  'content-type': 'text/event-stream',
  'transfer-encoding': 'chunked',
})

/** Reliability's table of upstream faults. */
export const faultRows: FaultRow[] = [
  { fault: 'the connection is refused', at: 'refused', ...both(badGateway) },
  { fault: 'nobody takes the connection', at: 'blackhole', ...both(badGateway) },
  { fault: 'the certificate is nobody’s', at: 'untrusted', ...both(badGateway) },
  {
    fault: 'it closes without a word',
    at: 'emulator',
    word: 'close-before-headers',
    ...both(badGateway),
  },
  {
    fault: 'it closes without a word, once',
    at: 'emulator',
    word: 'close-before-headers;times=1',
    ...both(answers({ tries: 2 })),
  },

  {
    fault: '429 with RetryInfo, once',
    at: 'emulator',
    word: 'status=429;retry-info=1.2;times=1',
    ...both(answers({ tries: 2, afterMs: 1_200 })),
  },
  {
    fault: '429 with Retry-After, once',
    at: 'emulator',
    word: 'status=429;retry-after=1;times=1',
    ...both(answers({ tries: 2, afterMs: 1_000 })),
  },
  {
    fault: '429 with neither, once',
    at: 'emulator',
    word: 'status=429;times=1',
    ...both(answers({ tries: 2, afterMs: 1_000 })),
  },
  {
    fault: '429 on Vertex AI, once',
    at: 'vertex',
    word: 'status=429;times=1',
    ...both(answers({ tries: 2, afterMs: 1_000 })),
  },
  {
    fault: '429 always, with RetryInfo',
    at: 'emulator',
    word: 'status=429;retry-info=0.3',
    ...both(
      refuses(429, 'rate_limit_exceeded', {
        tries: 3,
        headers: { 'retry-after': '1', 'retry-after-ms': '300' },
      }),
    ),
  },
  {
    fault: '429 that asks for a minute',
    at: 'emulator',
    word: 'status=429;retry-info=60',
    ...both(
      refuses(429, 'rate_limit_exceeded', {
        headers: { 'retry-after': '60', 'retry-after-ms': '60000' },
        withinMs: 1_500,
      }),
    ),
  },
  {
    fault: '429 that asks for a minute by header',
    at: 'emulator',
    word: 'status=429;retry-after=60',
    ...both(
      refuses(429, 'rate_limit_exceeded', {
        headers: { 'retry-after': '60', 'retry-after-ms': '60000' },
        withinMs: 1_500,
      }),
    ),
  },

  { fault: '500 once', at: 'emulator', word: 'status=500;times=1', ...both(answers({ tries: 2 })) },
  {
    fault: '500 always',
    at: 'emulator',
    word: 'status=500',
    ...both(refuses(500, 'internal_error', usedUp)),
  },
  { fault: '503 once', at: 'emulator', word: 'status=503;times=1', ...both(answers({ tries: 2 })) },
  {
    fault: '503 twice',
    at: 'emulator',
    word: 'status=503;times=2',
    ...both(answers({ tries: 3 })),
  },
  { fault: '503 always', at: 'emulator', word: 'status=503', ...both(overloaded) },
  {
    fault: '503 whose error is in an array',
    at: 'vertex',
    word: 'error-array',
    ...both(overloaded),
  },
  { fault: '503 without a body', at: 'emulator', word: 'error-empty', ...both(overloaded) },
  { fault: '502 with a page of HTML', at: 'emulator', word: 'error-html', ...both(badGateway) },
  {
    fault: '504 always',
    at: 'emulator',
    word: 'status=504',
    ...both(refuses(504, 'timeout', usedUp)),
  },

  {
    fault: '401 once, for a token of ours',
    at: 'vertex',
    word: 'status=401;times=1',
    ...both(answers({ asked: 2 })),
  },
  {
    fault: '401 always, for a token of ours',
    at: 'vertex',
    word: 'status=401',
    ...both(refuses(502, 'upstream_authentication_error', { asked: 2 })),
  },
  {
    fault: '401, for a key of ours',
    at: 'emulator',
    word: 'status=401',
    ...both(refuses(502, 'upstream_authentication_error')),
  },
  {
    fault: '400',
    at: 'emulator',
    word: 'status=400',
    whole: refuses(400, ['']),
    streamed: refuses(400, ['']),
  },
  { fault: '403', at: 'emulator', word: 'status=403', ...both(refuses(403, 'permission_denied')) },
  { fault: '404', at: 'emulator', word: 'status=404', ...both(refuses(404, 'model_not_found')) },
  { fault: '302, which is never followed', at: 'emulator', word: 'redirect', ...both(badGateway) },

  {
    fault: 'silence before the headers',
    at: 'hasty',
    word: 'delay=60000',
    ...both(refuses(504, 'upstream_timeout', { withinMs: 2_500 })),
  },
  {
    fault: 'headers, then silence',
    at: 'hasty',
    word: 'stall@0',
    ...both(refuses(504, 'upstream_idle_timeout', { withinMs: 2_500 })),
  },
  {
    fault: 'it stalls in the middle',
    at: 'hasty',
    word: 'pace=20;stall@4',
    whole: refuses(504, 'upstream_idle_timeout', { withinMs: 2_500 }),
    streamed: breaks(4, 'upstream_idle_timeout', { withinMs: 2_500 }),
  },
  {
    fault: 'a refusal after comments have gone out',
    at: 'beating',
    word: 'delay=1500;status=403',
    whole: refuses(403, 'permission_denied'),
    streamed: breaks(0, 'permission_denied', { comments: true }),
  },
  {
    fault: 'an answer after comments have gone out',
    at: 'beating',
    word: 'delay=1500',
    ...both(answers()),
  },

  {
    fault: 'a reset before the first event, once',
    at: 'emulator',
    word: 'pace=30;reset@0;times=1',
    ...both(answers({ tries: 2 })),
  },
  {
    fault: 'a reset before the first event',
    at: 'emulator',
    word: 'reset@0',
    ...both(refuses(502, ['stream_interrupted', 'bad_gateway'], { asked: 'any' })),
  },
  {
    fault: 'a reset in the middle of an event',
    at: 'emulator',
    word: 'pace=30;reset@4+30',
    whole: refuses(502, 'stream_interrupted', { asked: 'any' }),
    streamed: breaks(4, 'stream_interrupted'),
  },
  {
    fault: 'a reset between two events',
    at: 'wire',
    bytes: {
      whole: { writes: [wholeHead(whole.length + 9), whole], ends: 'reset' },
      streamed: { writes: [streamHead, toChunk(Buffer.from(events[0]))], ends: 'reset' },
    },
    whole: refuses(502, 'stream_interrupted', { asked: 'any' }),
    streamed: breaks(1, 'stream_interrupted'),
  },
  {
    fault: 'the connection closes between two events',
    at: 'wire',
    bytes: {
      whole: { writes: [wholeHead(whole.length + 9), whole], ends: 'closed' },
      streamed: { writes: [streamHead, toChunk(Buffer.from(events[0]))], ends: 'closed' },
    },
    whole: refuses(502, 'stream_interrupted', { asked: 'any' }),
    streamed: breaks(1, 'stream_interrupted'),
  },
  {
    fault: 'a clean end without a finishReason',
    at: 'emulator',
    word: 'pace=10;fin@4',
    whole: refuses(502, 'bad_gateway', { asked: 'any' }),
    streamed: breaks(4, 'stream_interrupted'),
  },
  {
    fault: 'a clean end in the middle of an event',
    at: 'wire',
    bytes: {
      whole: wholeOf(whole.slice(0, -20)),
      streamed: streamOf(events[0], events[1].slice(0, 40)),
    },
    whole: refuses(502, 'bad_gateway', { asked: 'any' }),
    streamed: breaks(1, 'stream_interrupted'),
  },
  {
    fault: 'an empty body',
    at: 'emulator',
    word: 'empty',
    ...both(refuses(502, ['bad_gateway', 'stream_interrupted'], { asked: 'any' })),
  },

  {
    fault: 'an error in place of the first event, once',
    at: 'emulator',
    word: 'error@0=503;times=1',
    ...both(answers({ tries: 2 })),
  },
  {
    fault: 'an error in the stream',
    at: 'emulator',
    word: 'pace=10;error@4=503',
    whole: overloaded,
    streamed: breaks(4, 'server_is_overloaded'),
  },
  {
    fault: 'an error in an array in the stream',
    at: 'wire',
    bytes: {
      whole: wholeOf(JSON.stringify([unavailable])),
      streamed: streamOf(events[0], `data: ${JSON.stringify([unavailable])}\r\n\r\n`),
    },
    whole: refuses(503, 'server_is_overloaded', { asked: 'any' }),
    streamed: breaks(1, 'server_is_overloaded'),
  },
  {
    fault: 'an error in bare JSON in the stream',
    at: 'wire',
    bytes: {
      whole: wholeOf(JSON.stringify(unavailable)),
      streamed: streamOf(events[0], `[${JSON.stringify(unavailable, null, 2)}]\n`),
    },
    whole: refuses(503, 'server_is_overloaded', { asked: 'any' }),
    streamed: breaks(1, 'server_is_overloaded'),
  },
  {
    fault: 'an event that is no JSON',
    at: 'emulator',
    word: 'pace=10;malformed@4',
    whole: refuses(502, 'bad_gateway', { asked: 'any' }),
    streamed: breaks(4, 'bad_gateway'),
  },
  {
    fault: '200 without candidates',
    at: 'emulator',
    word: 'no-candidates',
    ...both(refuses(502, ['bad_gateway', 'stream_interrupted'], { asked: 'any' })),
  },
  {
    fault: '200 with a page of HTML',
    at: 'wire',
    bytes: {
      whole: wholeOf(page, { 'content-type': 'text/html' }),
      streamed: wholeOf(page, { 'content-type': 'text/html' }),
    },
    ...both(refuses(502, ['bad_gateway', 'stream_interrupted'], { asked: 'any' })),
  },
  {
    fault: 'gzip that nobody asked for',
    at: 'emulator',
    word: 'gzip',
    ...both(refuses(502, ['bad_gateway', 'stream_interrupted'], { asked: 'any' })),
  },

  { fault: 'the wrong content-type', at: 'emulator', word: 'wrong-type', ...both(answers()) },
  {
    fault: 'an event of 5 MB',
    at: 'emulator',
    word: 'huge@1=5000000',
    ...both(answers({ inserted: 4_990_000 })),
  },
  {
    fault: 'an event of 17 MB',
    at: 'emulator',
    word: 'pace=50;huge@1=17900000',
    whole: answers({ inserted: 17_800_000 }),
    streamed: breaks(1, 'bad_gateway'),
  },
  { fault: 'cuts within each letter', at: 'emulator', word: 'cut=every-utf8', ...both(answers()) },
  { fault: 'cuts within each line end', at: 'emulator', word: 'cut=crlf', ...both(answers()) },
  { fault: 'one byte at a time', at: 'emulator', word: 'split=1', ...both(answers()) },
]
