/** One answer of a server, as it stood in the bytes. */
export interface Reply {
  status: number
  headers: Headers
  body: string
}

/**
 * The whole answers in what a server sent on one connection, interim ones (100) left out, and how many
 * bytes are no whole answer. The first `bodiless` ones are to HEAD; `ended` says that the server closed.
 */
export function readReplies(
  bytes: Buffer,
  { bodiless = 0, ended = false }: { bodiless?: number; ended?: boolean } = {},
): { replies: Reply[]; left: number } {
  const replies: Reply[] = []
  let at = 0
  for (;;) {
    const next = readReply(bytes, at, replies.length < bodiless, ended)
    if (next === undefined) break
    if (next.reply.status >= 200) replies.push(next.reply)
    at = next.end
  }
  return { replies, left: bytes.length - at }
}

function readReply(
  bytes: Buffer,
  start: number,
  bodiless: boolean,
  ended: boolean,
): { reply: Reply; end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', start)
  if (headEnd === -1) return undefined
  const [line = '', ...fields] = bytes.toString('latin1', start, headEnd).split('\r\n')
  const found = /^HTTP\/1\.[01] (\d{3})/.exec(line)
  if (found === null) return undefined
  const status = Number(found[1])
  const headers = new Headers()
  for (const field of fields) {
    const colon = field.indexOf(':')
    headers.append(field.slice(0, colon), field.slice(colon + 1).trim())
  }
  const bodyStart = headEnd + 4
  const content =
    bodiless || status < 200 || status === 204 || status === 304
      ? { body: '', end: bodyStart }
      : readBody(bytes, bodyStart, headers, ended)
  return content && { reply: { status, headers, body: content.body }, end: content.end }
}

function readBody(
  bytes: Buffer,
  start: number,
  headers: Headers,
  ended: boolean,
): { body: string; end: number } | undefined {
  if (headers.get('transfer-encoding') === 'chunked') return readChunks(bytes, start)
  const length = headers.get('content-length')
  // Without a length the body ends with the connection.
  const end = length === null ? bytes.length : start + Number(length)
  if (end > bytes.length || (length === null && !ended)) return undefined
  return { body: bytes.toString('utf8', start, end), end }
}

function readChunks(bytes: Buffer, start: number): { body: string; end: number } | undefined {
  const pieces: Buffer[] = []
  for (let at = start; ;) {
    const line = bytes.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16)
    const next = line + 2 + size + 2
    if (!(size >= 0) || next > bytes.length) return undefined
    if (size === 0) return { body: Buffer.concat(pieces).toString(), end: next }
    pieces.push(bytes.subarray(line + 2, line + 2 + size))
    at = next
  }
}
