/** Frames of HTTP/2, byte by byte. Source: RFC 9113 4.1, 6. */
export const frameTypes = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** What a client says first: the preface and empty settings. */
export const hello = Buffer.concat([preface, frame(frameTypes.settings, 0, 0)])

export type Fields = [name: string, value: string][]

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Literal fields that are kept in no table. Source: RFC 7541 6.2.3. */
export function encode(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.of(0x10), lengthy(name), lengthy(value)]),
  )
}

/** A frame, as it came. */
export interface Frame {
  type: number
  flags: number
  stream: number
  payload: Buffer
}

/** The whole frames that bytes begin with. */
export function framesIn(bytes: Buffer): Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 9 <= bytes.length;) {
    const end = at + 9 + bytes.readUIntBE(at, 3)
    if (end > bytes.length) break
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    })
    at = end
  }
  return frames
}

/** A string after its length. Source: RFC 7541 5.1, 5.2. */
function lengthy(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes])
  const digits = [127]
  let left = bytes.length - 127
  while (left >= 128) {
    digits.push((left % 128) + 128)
    left = Math.floor(left / 128)
  }
  return Buffer.concat([Buffer.from([...digits, left]), bytes])
}
