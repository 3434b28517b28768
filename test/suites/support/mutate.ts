import type { Dice } from './dice.ts'
import type { Sample } from './fuzz-corpus.ts'
import { mutateText, mutateValue } from './mutate-json.ts'
import { toChunk, toHead, type WireAnswer } from './wire-upstream.ts'

/** A good answer gone bad. */
export interface Mutant {
  answer: WireAnswer
  /** What was done to it, for the report. */
  done: string[]
}

/** One to three changes: to the values of its events, to their order, to the bytes, to the message. */
export function mutate(sample: Sample, dice: Dice): Mutant {
  const names = Array.from({ length: dice.pick([1, 1, 1, 2, 3]) }, () => dice.pick(chances))
  const chosen = (table: object) => names.filter((name) => Object.hasOwn(table, name))
  let { events } = sample
  for (const name of chosen(ofEvents)) events = ofEvents[name]?.(events, dice) ?? events
  let frames = toFrames(sample, events)
  for (const name of chosen(ofFrames)) frames = ofFrames[name]?.(frames, dice) ?? frames
  let bytes: Buffer = Buffer.from(frames.join(''))
  for (const name of chosen(ofBytes)) bytes = ofBytes[name]?.(bytes, dice) ?? bytes
  let message = toMessage(sample, bytes)
  for (const name of chosen(ofMessage))
    message = { ...message, ...ofMessage[name]?.(message, dice) }
  return { answer: toAnswer(message, sample.question.stream), done: names }
}

/** The same answer without any change. */
export function unchanged(sample: Sample): WireAnswer {
  return toAnswer(
    toMessage(sample, Buffer.from(toFrames(sample, sample.events).join(''))),
    sample.question.stream,
  )
}

function toFrames({ question, status }: Sample, events: string[]): string[] {
  return question.stream && status === 200 ? events.map((json) => `data: ${json}\r\n\r\n`) : events
}

function toMessage({ status, headers }: Sample, bytes: Buffer): Message {
  const { length } = bytes
  return {
    status: `${status} Word`,
    headers,
    bytes,
    length,
    sizes: [],
    ends: 'kept',
    spoil: (head) => head,
  }
}

const ofEvents: Record<string, (events: string[], dice: Dice) => string[]> = {
  value: (events, dice) => atOne(events, dice, mutateValue),
  text: (events, dice) => atOne(events, dice, mutateText),
  'an event is dropped': (events, dice) => events.toSpliced(dice.below(events.length), 1),
  'an event comes twice': (events, dice) => {
    const at = dice.below(events.length)
    return events.toSpliced(at, 0, ...events.slice(at, at + 1))
  },
  'an event comes a hundred times': (events, dice) => {
    const event = events[dice.below(events.length)] ?? ''
    return [...events, ...Array<string>(100).fill(event)]
  },
  'two events change places': (events, dice) => {
    const at = dice.below(events.length)
    return [...events.slice(at), ...events.slice(0, at)]
  },
  'the end comes first': (events) => events.toReversed(),
  'the answer goes on': (events) => [...events, ...events],
}

