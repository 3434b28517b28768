import { toBase64Of } from './base64.ts'
import { invalidRequest } from '../errors.ts'
import type { Part, Provider } from './gemini.ts'
import { lookUp } from './json.ts'

/** A picture, a sound, a film or a document, as a client names it. */
export interface Media {
  /** A `data:` URL, a URI, or (where `bare`) base64. */
  source: string
  kind: 'image' | 'audio' | 'video' | 'file'
  /** A MIME type, or a short name such as `mp3`. */
  hint?: string | undefined
  filename?: string | undefined
  /** Whether the source may be base64 without any prefix. */
  bare?: boolean
}

/**
 * Bytes become `inlineData`, addresses `fileData`: the gateway itself never fetches anything.
 * Throws 400, naming `param`, for what Gemini could not read.
 * Source: specification of media parts on Vertex AI and the Developer API's Files guide.
 */
export function toMedia(media: Media, param: string, provider: Provider): Part {
  const { source } = media
  if (/^data:/i.test(source)) return toInline(source, media, param)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(source)?.[1]?.toLowerCase()
  if (scheme === undefined && /^files\/[\w-]+$/.test(source)) {
    return toFile(
      `https://generativelanguage.googleapis.com/v1beta/${source}`,
      media,
      param,
      provider,
    )
  }
  if (scheme === 'gs' || scheme === 'https') return toFile(source, media, param, provider)
  if (scheme === undefined && media.bare) {
    const mimeType =
      toMimeType(media.hint) ??
      byExtension(media.filename) ??
      byFirstBytes(source) ??
      fallback[media.kind]
    return { inlineData: { mimeType, data: toBase64(source, param) } }
  }
  const shown = scheme === undefined ? 'this' : `${scheme}:`
  throw invalidRequest(`Cannot use ${shown} as media. Give a data:, gs:// or https:// URL.`, param)
}

function toFile(uri: string, media: Media, param: string, provider: Provider): Part {
  const ofGemini = uri.startsWith('https://generativelanguage.googleapis.com/')
  if (uri.startsWith('gs:') && provider === 'gemini') {
    throw invalidRequest(
      'gs:// is read by Vertex AI only. Give a data: URL, or upload to the Files API.',
      param,
    )
  }
  if (ofGemini && provider === 'vertex') {
    throw invalidRequest(
      'Files of the Gemini Developer API are not read by Vertex AI. Give a gs:// or data: URL.',
      param,
    )
  }
  if (/\s/.test(uri)) throw invalidRequest('The URL must not contain white space.', param)
  const hinted = toMimeType(media.hint) ?? byExtension(media.filename)
  if (isYouTube(uri)) return { fileData: { fileUri: uri, mimeType: hinted ?? 'video/mp4' } }
  const mimeType = hinted ?? byExtension(pathOf(uri))
  // The Files API knows what was uploaded to it; elsewhere Vertex AI takes a wild card for images.
  if (mimeType === undefined && ofGemini) return { fileData: { fileUri: uri } }
  const wild = media.kind === 'image' && provider === 'vertex' ? 'image/*' : fallback[media.kind]
  return { fileData: { fileUri: uri, mimeType: mimeType ?? wild } }
}

/** Characters before the data of a data: URL. */
const longestHead = 1_000
/** Characters of data that are not base64: whoever has more has bytes. */
const longestPlain = 262_144

function toInline(source: string, media: Media, param: string): Part {
  const comma = source.slice(0, longestHead).indexOf(',')
  if (comma === -1) throw invalidRequest('A data: URL needs a comma before its data.', param)
  const [type = '', ...parameters] = source.slice('data:'.length, comma).split(';')
  const data = source.slice(comma + 1)
  const encoded = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')
  const base64 = encoded ? toBase64(data, param) : fromPercent(data, param)
  const mimeType =
    canonical(type.trim().toLowerCase()) ||
    toMimeType(media.hint) ||
    byExtension(media.filename) ||
    byFirstBytes(base64) ||
    fallback[media.kind]
  return { inlineData: { mimeType, data: base64 } }
}

/** Standard base64, whatever alphabet the client used; Gemini's JSON takes no white space. */
function toBase64(data: string, param: string): string {
  const plain = /[\s_-]/.test(data) ? toStandard(data) : data
  if (plain === '' || !isBase64(plain)) {
    throw invalidRequest(
      'The data is not base64, or empty. Encode the bytes and send them again.',
      param,
    )
  }
  return plain
}

