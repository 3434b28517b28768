import { encode, type Fields, frame, framesIn, hello } from '../../support/h2-frames.ts'

/** A request in frames of HTTP/2, mostly one that must not become two in HTTP/1.1. */
export interface FrameCase {
  name: string
  /** What its markers begin with. */
  prefix: string
  bytes: Buffer
}

const path = '/v1/chat/completions'

/** A whole chat request that the emulator answers with its marker. */
export function frameRequest(marker: string): Buffer {
  return framed(fieldsOf(marker), bodyOf(marker))
}

/** Abuse of HTTP/2 that a proxy may hand on in HTTP/1.1. Source: RFC 9113 8.2.1, 8.3, 10.3. */
export function frameCases(run: string): FrameCase[] {
  const kinds: [string, (one: string, hidden: string) => Buffer][] = [
    ['a plain request', (one) => frameRequest(one)],
    ['a length of 0', withField('content-length', '0')],
    ['a length that is too small', withField('content-length', '5')],
    ['a length that is too large', withField('content-length', '100000')],
    ['a length of +5', withField('content-length', '+5')],
    [
      'two lengths',
      (one, hidden) =>
        smuggling([...fieldsOf(one), ['content-length', '0'], ['content-length', '5']], hidden),
    ],
    ['Transfer-Encoding: chunked', withField('transfer-encoding', 'chunked')],
    ['a line break in a value', withField('x-a', 'b\r\ntransfer-encoding: chunked')],
    ['a bare LF in a value', withField('x-a', 'b\ntransfer-encoding: chunked')],
    ['a NUL in a value', withField('x-a', 'b\u0000c')],
    ['a line break in a name', withField('x-a: b\r\ntransfer-encoding', 'chunked')],
    ['a colon in a name', withField('transfer-encoding:', 'chunked')],
    ['a space in a name', withField('transfer-encoding ', 'chunked')],
    ['a name in capitals', withField('Transfer-Encoding', 'chunked')],
    ['Connection: content-length', withField('connection', 'content-length')],
    ['Upgrade: h2c', withField('upgrade', 'h2c')],
    ['Expect: 100-continue', withField('expect', '100-continue')],
    ['another host', withField('host', 'evil')],
    ['a line break in the path', withPseudo(':path', `${path} HTTP/1.1\r\nHost: x\r\n\r\nGET /x`)],
    ['a space in the path', withPseudo(':path', `${path} HTTP/1.1`)],
    ['a whole URL as the path', withPseudo(':path', `http://evil${path}`)],
    ['no slash before the path', withPseudo(':path', '@evil/')],
    ['a line break in the method', withPseudo(':method', `POST ${path} HTTP/1.1\r\nX-A:`)],
    ['a space in the method', withPseudo(':method', 'GET /health HTTP/1.1')],
    ['a line break in the authority', withPseudo(':authority', 'x\r\nTransfer-Encoding: chunked')],
    ['a path in the authority', withPseudo(':authority', 'x/evil')],
    ['an odd scheme', withPseudo(':scheme', 'http://evil/?')],
    ['two paths', (one, hidden) => smuggling([[':path', '/evil'], ...fieldsOf(one)], hidden)],
    [
      'a path at the end',
      (one, hidden) => smuggling([...fieldsOf(one), [':path', '/evil']], hidden),
    ],
    [
      'an unknown pseudo-header',
      (one, hidden) => smuggling([[':evil', 'x'], ...fieldsOf(one)], hidden),
    ],
    [
      'no method',
      (one, hidden) =>
        smuggling(
          fieldsOf(one).filter(([name]) => name !== ':method'),
          hidden,
        ),
    ],
    [
      'trailers with a length',
      (one) =>
        Buffer.concat([
          framed(fieldsOf(one), bodyOf(one), false),
          frame(
            1,
            0x5,
            1,
            encode([
              ['content-length', '0'],
              ['transfer-encoding', 'chunked'],
            ]),
          ),
        ]),
    ],
  ]
  return kinds.map(([name, build], at) => {
    const prefix = `${run}${String(at).padStart(3, '0')}-`
    return { name, prefix, bytes: build(`${prefix}one`, `${prefix}smuggled`) }
  })
}

/** The bodies of answers: what the frames of data hold, whatever stream they are of. */
export function dataIn(bytes: Buffer): string {
  const data = framesIn(bytes).filter(({ type }) => type === 0)
  return Buffer.concat(data.map(({ payload }) => payload)).toString()
}

/** Whether an answer has ended, well or not: an end of the stream, a reset, or a farewell. */
export function hasEnded(bytes: Buffer): boolean {
  return framesIn(bytes).some(
    ({ type, flags }) => (type <= 1 && (flags & 1) === 1) || type === 3 || type === 7,
  )
}

function fieldsOf(marker: string): Fields {
  return [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':authority', 'gateway'],
    [':path', path],
    ['content-type', 'application/json'],
    ['x-case', marker],
  ]
}

function bodyOf(marker: string): string {
  const messages = [{ role: 'user', content: `Repeat: ${marker}` }]
  return JSON.stringify({ model: 'gemini-2.5-flash', messages })
}

function withField(name: string, value: string): (one: string, hidden: string) => Buffer {
  return (one, hidden) => smuggling([...fieldsOf(one), [name, value]], hidden)
}

function withPseudo(name: string, value: string): (one: string, hidden: string) => Buffer {
  return (one, hidden) =>
    smuggling(
      fieldsOf(one).map(([known, old]) => [known, known === name ? value : old]),
      hidden,
    )
}

/** A request whose body would be an end and another request, for who takes its headers at their word. */
function smuggling(fields: Fields, hidden: string): Buffer {
  const body = bodyOf(hidden)
  const request = `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Case: ${hidden}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  return framed(fields, `0\r\n\r\n${request}`)
}

function framed(fields: Fields, body: string, ends = true): Buffer {
  return Buffer.concat([
    hello,
    frame(1, 0x4, 1, encode(fields)),
    frame(0, ends ? 0x1 : 0, 1, Buffer.from(body)),
  ])
}
