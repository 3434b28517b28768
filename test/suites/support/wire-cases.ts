/** Bytes that a client sends on one connection, and what must come of them. */
export interface WireCase {
  name: string
  /** What its markers begin with. */
  prefix: string
  bytes: Buffer
  /** The statuses, in order; a list where the specification leaves a choice. */
  answers: (number | number[])[]
  /** `open`: the next request on the connection gets its own answer. `waiting`: for the rest of a message. */
  connection: 'closed' | 'open' | 'closed or open' | 'waiting'
  /** The markers of the requests that may reach the model, in order. */
  reaches: string[]
  /** Sent once the answer to the others has begun. */
  later?: string
  /** An answer that is under way when the connection turns bad may be lost, but not exchanged. */
  mayBreakOff?: boolean
  /** The client says that nothing more comes. */
  ends?: boolean
  /** How many answers are to HEAD, and have no body. */
  bodiless?: number
  /** One byte a write. */
  slowly?: boolean
}

const path = '/v1/chat/completions'
const crlf = '\r\n'

/** A whole chat request that the emulator answers with its marker. */
export function chatRequest(marker: string, headers: string[] = [], stream = false): string {
  const body = stream ? streamBody(marker) : chatBody(marker)
  return head(`POST ${path}`, [
    ...common(marker),
    `Content-Length: ${body.length}`,
    ...headers,
  ]).concat(body)
}

function chatBody(marker: string): string {
  return JSON.stringify({
    model: 'gemini-2.5-flash',
    messages: [{ role: 'user', content: `Repeat: ${marker}` }],
  })
}

function streamBody(marker: string): string {
  const content = `[[slow:40]] Repeat: ${marker} 2 3 4 5 6 7 8`
  return JSON.stringify({
    model: 'gemini-2.5-flash',
    stream: true,
    messages: [{ role: 'user', content }],
  })
}

/** `X-Case` lets the access log of a proxy tell which requests it sent on. */
function common(marker: string): string[] {
  return ['Host: gateway', 'Content-Type: application/json', `X-Case: ${marker}`]
}

function head(line: string, fields: string[], version = 'HTTP/1.1'): string {
  return [`${line} ${version}`, ...fields, '', ''].join(crlf)
}

function chunk(text: string): string {
  return `${text.length.toString(16)}${crlf}${text}${crlf}`
}

const lastChunk = `0${crlf}${crlf}`

