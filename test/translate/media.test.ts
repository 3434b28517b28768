import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../src/errors.ts'
import type { Part, Provider } from '../../src/translate/gemini.ts'
import { type Media, toMedia } from '../../src/translate/media.ts'

/** What a media source becomes: `mime uri`, `mime;base64`, or `400`. */
function shown(media: Partial<Media> & { source: string }, provider: Provider): string {
  try {
    return written(toMedia({ kind: 'image', ...media }, 'here', provider))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    assert.deepEqual([error.status, error.param], [400, 'here'])
    return '400'
  }
}

function written({ inlineData, fileData }: Part): string {
  return inlineData === undefined
    ? `${fileData?.mimeType ?? '-'} ${fileData?.fileUri}`
    : `${inlineData.mimeType};${inlineData.data}`
}

const files = 'https://generativelanguage.googleapis.com/v1beta/files/abc'

/** Every form of address, for Vertex AI and for the Developer API. */
const addresses: [source: string, vertex: string, gemini: string][] = [
  ['data:image/png;base64,AAAA', 'image/png;AAAA', 'image/png;AAAA'],
  ['data:video/mp4;base64,AAAA', 'video/mp4;AAAA', 'video/mp4;AAAA'],
  ['data:text/plain,a%20b', 'text/plain;YSBi', 'text/plain;YSBi'],
  ['data:image/png;base64,AA-_', 'image/png;AA+/', 'image/png;AA+/'],
  ['data:image/png;base64,AA\r\nAA', 'image/png;AAAA', 'image/png;AAAA'],
  ['data:image/png;base64,', '400', '400'],
  ['data:text/plain,%E0%A4%A', '400', '400'],
  ['gs://b/a.png', 'image/png gs://b/a.png', '400'],
  ['gs://b/a', 'image/* gs://b/a', '400'],
  ['gs://b/v1.2/a', 'image/* gs://b/v1.2/a', '400'],
  [files, '400', `- ${files}`],
  ['files/abc', '400', `- ${files}`],
  ['https://youtu.be/abc', 'video/mp4 https://youtu.be/abc', 'video/mp4 https://youtu.be/abc'],
  ...['watch?v=abc', 'shorts/abc', 'embed/abc', 'live/abc'].flatMap((path) =>
    ['https://www.youtube.com/', 'https://youtube.com/', 'https://m.youtube.com/'].map(
      (host): [string, string, string] => [
        host + path,
        `video/mp4 ${host}${path}`,
        `video/mp4 ${host}${path}`,
      ],
    ),
  ),
  ['https://a.b/x.jpg', 'image/jpeg https://a.b/x.jpg', 'image/jpeg https://a.b/x.jpg'],
  [
    'https://a.b/x.JPEG?y=z.png',
    'image/jpeg https://a.b/x.JPEG?y=z.png',
    'image/jpeg https://a.b/x.JPEG?y=z.png',
  ],
  ['https://a.b/x', 'image/* https://a.b/x', 'image/jpeg https://a.b/x'],
  ['HTTPS://a.b/x.gif', 'image/gif HTTPS://a.b/x.gif', 'image/gif HTTPS://a.b/x.gif'],
  [
    'https://evil.example/youtu.be/x.png',
    'image/png https://evil.example/youtu.be/x.png',
    'image/png https://evil.example/youtu.be/x.png',
  ],
  ['https://a.b/x y.png', '400', '400'],
  ['http://a.b/x.png', '400', '400'],
  ['http://youtu.be/abc', '400', '400'],
  ['file:///etc/passwd', '400', '400'],
  ['blob:https://a.b/x', '400', '400'],
  ['javascript:alert(1)', '400', '400'],
  ['//a.b/x.png', '400', '400'],
  ['AAAA', '400', '400'],
  ['', '400', '400'],
]

describe('an address', () => {
  for (const [source, vertex, gemini] of addresses) {
    it(`like ${JSON.stringify(source)} is ${vertex} at Vertex AI, ${gemini} at the Developer API`, () => {
      assert.deepEqual([shown({ source }, 'vertex'), shown({ source }, 'gemini')], [vertex, gemini])
    })
  }
})

/** The MIME type alone. */
function typeOf(media: Partial<Media> & { source: string }): string | undefined {
  return shown(media, 'vertex').split(/[ ;](?!rate)/)[0]
}

describe('a type', () => {
  it('comes from the short name of a format', () => {
    const formats = {
      wav: 'audio/wav',
      mp3: 'audio/mp3',
      flac: 'audio/flac',
      aac: 'audio/aac',
      ogg: 'audio/ogg',
      opus: 'audio/ogg',
      aiff: 'audio/aiff',
      MP3: 'audio/mp3',
    }
    const read = Object.keys(formats).map((hint) => [
      hint,
      typeOf({ source: 'AAAA', kind: 'audio', bare: true, hint }),
    ])
    assert.deepEqual(Object.fromEntries(read), formats)
  })

  it('comes from the extension of a path', () => {
    const types = {
      png: 'image/png',
      jpg: 'image/jpeg',
      webp: 'image/webp',
      heic: 'image/heic',
      gif: 'image/gif',
      pdf: 'application/pdf',
      json: 'application/json',
      txt: 'text/plain',
      html: 'text/html',
      csv: 'text/csv',
      mp4: 'video/mp4',
      mov: 'video/quicktime',
      mpeg: 'video/mpeg',
      flv: 'video/x-flv',
      webm: 'video/webm',
      wmv: 'video/wmv',
      '3gp': 'video/3gpp',
      mp3: 'audio/mp3',
      wav: 'audio/wav',
      flac: 'audio/flac',
    }
    const read = Object.keys(types).map((extension) => [
      extension,
      typeOf({ source: `gs://b/a.${extension}` }),
    ])
    assert.deepEqual(Object.fromEntries(read), types)
  })

  it('comes from the first bytes where nothing else tells', () => {
    const starts = {
      iVBORw0KGgoA: 'image/png',
      '/9j/4AAQ': 'image/jpeg',
      R0lGODlh: 'image/gif',
      JVBERi0x: 'application/pdf',
      SUQzBAAA: 'audio/mp3',
      T2dnUwAC: 'audio/ogg',
      ZkxhQwAA: 'audio/flac',
      UklGRiQAAABXQVZF: 'audio/wav',
      UklGRiQAAABXRUJQ: 'image/webp',
    }
    const read = Object.keys(starts).map((source) => [
      source,
      typeOf({ source, kind: 'file', bare: true }),
    ])
    assert.deepEqual(Object.fromEntries(read), starts)
  })

  it('is the usual one of its kind where nothing tells at all', () => {
    const kinds = (['audio', 'video', 'file'] as const).map((kind) =>
      typeOf({ source: 'gs://b/a', kind }),
    )
    assert.deepEqual(kinds, ['audio/wav', 'video/mp4', 'application/pdf'])
  })

  it('in the hint wins over the one in the name', () => {
    assert.equal(typeOf({ source: 'gs://b/a.png', hint: 'image/webp' }), 'image/webp')
  })

  it('is not taken from the words of JavaScript', () => {
    for (const hint of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      assert.equal(typeOf({ source: 'gs://b/a', hint }), 'image/*')
    }
  })
})
