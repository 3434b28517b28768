import { appendFileSync } from 'node:fs'
import { subscribe } from 'node:diagnostics_channel'

/** What one HTTP request of this process said, and what it was answered. */
export interface Said {
  headers: string[]
  sent: string
  received: string
}

/**
 * Loaded with `--import` before the tests: from then on each request that this process makes, by fetch
 * or by undici, is noted as a line of JSON in the file that POLLUX_TEST_SAID names. In one process with
 * gateways, that is what clients say to them, and what they say to Google.
 */
const file = process.env.POLLUX_TEST_SAID
if (file !== undefined) {
  const open = new WeakMap<object, { sent: Buffer[]; received: Buffer[] }>()
  const pieces = (request: object) => {
    const known = open.get(request) ?? { sent: [], received: [] }
    open.set(request, known)
    return known
  }
  subscribe('undici:request:bodyChunkSent', (message) => {
    const { request, chunk } = message as Piece
    pieces(request).sent.push(Buffer.from(chunk))
  })
  subscribe('undici:request:bodyChunkReceived', (message) => {
    const { request, chunk } = message as Piece
    pieces(request).received.push(Buffer.from(chunk))
  })
  const note = (message: unknown) => {
    const { request } = message as Piece
    const { sent, received } = pieces(request)
    open.delete(request)
    const said: Said = {
      headers: request.headers.map(String),
      sent: toText(sent),
      received: toText(received),
    }
    appendFileSync(file, `${JSON.stringify(said)}\n`)
  }
  subscribe('undici:request:trailers', note)
  subscribe('undici:request:error', note)
}

/** What undici's channels tell, as far as it is of use here. */
interface Piece {
  request: { headers: unknown[] }
  chunk: Uint8Array | string
}

/** Tests of limits send many MB of nothing; their beginning will do. */
function toText(pieces: Buffer[]): string {
  return Buffer.concat(pieces).subarray(0, 65_536).toString()
}
