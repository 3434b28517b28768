/** The base64 of all bytes; joined as letters it would be none. */
export function joinBase64(pieces: string[]): string {
  const [only = ''] = pieces
  return pieces.length < 2 ? only : btoa(pieces.map(atob).join(''))
}
