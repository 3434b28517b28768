import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** Where the pieces of an answer go, whose length nobody knows yet. */
export interface Pieces {
  /** `bytes` is the length of the text, and `taken` is called when the client's side has taken it. */
  write(text: string, bytes: number, taken?: () => void): void
  /** Nothing more comes after this. */
  end(text: string): void
}

/**
 * Begins an answer that comes in pieces. In HTTP/1.1 each piece is framed here and written as one string, where
 * Node would write four buffers. HTTP/1.0 and HTTP/2 have no frames of this kind. Source: RFC 9112 7.1.
 */
export function beginPieces(
  raw: ServerResponse,
  status: number,
  headers: OutgoingHttpHeaders,
): Pieces {
  // Given at once, they are not held for as long as the answer goes on, as those are that are set one by one.
  raw.writeHead(status, headers)
  joinHead(raw)
  if (!raw.chunkedEncoding) return new PlainPieces(raw)
  // The head has said so. From here on what is written is passed on as it is.
  raw.chunkedEncoding = false
  return new Chunks(raw)
}

/**
 * Node keeps the head for as long as the answer goes on, as the dozens of pieces that it was put together of:
 * three times the memory of its letters. Who asks for their number has V8 join them.
 */
function joinHead(raw: ServerResponse): void {
  // Not in Node's documentation: where there is none, nothing is joined.
  const head: unknown = Reflect.get(raw, '_header')
  if (typeof head === 'string') Buffer.byteLength(head)
}

class PlainPieces implements Pieces {
  readonly #raw: ServerResponse

  constructor(raw: ServerResponse) {
    this.#raw = raw
  }

  write(text: string, _bytes: number, taken?: () => void): void {
    this.#raw.write(text, taken)
  }

  end(text: string): void {
    this.#raw.end(text)
  }
}

class Chunks implements Pieces {
  readonly #raw: ServerResponse

  constructor(raw: ServerResponse) {
    this.#raw = raw
  }

  write(text: string, bytes: number, taken?: () => void): void {
    this.#raw.write(toChunk(text, bytes), taken)
  }

  end(text: string): void {
    this.#raw.end(`${toChunk(text, Buffer.byteLength(text))}0\r\n\r\n`)
  }
}

/** An empty one would be the end. */
function toChunk(text: string, bytes: number): string {
  return `${bytes.toString(16)}\r\n${text}\r\n`
}