/** The corpus. `run` keeps the markers of several runs apart. Source: RFC 9112, and what was found elsewhere. */
export function wireCases(run: string): WireCase[] {
  const cases: WireCase[] = []
  const add = (
    name: string,
    more: Omit<WireCase, 'name' | 'prefix' | 'bytes' | 'reaches'> & { reaches?: string[] },
    build: (words: Words) => string | Buffer,
  ) => {
    const mark = (word: string) => `${run}${String(cases.length).padStart(3, '0')}-${word}`
    const built = build(wordsOf(mark))
    const bytes = typeof built === 'string' ? Buffer.from(built, 'latin1') : built
    cases.push({ name, prefix: mark(''), ...more, bytes, reaches: (more.reaches ?? []).map(mark) })
  }
  const fine = { answers: [200], connection: 'open', reaches: ['one'] } as const
  const served = { ...fine, answers: [...fine.answers], reaches: [...fine.reaches] }
  const unparsed = { answers: [400], connection: 'closed' } as const
  const refused = { ...unparsed, answers: [...unparsed.answers] }

  // What is right, however unusual
  add('a plain request', served, ({ chat }) => chat('one'))
  add('byte by byte', { ...served, slowly: true }, ({ chat }) => chat('one'))
  add(
    'three in a pipeline',
    { answers: [200, 200, 200], connection: 'open', reaches: ['one', 'two', 'three'] },
    ({ chat }) => chat('one') + chat('two') + chat('three'),
  )
  add(
    'a bad one in the middle of a pipeline',
    { answers: [200, 400], connection: 'closed', reaches: ['one'], mayBreakOff: true },
    ({ chat }) => chat('one') + chat('two', ['Content-Length: 1']) + chat('smuggled'),
  )
  add('a chunked body', served, ({ chunked, body }) =>
    chunked('one', chunk(body('one')) + lastChunk),
  )
  add('a body in many chunks', served, ({ chunked, body }) =>
    chunked('one', Array.from(body('one'), chunk).join('') + lastChunk),
  )
  add('chunk extensions', served, ({ chunked, body }) =>
    chunked(
      'one',
      `${body('one').length.toString(16)};a=b;c="d e"${crlf}${body('one')}${crlf}${lastChunk}`,
    ),
  )
  add('chunk sizes in capitals with leading zeros', served, ({ chunked, body }) =>
    chunked(
      'one',
      `000${body('one').length.toString(16).toUpperCase()}${crlf}${body('one')}${crlf}000${crlf}${crlf}`,
    ),
  )
  add('a trailer', served, ({ chunked, body }) =>
    chunked('one', `${chunk(body('one'))}0${crlf}X-Checksum: abc${crlf}${crlf}`),
  )
  add(
    'trailers that a head must not get from them',
    { ...served, answers: [[200, 400]], reaches: ['one'] },
    ({ chunked, body, mark }) =>
      chunked(
        'one',
        `${chunk(body('one'))}0${crlf}Host: evil${crlf}X-Case: ${mark('smuggled')}${crlf}Authorization: Bearer x${crlf}${crlf}`,
      ),
  )
  add('an empty line before the request', served, ({ chat }) => crlf + chat('one'))
  add(
    'empty lines between two requests',
    { answers: [200, 200], connection: 'open', reaches: ['one', 'two'] },
    ({ chat }) => chat('one') + crlf + crlf + chat('two'),
  )
  add('Connection: close', { answers: [200], connection: 'closed', reaches: ['one'] }, ({ chat }) =>
    chat('one', ['Connection: close']),
  )
  add(
    'a request after Connection: close',
    { answers: [200], connection: 'closed', reaches: ['one'] },
    ({ chat }) => chat('one', ['Connection: close']) + chat('smuggled'),
  )
  add(
    'an empty line after Connection: close',
    { answers: [200], connection: 'closed', reaches: ['one'] },
    ({ chat }) => chat('one', ['Connection: close']) + crlf,
  )
  add(
    'a bad request behind a stream that has begun',
    {
      answers: [200, 400],
      connection: 'closed',
      reaches: ['one'],
      later: `bad${crlf}${crlf}`,
      mayBreakOff: true,
    },
    ({ stream }) => stream('one'),
  )
  add(
    'a good request behind a stream that has begun',
    {
      answers: [200, 200],
      connection: 'open',
      reaches: ['one'],
      later: head('GET /v1/models', ['Host: gateway']),
    },
    ({ stream }) => stream('one'),
  )
  add('Expect: 100-continue', served, ({ chat }) => chat('one', ['Expect: 100-continue']))
  add('an Upgrade to h2c', served, ({ chat }) =>
    chat('one', [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
    ]),
  )
  add('an Upgrade to websocket', served, ({ chat }) =>
    chat('one', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']),
  )
  add('Connection: Transfer-Encoding', served, ({ chunked, body }) =>
    chunked('one', chunk(body('one')) + lastChunk, ['Connection: Transfer-Encoding']),
  )
  add('Connection: Content-Length, Host', served, ({ chat }) =>
    chat('one', ['Connection: Content-Length, Host']),
  )
  add('white space around values', served, ({ body, mark }) =>
    head(`POST ${path}`, [
      'Host:\t gateway \t',
      'Content-Type:application/json   ',
      `X-Case: ${mark('one')}`,
      `Content-Length: \t${body('one').length} `,
    ]).concat(body('one')),
  )
  add('a header named __proto__', served, ({ chat }) =>
    chat('one', ['__proto__: x', '__proto__: y', 'constructor: z', 'hasOwnProperty: 1']),
  )
  add('X-HTTP-Method-Override', served, ({ chat }) =>
    chat('one', ['X-HTTP-Method-Override: GET', 'X-Original-URL: /health']),
  )
  add('Proxy-Connection and Keep-Alive', served, ({ chat }) =>
    chat('one', ['Proxy-Connection: keep-alive', 'Keep-Alive: timeout=1, max=1']),
  )
  add(
    'HTTP/1.0 without Host',
    { answers: [200], connection: 'closed', reaches: ['one'] },
    ({ body, mark }) =>
      head(
        `POST ${path}`,
        [
          'Content-Type: application/json',
          `X-Case: ${mark('one')}`,
          `Content-Length: ${body('one').length}`,
        ],
        'HTTP/1.0',
      ).concat(body('one')),
  )
  add(
    'HTTP/1.0 with chunks, whose framing is faulty by definition',
    { answers: [[200, 400]], connection: 'closed' },
    ({ body, mark, chat }) =>
      head(
        `POST ${path}`,
        [...common(mark('smuggled')), 'Connection: keep-alive', 'Transfer-Encoding: chunked'],
        'HTTP/1.0',
      ) +
      chunk(body('smuggled')) +
      lastChunk +
      chat('smuggled'),
  )

  // Bodies where none is expected
  add('CL.0: a body to a GET', { answers: [200], connection: 'open' }, ({ get, chat }) =>
    get('/v1/models', [`Content-Length: ${chat('smuggled').length}`]).concat(chat('smuggled')),
  )
  const lost = { answers: [[400, 404, 405]], connection: 'closed or open' } as const
  const nowhere = { ...lost, answers: lost.answers.map((statuses) => [...statuses]) }
  add('CL.0: a body to nowhere', nowhere, ({ chat, post }) => post('/nowhere', chat('smuggled')))
  add('CL.0: a body to a health check', nowhere, ({ chat, post }) =>
    post('/health/live', chat('smuggled')),
  )
  add(
    // Nobody reads the body: the connection ends with the refusal.
    'TE.0: chunks to OPTIONS',
    { answers: [[200, 204, 404, 405]], connection: 'closed' },
    ({ chat }) =>
      head(`OPTIONS ${path}`, ['Host: gateway', 'Transfer-Encoding: chunked'])
        .concat(chunk(chat('smuggled')))
        .concat(lastChunk),
  )
  add('TE.0: chunks to a GET', { answers: [200], connection: 'open' }, ({ chat }) =>
    head('GET /v1/models', ['Host: gateway', 'Transfer-Encoding: chunked'])
      .concat(chunk(chat('smuggled')))
      .concat(lastChunk),
  )
  add('0.CL: a body after Expect that is refused at once', nowhere, ({ chat, post }) =>
    post('/nowhere', chat('smuggled'), ['Expect: 100-continue']),
  )
  add(
    '0.CL: Content-Length that is not kept',
    { answers: [], connection: 'waiting' },
    ({ mark, body }) =>
      head(`POST ${path}`, [
        ...common(mark('smuggled')),
        `Content-Length: ${body('x').length + 9}`,
      ]),
  )
  add(
    'HEAD with a body',
    { answers: [[200, 404, 405]], connection: 'open', bodiless: 1 },
    ({ chat }) =>
      head('HEAD /v1/models', [
        'Host: gateway',
        `Content-Length: ${chat('smuggled').length}`,
      ]).concat(chat('smuggled')),
  )

  // Two words on the length
  add('CL.TE', refused, ({ mark, chat }) =>
    head(`POST ${path}`, [
      ...common(mark('smuggled')),
      `Content-Length: ${chat('smuggled').length + lastChunk.length}`,
      'Transfer-Encoding: chunked',
    ])
      .concat(lastChunk)
      .concat(chat('smuggled')),
  )
  add('TE.CL', refused, ({ mark, chat }) =>
    head(`POST ${path}`, [
      ...common(mark('smuggled')),
      'Transfer-Encoding: chunked',
      'Content-Length: 4',
    ])
      .concat(chunk(chat('smuggled')))
      .concat(lastChunk),
  )
  add('CL.TE with Content-Length: 0', refused, ({ mark, body, chat }) =>
    head(`POST ${path}`, [
      ...common(mark('smuggled')),
      'Content-Length: 0',
      'Transfer-Encoding: chunked',
    ])
      .concat(chunk(body('smuggled')))
      .concat(lastChunk)
      .concat(chat('smuggled')),
  )
  for (const [name, second] of [
    ['twice, different', (length: number) => `Content-Length: ${length + 1}`],
    ['twice, the same', (length: number) => `Content-Length: ${length}`],
    ['twice, one in capitals', () => 'CONTENT-LENGTH: 0'],
  ] as const) {
    add(`Content-Length ${name}`, refused, ({ chat, body }) =>
      chat('smuggled', [second(body('smuggled').length)]).concat(chat('smuggled')),
    )
  }
  const lengths = [
    '+2',
    '-1',
    '2, 2',
    '2,2',
    '0x10',
    '1e2',
    '2;',
    '',
    '12 3',
    '"2"',
    'two',
    '2\x0b',
  ]
  for (const length of [...lengths, '99999999999999999999999', '18446744073709551618']) {
    add(`Content-Length: ${JSON.stringify(length)}`, refused, ({ mark, chat }) =>
      head(`POST ${path}`, [...common(mark('smuggled')), `Content-Length: ${length}`])
        .concat('{}')
        .concat(chat('smuggled')),
    )
  }
  const codings = [
    'xchunked',
    'chunkedx',
    'chunked, identity',
    'chunked, chunked',
    'identity',
    'identity, chunked',
    'gzip, chunked',
    'gzip',
    'chunked;q=1',
    '"chunked"',
    '\x0bchunked',
    'chunked\x0b',
    'chunked\x00',
    'ch\x00unked',
    ',chunked',
    'chunked,',
    'x\r\nTransfer-Encoding: chunked',
    'chunked\r\nTransfer-Encoding: identity',
    'chunked\r\nTransfer-Encoding: chunked',
    '',
    '\r\n chunked',
  ]
  for (const coding of codings) {
    add(
      `Transfer-Encoding: ${JSON.stringify(coding)}`,
      { ...refused, answers: [[400, 501]] },
      ({ mark, body, chat }) =>
        head(`POST ${path}`, [...common(mark('smuggled')), `Transfer-Encoding: ${coding}`])
          .concat(chunk(body('smuggled')))
          .concat(lastChunk)
          .concat(chat('smuggled')),
    )
  }
  for (const name of [
    'Transfer-Encoding ',
    'Transfer-Encoding\t',
    ' Transfer-Encoding',
    'Transfer Encoding',
  ]) {
    add(`a header named ${JSON.stringify(name)}`, refused, ({ chat }) =>
      chat('smuggled', [`${name}: chunked`]).concat(chat('smuggled')),
    )
  }

  // Lines
  add('bare LF everywhere', { ...refused, answers: [[400, 505]] }, ({ chat }) =>
    chat('smuggled').replaceAll(crlf, '\n'),
  )
  add('bare LF in one header', refused, ({ chat }) => chat('smuggled', ['X-A: b\nX-B: c']))
  add('bare LF at the end of the head', refused, ({ chat }) =>
    chat('smuggled').replace(crlf + crlf, `${crlf}\n`),
  )
  add('bare CR in a value', refused, ({ chat }) => chat('smuggled', ['X-A: b\rX-B: c']))
  add('bare CR at the end of a line', refused, ({ chat }) =>
    chat('smuggled', ['X-A: b\r\r\nTransfer-Encoding: chunked']),
  )
  add('a folded header', refused, ({ chat }) => chat('smuggled', ['X-A: b\r\n c']))
  add('a folded Content-Length', refused, ({ mark, body }) =>
    head(`POST ${path}`, [
      ...common(mark('smuggled')),
      `Content-Length:\r\n ${body('smuggled').length}`,
    ]).concat(body('smuggled')),
  )
  add('white space before the first header', refused, ({ chat }) =>
    chat('smuggled').replace('Host:', ' Host:'),
  )
  add('a header without a colon', refused, ({ chat }) => chat('smuggled', ['X-A']))
  add('a header without a name', refused, ({ chat }) => chat('smuggled', [': x']))
  for (const character of ['\x00', '\x01', '\x7f', '\x1b']) {
    add(`${JSON.stringify(character)} in a value`, refused, ({ chat }) =>
      chat('smuggled', [`X-A: b${character}c`]),
    )
  }
  for (const character of ['\x00', '\x80', '(', '"', '/', '{']) {
    add(`${JSON.stringify(character)} in a name`, refused, ({ chat }) =>
      chat('smuggled', [`X${character}A: b`]),
    )
  }

  // Chunks
  const broken: [string, string][] = [
    ['a chunk extension with bare LF', '1;a\nb\r\n{\r\n0\r\n\r\n'],
    ['a chunk size ended by LF', '1\n{\r\n0\r\n\r\n'],
    ['a chunk ended by LF', '1\r\n{\n0\r\n\r\n'],
    ['a chunk ended by CR', '1\r\n{\r0\r\n\r\n'],
    ['the last chunk ended by LF', '1\r\n{\r\n0\n\n'],
    ['a chunk size that overflows', 'FFFFFFFFFFFFFFFFF\r\n{\r\n0\r\n\r\n'],
    ['a chunk size of 2^64 + 1', '10000000000000001\r\n{\r\n0\r\n\r\n'],
    ['a chunk size 0x1', '0x1\r\n{\r\n0\r\n\r\n'],
    ['a chunk size +1', '+1\r\n{\r\n0\r\n\r\n'],
    ['a chunk size -1', '-1\r\n{\r\n0\r\n\r\n'],
    ['a chunk size 1_0', '1_0\r\n{\r\n0\r\n\r\n'],
    ['no chunk size', '\r\n{\r\n0\r\n\r\n'],
    ['a chunk that is longer than it says', '1\r\n{}\r\n0\r\n\r\n'],
    ['a chunk without an end', '1\r\n{0\r\n\r\n'],
    ['white space before a chunk size', ' 1\r\n{\r\n0\r\n\r\n'],
    ['a trailer with a space before its colon', '1\r\n{\r\n0\r\nX-A : b\r\n\r\n'],
    ['a folded trailer', '1\r\n{\r\n0\r\nX-A: b\r\n c\r\n\r\n'],
  ]
  for (const [name, body] of broken) {
    add(name, refused, ({ chunked, chat }) => chunked('smuggled', body + chat('smuggled')))
  }
  add('a chunk extension of 20 kB', { ...refused, answers: [[400, 413]] }, ({ chunked }) =>
    chunked('smuggled', `1;${'a'.repeat(20_000)}\r\n{\r\n${lastChunk}`),
  )

  // Heads that are too large
  const large = { answers: [431], connection: 'closed' } as const
  const overflowing = { ...large, answers: [...large.answers] }
  add('a header of 70 kB', overflowing, ({ chat }) =>
    chat('smuggled', [`X-A: ${'a'.repeat(70_000)}`]),
  )
  add('a hundred headers of 1 kB', overflowing, ({ chat }) =>
    chat(
      'smuggled',
      Array.from({ length: 100 }, (_, n) => `X-${n}: ${'a'.repeat(1000)}`),
    ),
  )
  add('a path of 70 kB', { ...large, answers: [[414, 431]] }, ({ get }) =>
    get(`/${'a'.repeat(70_000)}`),
  )
  add(
    'headers that never end',
    overflowing,
    () => `GET / HTTP/1.1\r\nHost: gateway\r\n${'X-A: b\r\n'.repeat(12_000)}`,
  )
  add('trailers of 70 kB', { ...refused, answers: [[400, 413, 431]] }, ({ chunked, body }) =>
    chunked('smuggled', `${chunk(body('smuggled'))}0\r\n${'X-A: b\r\n'.repeat(12_000)}\r\n`),
  )
  add(
    'a content-encoding after 3,000 other headers',
    { answers: [[400, 415, 431]], connection: 'closed' },
    ({ chat }) =>
      chat('smuggled', [
        ...Array.from({ length: 3000 }, (_, n) => `X-${n}: a`),
        'Content-Encoding: gzip',
        'Connection: close',
      ]),
  )

  // Who and what is asked
  add('no Host', { answers: [400], connection: 'closed' }, ({ chat }) =>
    chat('smuggled', ['Connection: close']).replace('Host: gateway\r\n', ''),
  )
  add('two Hosts', { answers: [400], connection: 'closed' }, ({ chat }) =>
    chat('smuggled', ['Host: evil', 'Connection: close']),
  )
  add('the same Host twice', { answers: [400], connection: 'closed' }, ({ chat }) =>
    chat('smuggled', ['Host: gateway', 'Connection: close']),
  )
  for (const host of ['a b', 'a, b', 'a/b', 'a@b', 'a\\b', '[::1', 'a:b:c', 'a?b', 'a#b']) {
    add(`Host: ${host}`, { answers: [400], connection: 'closed' }, ({ chat }) =>
      chat('smuggled', ['Connection: close']).replace('Host: gateway', `Host: ${host}`),
    )
  }
  for (const expectation of ['bogus', '200-ok']) {
    add(`Expect: ${expectation}`, { answers: [417], connection: 'closed or open' }, ({ chat }) =>
      chat('smuggled', [`Expect: ${expectation}`]),
    )
  }
  for (const expectation of ['100-continue, bogus', 'y 100-continue', '100-CONTINUE']) {
    add(
      `Expect: ${expectation}`,
      { answers: [[200, 417]], connection: 'closed or open', reaches: ['one'] },
      ({ chat }) => chat('one', [`Expect: ${expectation}`]),
    )
  }
  const versions = ['HTTP/2.0', 'HTTP/3.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/1.10', 'HTTP/1']
  for (const version of [...versions, 'http/1.1', 'HTTP/1.1x', 'HTTPS/1.1']) {
    add(version, { answers: [[400, 505]], connection: 'closed' }, ({ body, mark }) =>
      head(
        `POST ${path}`,
        [...common(mark('smuggled')), `Content-Length: ${body('smuggled').length}`],
        version,
      ).concat(body('smuggled')),
    )
  }
  // Node's parser knows RTSP, and does not tell it from HTTP.
  add(
    'RTSP/1.0',
    { answers: [[200, 400, 505]], connection: 'closed', reaches: ['one'] },
    ({ chat }) => chat('one', ['Connection: close']).replace('HTTP/1.1', 'RTSP/1.0'),
  )
  add('HTTP/0.9', { ...refused, answers: [[400, 505]] }, () => `GET /health${crlf}${crlf}`)
  // The whole of it begins another protocol, which the gateway speaks too.
  add(
    'the preface of HTTP/2, but for its end',
    { answers: [[400, 505]], connection: 'closed' },
    () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r!',
  )
  add('headers of HTTP/2 in HTTP/1', refused, ({ chat }) =>
    chat('smuggled', [':path: /v1/models', ':authority: evil']),
  )
  add('a method in small letters', refused, ({ chat }) => chat('smuggled').replace('POST', 'post'))
  add('a method that nobody knows', { ...refused, answers: [[400, 404, 405, 501]] }, ({ chat }) =>
    chat('smuggled').replace('POST', 'BREW'),
  )
  add(
    'two spaces in the request line',
    { answers: [[200, 400]], connection: 'closed or open', reaches: ['one'] },
    ({ chat }) => chat('one').replace('POST ', 'POST  '),
  )
  add('a tab in the request line', refused, ({ chat }) =>
    chat('smuggled').replace('POST ', 'POST\t'),
  )
  add('a space in the path', refused, ({ chat }) => chat('smuggled').replace(path, `${path} x`))
  add('TRACE', { answers: [[404, 405]], connection: 'open' }, () =>
    head('TRACE /v1/models', ['Host: gateway']),
  )
  add('CONNECT', { answers: [[400, 404, 405, 501]], connection: 'closed' }, ({ chat }) =>
    head('CONNECT 127.0.0.1:22', ['Host: 127.0.0.1:22']).concat(chat('smuggled')),
  )
  add('OPTIONS *', { answers: [[200, 204, 400, 404, 405]], connection: 'open' }, () =>
    head('OPTIONS *', ['Host: gateway']),
  )
  add('GET where there is only POST', { answers: [[404, 405]], connection: 'open' }, ({ get }) =>
    get(path),
  )
  add('a URL that is nowhere', { answers: [404], connection: 'open' }, ({ get }) => get('/nowhere'))
  add('a whole URL as the target', { answers: [[200, 404]], connection: 'closed' }, ({ get }) =>
    get('http://evil/v1/models', ['Connection: close']),
  )
  for (const target of [
    '/v1/%zz',
    '/%',
    '/v1/models/%00',
    '/v1/models/%c0%af',
    '/\xff\xfe',
    '//',
    '/../../etc/passwd',
    '/v1/models/..%2f..%2fhealth',
    '/\\',
    '/v1/chat/completions%20',
    '/v1/chat/completions;x=y',
    '/v1//chat/completions',
  ]) {
    add(
      `the path ${JSON.stringify(target)}`,
      { answers: [[400, 404, 405]], connection: 'closed' },
      ({ get }) => get(target, ['Connection: close']),
    )
  }

  // Bodies
  add('a compressed body', { answers: [415], connection: 'closed or open' }, ({ chat }) =>
    chat('smuggled', ['Content-Encoding: gzip']),
  )
  add(
    'a body that is said to be compressed twice',
    { answers: [415], connection: 'closed or open' },
    ({ chat }) => chat('smuggled', ['Content-Encoding: identity', 'Content-Encoding: gzip']),
  )
  for (const type of [
    'text/plain',
    'application/jsonx',
    'application/json garbage',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'json',
    '*/*',
    '',
  ]) {
    add(`Content-Type: ${type}`, { answers: [415], connection: 'closed or open' }, ({ chat }) =>
      chat('smuggled').replace('Content-Type: application/json', `Content-Type: ${type}`),
    )
  }
  add('no Content-Type', { answers: [415], connection: 'closed or open' }, ({ chat }) =>
    chat('smuggled').replace('Content-Type: application/json\r\n', ''),
  )
  for (const [name, bytes] of [
    ['invalid UTF-8', '"\xff\xfe"'],
    ['half a character of UTF-8', '"\xe2\x82"'],
    ['a surrogate in UTF-8', '"\xed\xa0\x80"'],
    ['an overlong NUL in UTF-8', '"\xc0\x80"'],
    ['UTF-16', '\xff\xfe{\x00}\x00'],
  ]) {
    add(`a body of ${name}`, { answers: [400], connection: 'closed or open' }, ({ post }) =>
      post(path, `{"model":"gemini-2.5-flash","messages":[{"role":"user","content":${bytes}}]}`),
    )
  }
  add('an empty body', { answers: [400], connection: 'closed or open' }, ({ post }) =>
    post(path, ''),
  )
  add('no body at all', { answers: [[400, 415]], connection: 'closed or open' }, ({ mark }) =>
    head(`POST ${path}`, common(mark('smuggled'))),
  )
  add(
    'a body that is too large by its length',
    { answers: [413], connection: 'closed' },
    ({ mark, chat }) =>
      head(`POST ${path}`, [...common(mark('smuggled')), 'Content-Length: 999999999']).concat(
        chat('smuggled'),
      ),
  )
  add(
    'a body that is too large in chunks',
    { answers: [413], connection: 'closed' },
    ({ chunked, chat }) =>
      chunked(
        'smuggled',
        chunk(' '.repeat(70_000)).repeat(2) + chunk(chat('smuggled')) + lastChunk,
      ),
  )
  add(
    'a body that breaks off',
    { answers: [[400, 408]], connection: 'closed', ends: true },
    ({ chat }) => chat('smuggled').slice(0, -5),
  )
  add(
    'chunks that break off',
    { answers: [[400, 408]], connection: 'closed', ends: true },
    ({ chunked, body }) => chunked('smuggled', chunk(body('smuggled'))),
  )
  add('a head that breaks off', { ...refused, ends: true }, ({ chat }) =>
    chat('smuggled').slice(0, 60),
  )
  add('half a request, and no end', { answers: [], connection: 'waiting' }, ({ chat }) =>
    chat('smuggled').slice(0, -5),
  )

  // Other protocols
  add('a TLS hello', refused, () =>
    Buffer.from('16030100c8010000c4030300112233445566778899aabbccddeeff', 'hex'),
  )
  add('SSH', refused, () => 'SSH-2.0-OpenSSH_9.2\r\n')
  add('SMTP', refused, () => 'EHLO evil\r\n')
  add('NULs', refused, () => '\x00'.repeat(100))
  add('JSON without HTTP', refused, ({ body }) => body('smuggled'))
  add(
    'the PROXY protocol',
    refused,
    ({ chat }) => `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${chat('smuggled')}`,
  )
  return cases
}

interface Words {
  mark: (word: string) => string
  body: (word: string) => string
  /** A whole chat request, answered by a stream that takes its time. */
  stream: (word: string) => string
  /** A whole chat request. */
  chat: (word: string, headers?: string[]) => string
  /** The head of a chat request whose body is chunked, and these chunks. */
  chunked: (word: string, chunks: string, headers?: string[]) => string
  get: (target: string, headers?: string[]) => string
  post: (target: string, body: string, headers?: string[]) => string
}

function wordsOf(mark: (word: string) => string): Words {
  return {
    mark,
    body: (word) => chatBody(mark(word)),
    stream: (word) => chatRequest(mark(word), [], true),
    chat: (word, headers) => chatRequest(mark(word), headers),
    chunked: (word, chunks, headers = []) =>
      head(`POST ${path}`, [
        ...common(mark(word)),
        'Transfer-Encoding: chunked',
        ...headers,
      ]).concat(chunks),
    get: (target, headers = []) => head(`GET ${target}`, ['Host: gateway', ...headers]),
    post: (target, body, headers = []) =>
      head(`POST ${target}`, [
        ...common(mark('smuggled')),
        `Content-Length: ${body.length}`,
        ...headers,
      ]).concat(body),
  }
}