const ofFrames: Record<string, (frames: string[], dice: Dice) => string[]> = {
  'line ends': (frames, dice) => {
    const end = dice.pick(['\n', '\r', '\r\n', '\n\r', '\r\r\n', '\u2028', '\v', ''])
    return frames.map((frame) => frame.replaceAll('\r\n', end))
  },
  'one line end': (frames, dice) =>
    atOne(frames, dice, (frame) => frame.replace('\r\n', dice.pick(['\n', '\r', '', '\r\n\r\n']))),
  'a comment': (frames, dice) =>
    put(
      frames,
      dice,
      dice.pick([': hello\n\n', ':\r\n', ':data: {}\r\n\r\n', `:${'x'.repeat(5_000)}\n`]),
    ),
  'other fields': (frames, dice) =>
    put(
      frames,
      dice,
      dice.pick([
        'event: error\r\n',
        'id: 5\n',
        'retry: 1\r\n\r\n',
        'event\r\n',
        'dat: 5\r\n\r\n',
        'data\r\n\r\n',
        'data:\r\n\r\n',
        'DATA: {}\r\n\r\n',
        ' data: {}\r\n\r\n',
      ]),
    ),
  'the prefix': (frames, dice) =>
    atOne(frames, dice, (frame) =>
      frame.replace(
        'data: ',
        dice.pick(['data:', 'data:  ', 'data :', 'date: ', '', 'data:\t', '\uFEFFdata: ']),
      ),
    ),
  'data in lines': (frames, dice) =>
    atOne(frames, dice, (frame) =>
      frame.replaceAll(',', dice.pick([',\r\ndata: ', ',\ndata:', ',\n', ',\r\n\r\ndata: '])),
    ),
  'a byte order mark': (frames) => ['\uFEFF', ...frames],
  '[DONE]': (frames, dice) => put(frames, dice, 'data: [DONE]\r\n\r\n'),
  'a page of HTML': (frames, dice) =>
    put(frames, dice, '<html>\n<body>502 Bad Gateway</body>\n\n</html>\n'),
  'an error in bare JSON': (frames, dice) =>
    put(frames, dice, '{\n "error": {"code": 503,\n "message": "Overloaded."}}\n'),
}

const ofBytes: Record<string, (bytes: Buffer, dice: Dice) => Buffer> = {
  'a bit': (bytes, dice) =>
    withAt(bytes, dice, 1, (old) => Buffer.from([(old[0] ?? 0) ^ (1 << dice.below(8))])),
  'a few bytes': (bytes, dice) =>
    withAt(bytes, dice, 4, (old) => Buffer.from(old.map(() => dice.below(256)))),
  'no letters': (bytes, dice) =>
    withAt(bytes, dice, 0, () =>
      Buffer.from(
        dice.pick([[0xff], [0xc3], [0xf0, 0x9f], [0xed, 0xa0, 0x80], [0], [0xef, 0xbb, 0xbf]]),
      ),
    ),
  'bytes are lost': (bytes, dice) =>
    withAt(bytes, dice, 1 + dice.below(200), () => Buffer.alloc(0)),
  'bytes come twice': (bytes, dice) =>
    withAt(bytes, dice, 1 + dice.below(200), (old) => Buffer.concat([old, old])),
  'the end is lost': (bytes, dice) => bytes.subarray(0, dice.below(bytes.length + 1)),
}

/** What is sent in the end. */
interface Message {
  status: string
  headers: Record<string, string>
  bytes: Buffer
  /** What the head says of the bytes' number. */
  length: number
  /** How many bytes go into each HTTP chunk; the rest into the last. */
  sizes: number[]
  ends: WireAnswer['ends']
  /** What happens to the bytes of the head. */
  spoil: (head: string) => string
}