/** Decoding it is thirty times as fast as looking at each letter; what is merely padded oddly is let pass. */
function isBase64(data: string): boolean {
  try {
    atob(data)
    return true
  } catch {
    return /^[A-Za-z0-9+/]+={0,2}$/.test(data)
  }
}

/** Letter by letter: replacing would make a piece of text for each. */
function toStandard(data: string): string {
  const letters = new TextEncoder().encode(data)
  let length = 0
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters[at] ?? 0
    if (letter === space || (letter >= tab && letter <= lineEnd)) continue
    letters[length] = letter === minus ? plus : letter === underscore ? slash : letter
    length += 1
  }
  return new TextDecoder().decode(letters.subarray(0, length))
}

const tab = 0x09
const lineEnd = 0x0d
const space = 0x20
const plus = 0x2b
const minus = 0x2d
const slash = 0x2f
const underscore = 0x5f

function fromPercent(data: string, param: string): string {
  if (data.length > longestPlain) {
    throw invalidRequest('A data: URL this long has to be in base64.', param)
  }
  try {
    return toBase64Of(new TextEncoder().encode(decodeURIComponent(data)))
  } catch {
    throw invalidRequest('The data: URL is neither base64 nor percent-encoded text.', param)
  }
}

const fallback = {
  image: 'image/jpeg',
  audio: 'audio/wav',
  video: 'video/mp4',
  file: 'application/pdf',
}

/** Short names and file extensions. */
const mimeTypes: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  heic: 'image/heic',
  heif: 'image/heif',
  gif: 'image/gif',
  bmp: 'image/bmp',
  pdf: 'application/pdf',
  json: 'application/json',
  txt: 'text/plain',
  md: 'text/markdown',
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  csv: 'text/csv',
  xml: 'text/xml',
  rtf: 'text/rtf',
  js: 'text/javascript',
  py: 'text/x-python',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  mpeg: 'video/mpeg',
  mpg: 'video/mpg',
  avi: 'video/avi',
  flv: 'video/x-flv',
  webm: 'video/webm',
  wmv: 'video/wmv',
  '3gp': 'video/3gpp',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  flac: 'audio/flac',
  aac: 'audio/aac',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  m4a: 'audio/mp4',
  aiff: 'audio/aiff',
  pcm16: 'audio/L16;rate=24000',
}

/** A MIME type as it is, a short name as its type. */
function toMimeType(hint: string | undefined): string | undefined {
  if (hint === undefined || hint === '') return undefined
  return hint.includes('/')
    ? canonical(hint.toLowerCase())
    : lookUp(mimeTypes, hint.toLowerCase().replace(/^\./, ''))
}

function canonical(type: string): string {
  return type === 'image/jpg' ? 'image/jpeg' : type
}

function byExtension(name: string | undefined): string | undefined {
  const extension = name === undefined ? undefined : /\.([a-z0-9]{2,5})$/i.exec(name)?.[1]
  return extension === undefined ? undefined : lookUp(mimeTypes, extension.toLowerCase())
}

/** The path without query: signatures in a query have dots too. */
function pathOf(uri: string): string {
  return uri.split(/[?#]/, 1)[0] ?? uri
}

/** The first bytes of common files, in base64. */
const magic: [string, string][] = [
  ['iVBORw0KGgo', 'image/png'],
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['JVBERi', 'application/pdf'],
  ['SUQz', 'audio/mp3'],
  ['//s', 'audio/mp3'],
  ['T2dnUw', 'audio/ogg'],
  ['ZkxhQ', 'audio/flac'],
]

function byFirstBytes(base64: string): string | undefined {
  const known = magic.find(([start]) => base64.startsWith(start))?.[1]
  if (known !== undefined || !base64.startsWith('UklGR')) return known
  // RIFF holds sounds and pictures; bytes 9 to 11 say which ("EBP" of "WEBP").
  return base64.slice(12, 16) === 'RUJQ' ? 'image/webp' : 'audio/wav'
}

function isYouTube(uri: string): boolean {
  return /^https:\/\/(www\.|m\.)?(youtube\.com\/(watch|shorts\/|embed\/|live\/)|youtu\.be\/)/i.test(
    uri,
  )
}
