import { answers, breaks, type Must, refuses } from './must.ts'
import { streamOf, streamHead, toChunk, toHead, type WireAnswer, wholeOf } from './wire-upstream.ts'

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
  /** The emulator's word for it; none at sites that the emulator does not serve. */
  word: string
  /** The bytes themselves, at the site `wire`. */
  bytes?: (healthy: Healthy) => { whole: WireAnswer; streamed: WireAnswer }
  whole: Must
  streamed: Must
}

/** What the emulator answers where nothing goes wrong, as it comes over the wire. */
export interface Healthy {
  events: string[]
  whole: string
}

/** What reliability asks of a gateway whose upstream fails, fault by fault. */
export function faultRows(): FaultRow[] {
  return [...unreachable, ...refusing, ...silent, ...breakingOff, ...speakingOddly]
}

function row(
  at: SiteName,
  word: string,
  fault: string,
  whole: Must,
  streamed: Must = whole,
): FaultRow {
  return { fault, at, word, whole, streamed }
}

function onWire(
  fault: string,
  bytes: NonNullable<FaultRow['bytes']>,
  whole: Must,
  streamed: Must = whole,
): FaultRow {
  return { fault, at: 'wire', word: '', bytes, whole, streamed }
}

/** Three tries, and the SDKs must not try thrice on top of it. */
const usedUp = { tries: 3, headers: { 'x-should-retry': 'false' } }
const badGateway = refuses(502, 'bad_gateway', usedUp)
const overloaded = refuses(503, 'server_is_overloaded', usedUp)
const interrupted = refuses(502, 'stream_interrupted', usedUp)
/** Nothing was understood, whether it is the end that is missing or the beginning. */
const noAnswer = refuses(502, ['bad_gateway', 'stream_interrupted'], usedUp)
const secondTry = answers({ tries: 2 })

const unreachable: FaultRow[] = [
  row('refused', '', 'the connection is refused', badGateway),
  row('blackhole', '', 'nobody takes the connection', badGateway),
  row('untrusted', '', 'the certificate is nobody’s', badGateway),
  row('emulator', 'close-before-headers', 'it closes without a word', badGateway),
  row('emulator', 'close-before-headers;times=1', 'it closes without a word, once', secondTry),
  row('emulator', 'reset-before-headers', 'it resets without a word', badGateway),
]

const aMinute = { 'retry-after': '60', 'retry-after-ms': '60000' }
const patient = refuses(429, 'rate_limit_exceeded', { headers: aMinute, withinMs: 1_500 })
const afterASecond = answers({ tries: 2, afterMs: 1_000 })
const ourToken = 'upstream_authentication_error'

const refusing: FaultRow[] = [
  row(
    'emulator',
    'status=429;retry-info=1.2;times=1',
    '429 with RetryInfo, once',
    answers({ tries: 2, afterMs: 1_200 }),
  ),
  row('emulator', 'status=429;retry-after=1;times=1', '429 with Retry-After, once', afterASecond),
  row('emulator', 'status=429;times=1', '429 with neither, once', afterASecond),
  row('vertex', 'status=429;times=1', '429 on Vertex AI, once', afterASecond),
  row(
    'emulator',
    'status=429;retry-info=0.3',
    '429 always, with RetryInfo',
    refuses(429, 'rate_limit_exceeded', {
      tries: 3,
      headers: { 'retry-after': '1', 'retry-after-ms': '300' },
    }),
  ),
  row('emulator', 'status=429;retry-info=60', '429 that asks for a minute', patient),
  row('emulator', 'status=429;retry-after=60', '429 that asks for it by header', patient),
  row('emulator', 'status=500;times=1', '500 once', secondTry),
  row('emulator', 'status=500', '500 always', refuses(500, 'internal_error', usedUp)),
  row('emulator', 'status=503;times=1', '503 once', secondTry),
  row('emulator', 'status=503;times=2', '503 twice', answers({ tries: 3 })),
  row('emulator', 'status=503', '503 always', overloaded),
  row('vertex', 'error-array', '503 whose error is in an array', overloaded),
  row('emulator', 'error-empty', '503 without a body', overloaded),
  row('emulator', 'error-html', '502 with a page of HTML', badGateway),
  row('emulator', 'status=504', '504 always', refuses(504, 'timeout', usedUp)),
  row('vertex', 'status=401;times=1', '401 once, for a token of ours', answers({ asked: 2 })),
  row('vertex', 'status=401', '401 always, for it', refuses(502, ourToken, { asked: 2 })),
  row('emulator', 'status=401', '401, for a key of ours', refuses(502, ourToken)),
  row('emulator', 'status=400', '400', refuses(400, '')),
  row('emulator', 'status=403', '403', refuses(403, 'permission_denied')),
  row('emulator', 'status=404', '404', refuses(404, 'model_not_found')),
  row('emulator', 'redirect', '302, which is never followed', badGateway),
]

/** Two seconds, and one more at the most. */
const withinMs = 3_000
const late = (code: string) => refuses(504, code, { withinMs })

