import { constants, crc32, deflateRawSync } from 'node:zlib'

/**
 * Bodies as one gzip file (RFC 1952) that can be read as it grows: every body is flushed. The last
 * block and the checksum follow if the file is complete.
 */
export function gzipped(bodies: Buffer[], complete: boolean): Buffer[] {
  const blocks = bodies.map((body) => deflateRawSync(body, { finishFlush: constants.Z_SYNC_FLUSH }))
  const [first = Buffer.alloc(0), ...rest] = blocks
  const opened = [Buffer.concat([header, first]), ...rest]
  return complete ? [...opened, trailer(Buffer.concat(bodies))] : opened
}

// Magic number, deflate, no flags, no time, no hints, made on an unknown system.
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255])

function trailer(content: Buffer): Buffer {
  const check = Buffer.alloc(8)
  check.writeUInt32LE(crc32(content), 0)
  check.writeUInt32LE(content.length % 2 ** 32, 4)
  return Buffer.concat([deflateRawSync(Buffer.alloc(0)), check])
}