const ofMessage: Record<string, (message: Message, dice: Dice) => Partial<Message>> = {
  'small chunks': ({ bytes }, dice) => ({
    sizes: Array<number>(Math.min(200, bytes.length)).fill(1 + dice.below(3)),
  }),
  'odd chunks': ({ bytes }, dice) => ({
    sizes: Array.from({ length: 10 }, () => 1 + dice.below(1 + bytes.length / 8)),
  }),
  'a reset': ({ bytes }, dice) => ({
    bytes: bytes.subarray(0, dice.below(bytes.length + 1)),
    ends: 'reset',
  }),
  'a close': ({ bytes }, dice) => ({
    bytes: bytes.subarray(0, dice.below(bytes.length + 1)),
    ends: 'closed',
  }),
  'another status': (_, dice) => ({
    ends: 'closed',
    status: dice.pick([
      '201 Created',
      '204 No Content',
      '206 Partial Content',
      '301 Moved',
      '304 Not Modified',
      '400 Bad',
      '418 Teapot',
      '429 Later',
      '499 Gone',
      '500 Oh',
      '599 Odd',
      '999 What',
      '100 Continue',
      '101 Switching',
      '103 Hints',
      '000 Zero',
      '2000 Long',
      'OK',
    ]),
  }),
  'another type': ({ headers }, dice) => ({
    headers: {
      ...headers,
      'content-type': dice.pick([
        'text/html',
        'application/json',
        'text/event-stream',
        'x',
        '',
        'text/event-stream; charset=utf-16',
      ]),
    },
  }),
  'more headers': ({ headers }, dice) => ({ headers: { ...headers, ...dice.pick(oddHeaders) } }),
  'a spoilt head': (_, dice) => ({
    ends: 'closed',
    spoil: (head) => {
      const at = dice.below(head.length)
      return (
        head.slice(0, at) +
        dice.pick(['\0', '\n', '\r\n', ' ', ':', 'é', '\r\n\r\n', '\t']) +
        head.slice(at + dice.below(2))
      )
    },
  }),
}

const oddHeaders: Record<string, string>[] = [
  { 'retry-after': '-5' },
  { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' },
  { 'retry-after': '1e400' },
  { 'retry-after': '0.0000001' },
  { 'retry-after': '9'.repeat(400) },
  { 'x-gemini-service-tier': '\u00ff\u0080' },
  { 'x-gemini-service-tier': 'größe 東京' },
  { 'x-gemini-service-tier': '' },
  { 'x-gemini-service-tier': 'constructor' },
  { 'x-gemini-service-tier': 'x'.repeat(9_000) },
  { 'content-encoding': 'gzip' },
  { 'content-encoding': 'constructor' },
  { 'set-cookie': 'a=b' },
  { location: 'http://127.0.0.1:1/' },
  { constructor: 'x', 'x-many': 'y'.repeat(12_000) },
  { connection: 'close' },
  { trailer: 'x-end' },
  { 'x-long': 'x'.repeat(70_000) },
]

const chances = [
  // Most of what can go wrong is in the values.
  ...Array<string>(12).fill('value'),
  ...Array<string>(5).fill('text'),
  ...[ofEvents, ofFrames, ofBytes, ofMessage].flatMap((table) => Object.keys(table)),
]

function toAnswer(
  { status, headers, bytes, length, sizes, ends, spoil }: Message,
  chunked: boolean,
): WireAnswer {
  const framing: Record<string, string> = chunked
    ? { 'transfer-encoding': 'chunked' }
    : { 'content-length': String(length) }
  const head = spoil(toHead(status, { ...headers, ...framing }))
  if (!chunked) return { writes: [head, ...pieces(bytes, sizes)], ends }
  const end = ends === 'kept' ? [toChunk(Buffer.alloc(0))] : []
  return { writes: [head, ...pieces(bytes, sizes).map(toChunk), ...end], ends }
}

function pieces(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  let from = 0
  const cut = sizes.map((size) => bytes.subarray(from, (from += Math.floor(size))))
  return [...cut, bytes.subarray(from)].filter((piece) => piece.length > 0)
}

function atOne(list: string[], dice: Dice, change: (one: string, dice: Dice) => string): string[] {
  if (list.length === 0) return list
  const chosen = dice.below(list.length)
  return list.map((one, at) => (at === chosen ? change(one, dice) : one))
}

function put(list: string[], dice: Dice, one: string): string[] {
  return list.toSpliced(dice.below(list.length + 1), 0, one)
}

function withAt(
  bytes: Buffer,
  dice: Dice,
  length: number,
  change: (old: Buffer) => Buffer,
): Buffer {
  const at = dice.below(bytes.length + 1)
  return Buffer.concat([
    bytes.subarray(0, at),
    change(bytes.subarray(at, at + length)),
    bytes.subarray(at + length),
  ])
}