const silent: FaultRow[] = [
  row('hasty', 'delay=60000', 'silence before the headers', late('upstream_timeout')),
  row('hasty', 'stall@0', 'headers, then silence', late('upstream_idle_timeout')),
  row(
    'hasty',
    'pace=20;stall@4',
    'it stalls in the middle',
    late('upstream_idle_timeout'),
    breaks(4, 504, 'upstream_idle_timeout', { withinMs }),
  ),
  row(
    'beating',
    'delay=4500',
    'an answer that takes longer than a whole one may',
    refuses(504, 'upstream_timeout', { withinMs: 4_000 }),
    answers({ afterMs: 4_500, comments: true }),
  ),
  row(
    'beating',
    'delay=1500;status=403',
    'a refusal after comments have gone out',
    refuses(403, 'permission_denied'),
    breaks(0, 403, 'permission_denied', { comments: true }),
  ),
]

const unavailable = { error: { code: 503, message: 'Overloaded.', status: 'UNAVAILABLE' } }

/** More is announced than comes: the end is a break. */
const shortOf = (whole: string) =>
  toHead('200 OK', {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(whole)),
  })

const breakingOff: FaultRow[] = [
  row('emulator', 'reset@0;times=1', 'a reset after the headers, once', secondTry),
  row('emulator', 'reset@0', 'a reset after the headers', interrupted),
  row(
    'emulator',
    'pace=30;reset@4',
    'a reset between two events',
    interrupted,
    breaks(4, 502, 'stream_interrupted'),
  ),
  row(
    'emulator',
    'pace=30;reset@4+30',
    'a reset in the middle of an event',
    interrupted,
    breaks(4, 502, 'stream_interrupted'),
  ),
  onWire(
    'the connection closes in the middle',
    ({ events: [first = ''], whole }) => ({
      whole: { writes: [shortOf(whole), whole.slice(0, -9)], ends: 'closed' },
      streamed: { writes: [streamHead, toChunk(Buffer.from(first))], ends: 'closed' },
    }),
    interrupted,
    breaks(1, 502, 'stream_interrupted'),
  ),
  row(
    'emulator',
    'pace=10;fin@4',
    'a clean end without a finishReason',
    noAnswer,
    breaks(4, 502, 'stream_interrupted'),
  ),
  onWire(
    'a clean end in the middle of an event',
    ({ events: [first = '', second = ''], whole }) => ({
      whole: wholeOf(whole.slice(0, -20)),
      streamed: streamOf(first, second.slice(0, 40)),
    }),
    badGateway,
    breaks(1, 502, 'stream_interrupted'),
  ),
  row('emulator', 'error@0=503;times=1', 'an error in place of the first event, once', secondTry),
  row(
    'emulator',
    'pace=10;error@4=503',
    'an error among the events',
    overloaded,
    breaks(4, 503, 'server_is_overloaded'),
  ),
  row(
    'vertex',
    'pace=10;error@4=503;error-array',
    'an error in an array among the events',
    overloaded,
    breaks(4, 503, 'server_is_overloaded'),
  ),
  onWire(
    'an error in bare JSON among the events',
    ({ events: [first = ''] }) => ({
      whole: wholeOf(JSON.stringify([unavailable])),
      streamed: streamOf(first, `${JSON.stringify([unavailable], null, 2)}\n`),
    }),
    overloaded,
    breaks(1, 503, 'server_is_overloaded'),
  ),
]

const page = wholeOf('<!DOCTYPE html><title>Welcome to the proxy</title>', {
  'content-type': 'text/html',
})
const sixtyFiveMiB = 65 * 1024 * 1024
const comment = `: ${'x'.repeat(65_532)}\n\n`

const speakingOddly: FaultRow[] = [
  row('emulator', 'empty', 'an empty body', noAnswer),
  row('emulator', 'no-candidates', '200 without candidates', noAnswer),
  onWire('200 with a page of HTML', () => ({ whole: page, streamed: page }), noAnswer),
  row('emulator', 'gzip', 'gzip that nobody asked for', noAnswer),
  row(
    'emulator',
    'pace=10;malformed@4',
    'an event that is no JSON',
    badGateway,
    breaks(4, 502, 'bad_gateway'),
  ),
  row('emulator', 'wrong-type', 'the wrong content-type', answers()),
  row('emulator', 'huge@1=5000000', 'an event of 5 MB', answers({ inserted: 4_990_000 })),
  row(
    'emulator',
    'pace=50;huge@1=17900000',
    'an event of 17 MiB, which only a whole answer may be',
    answers({ inserted: 17_800_000 }),
    breaks(1, 502, 'bad_gateway'),
  ),
  onWire(
    'a body of 65 MiB, which only a stream may have',
    ({ events, whole }) => ({
      whole: wholeOf(whole.padEnd(sixtyFiveMiB)),
      streamed: streamOf(...Array<string>(sixtyFiveMiB / comment.length).fill(comment), ...events),
    }),
    badGateway,
    answers(),
  ),
  row('emulator', 'cut=every-utf8', 'cuts within each letter', answers()),
  row('emulator', 'cut=crlf', 'cuts within each line end', answers()),
  row('emulator', 'split=1', 'one byte at a time', answers()),
]
