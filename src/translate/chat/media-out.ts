import { joinBase64 } from '../base64.ts'
import type { Blob } from '../gemini.ts'
import type { Image } from './response.ts'

/** A picture in the form that clients know from other gateways: a data URL in `images`. */
export function toImage(
  { mimeType, data }: Blob,
  index: number,
  signature: string | undefined,
): Image {
  return {
    type: 'image_url',
    index,
    image_url: { url: `data:${mimeType};base64,${data}` },
    extra_content: {
      google: {
        mime_type: mimeType,
        ...(signature !== undefined && { thought_signature: signature }),
      },
    },
  }
}

/** Gemini's samples are bare: `wav` puts a header before them. Anything else stays as it is. */
export function toWav(sounds: Blob[]): string {
  const data = joinBase64(sounds.map((sound) => sound.data))
  const mimeType = sounds[0]?.mimeType ?? ''
  if (!/^audio\/(l16|pcm)/i.test(mimeType)) return data
  return withWavHeader(data, Number(/rate=(\d+)/.exec(mimeType)?.[1] ?? 24_000))
}

/** 16-bit mono PCM with the 44 bytes that make it a RIFF file. */
function withWavHeader(base64: string, rate: number): string {
  const size = Math.floor((base64.replace(/={1,2}$/, '').length * 3) / 4)
  const header = new DataView(new ArrayBuffer(44))
  const words = (at: number, text: string) =>
    text.split('').forEach((letter, n) => header.setUint8(at + n, letter.charCodeAt(0)))
  words(0, 'RIFF')
  header.setUint32(4, 36 + size, true)
  words(8, 'WAVEfmt ')
  header.setUint32(16, 16, true)
  header.setUint16(20, 1, true)
  header.setUint16(22, 1, true)
  header.setUint32(24, rate, true)
  header.setUint32(28, rate * 2, true)
  header.setUint16(32, 2, true)
  header.setUint16(34, 16, true)
  words(36, 'data')
  header.setUint32(40, size, true)
  const bytes = Array.from(new Uint8Array(header.buffer), (byte) => String.fromCharCode(byte)).join(
    '',
  )
  return btoa(bytes + atob(base64))
}
