/** The base64 of all bytes; joined as letters it would be none. */
export function joinBase64(pieces: string[]): string {
  const [only = ''] = pieces
  return pieces.length < 2 ? only : btoa(pieces.map(atob).join(''))
}

/** Multiples of three bytes have no padding, so that the pieces can be joined. */
const bytesPerPiece = 3 * 8192

/** The base64 of bytes. */
export function toBase64Of(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += bytesPerPiece) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + bytesPerPiece))))
  }
  return pieces.join('')
}
