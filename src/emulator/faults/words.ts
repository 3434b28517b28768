import type { Argument } from './argument.ts'
import type { Fault } from './fault.ts'

/** One word for something that goes wrong. */
export interface FaultWord {
  /** How it is written. */
  form: string
  means: string
  /** What it adds to a fault; throws on an argument it has no use for. */
  read(argument: Argument): Fault
}

/** Ten minutes: longer than anybody waits. */
export const longest = 600_000

/** Every word, under the name it begins with. */
export const faultWords: Record<string, FaultWord> = {
  delay: {
    form: 'delay=MS',
    means: 'waits so many milliseconds before the headers',
    read: (argument) => ({ delay: argument.number(0, longest) }),
  },
  pace: {
    form: 'pace=MS',
    means: 'waits so many milliseconds between the events',
    read: (argument) => ({ pace: argument.number(0, longest) }),
  },
  status: {
    form: 'status=503',
    means: "refuses with that HTTP status, 400 to 599, and Google's error JSON",
    read: (argument) => ({ status: argument.number(400, 599) }),
  },
  'retry-info': {
    form: 'retry-info=2.5',
    means: 'with `status`: a `google.rpc.RetryInfo` of so many seconds among the details',
    read: (argument) => ({ retryInfo: argument.number(0, 86_400, 'fractions') }),
  },
  'retry-after': {
    form: 'retry-after=3',
    means: 'with `status`: a `Retry-After` header of so many seconds',
    read: (argument) => ({ retryAfter: argument.number(0, 86_400) }),
  },
  times: {
    form: 'times=N',
    means: 'befalls the first N requests with the same `key` only; later ones are healthy',
    read: (argument) => ({ times: argument.number(1, 1_000_000) }),
  },
  key: {
    form: 'key=NAME',
    means: 'the name `times` counts under; without it, the text of the fault',
    read: (argument) => ({ key: argument.word() }),
  },
  reset: {
    form: 'reset@K+BYTES',
    means: 'resets the connection (RST) after event K, and so many bytes of the next if given',
    read: (argument) => ({ reset: argument.place('bytes') }),
  },
  fin: {
    form: 'fin@K',
    means: 'ends cleanly after event K, at the latest before the event with the finishReason',
    read: (argument) => ({ fin: argument.place() }),
  },
  stall: {
    form: 'stall@K',
    means: 'says nothing more after event K until the client leaves (ten minutes at most)',
    read: (argument) => ({ stall: argument.place() }),
  },
  malformed: {
    form: 'malformed@K',
    means: 'sends something that is not JSON after event K, and goes on',
    read: (argument) => ({ malformed: argument.place() }),
  },
  error: {
    form: 'error@K=503',
    means: 'sends an error object after event K and ends; a refusal where nothing is streamed',
    read: (argument) => ({
      error: { ...argument.place('value'), status: argument.number(400, 599) },
    }),
  },
  'error-array': {
    form: 'error-array',
    means: 'puts the error into an array, that of `error@K` too; alone, it is a 503',
    read: (argument) => argument.none({ form: 'array' }),
  },
  'error-html': {
    form: 'error-html',
    means: 'makes the error a page of HTML; alone, it is a 502',
    read: (argument) => argument.none({ form: 'html' }),
  },
  'error-empty': {
    form: 'error-empty',
    means: 'leaves the error without a body; alone, it is a 503',
    read: (argument) => argument.none({ form: 'empty' }),
  },
  empty: {
    form: 'empty',
    means: 'answers 200 with an empty body',
    read: (argument) => argument.none({ empty: true }),
  },
  'no-candidates': {
    form: 'no-candidates',
    means: 'leaves out the candidates',
    read: (argument) => argument.none({ noCandidates: true }),
  },
  huge: {
    form: 'huge@K=5000000',
    means: 'sends an event of so many bytes after event K, and goes on',
    read: (argument) => ({
      huge: { ...argument.place('value'), bytes: argument.number(1, 67_108_864) },
    }),
  },
  split: {
    form: 'split=N',
    means: 'writes N bytes at a time; 1 is byte by byte',
    read: (argument) => ({ split: argument.number(1, 1_000_000) }),
  },
  cut: {
    form: 'cut=every-utf8',
    means: 'cuts between any two bytes of one letter; `cut=crlf` between any CR and its LF',
    read: (argument) => ({ cut: argument.oneOf('every-utf8', 'crlf') }),
  },
  gzip: {
    form: 'gzip',
    means: 'compresses the body, whatever the client accepts',
    read: (argument) => argument.none({ gzip: true }),
  },
  'wrong-type': {
    form: 'wrong-type',
    means: 'says `content-type: text/html` and sends what it always sends',
    read: (argument) => argument.none({ wrongType: true }),
  },
  redirect: {
    form: 'redirect',
    means: 'answers 302 to `/redirected`, where nothing is: the log tells who follows',
    read: (argument) => argument.none({ redirect: true }),
  },
  'close-before-headers': {
    form: 'close-before-headers',
    means: 'closes the connection without a word',
    read: (argument) => argument.none({ closeBeforeHeaders: true }),
  },
  'reset-before-headers': {
    form: 'reset-before-headers',
    means: 'resets the connection (RST) without a word',
    read: (argument) => argument.none({ resetBeforeHeaders: true }),
  },
  'expired-token': {
    form: 'expired-token',
    means: 'refuses each token or key once with 401, and takes it from then on',
    read: (argument) => argument.none({ expiredToken: true }),
  },
}
