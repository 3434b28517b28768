import { z } from 'zod'
import { brief, invalidRequest } from '../../errors.ts'
import type { Part } from '../gemini.ts'
import { lookUp } from '../json.ts'
import { toMedia } from '../media.ts'
import { list, optional } from '../parse.ts'
import { carriers, type ExtraContent, readExtraContent } from './google.ts'
import type { Target } from './target.ts'

const url = z.object({
  url: z.string(),
  detail: optional(z.string()),
  /** Not OpenAI's: a hint for a URL whose path does not tell. */
  format: optional(z.string()),
  mime_type: optional(z.string()),
})

/** Google's documentation shows the bare string as well as OpenAI's object. */
const urlOrString = z.union([z.string(), url], 'Expected a URL, or an object with a url.')

const textPart = z.object({ type: z.literal('text'), text: z.string(), ...carriers })
const refusalPart = z.object({ type: z.literal('refusal'), refusal: z.string() })

const mediaParts = [
  z.object({ type: z.literal('image_url'), image_url: urlOrString, ...carriers }),
  z.object({
    type: z.literal('input_image'),
    image_url: urlOrString,
    detail: optional(z.string()),
    ...carriers,
  }),
  z.object({ type: z.literal('video_url'), video_url: urlOrString, ...carriers }),
  z.object({ type: z.literal('input_video'), video_url: urlOrString, ...carriers }),
  z.object({ type: z.literal('audio_url'), audio_url: urlOrString, ...carriers }),
  z.object({
    type: z.literal('input_audio'),
    input_audio: z.object({ data: z.string(), format: optional(z.string()) }),
    ...carriers,
  }),
  z.object({
    type: z.literal('file'),
    file: z.object({
      file_data: optional(z.string()),
      file_id: optional(z.string()),
      filename: optional(z.string()),
      mime_type: optional(z.string()),
      format: optional(z.string()),
    }),
    ...carriers,
  }),
] as const

const partTypes = ['text', 'refusal', ...mediaParts.map((part) => part.shape.type.value)]

const part = z.discriminatedUnion('type', [textPart, refusalPart, ...mediaParts], {
  error: ({ input }) => {
    const type = typeof input === 'object' && input !== null && 'type' in input ? input.type : input
    return `Invalid value: '${brief(type)}'. Supported values are: ${partTypes.map((name) => `'${name}'`).join(', ')}.`
  },
})

/** What a message says: a string, or parts of text and media. */
export const content = z.union(
  [z.string(), list(part, 3000)],
  'Expected a string or an array of content parts.',
)

export type MessageContent = z.output<typeof content>
export type ContentPart = z.output<typeof part>
type MediaPart = Exclude<ContentPart, { type: 'text' | 'refusal' }>

/** The parts that Gemini gets. `where` is the JSON path of the content, for errors. */
export function toParts(said: MessageContent | undefined, where: string, target: Target): Part[] {
  if (said === undefined) return []
  if (typeof said === 'string') return [{ text: said }]
  return said.map((one, at) => toPart(one, `${where}[${at}]`, target))
}

/** The words of a content that may hold text only; throws 400 where it holds anything else. */
export function toTexts(said: MessageContent | undefined, where: string): string[] {
  if (said === undefined) return []
  if (typeof said === 'string') return [said]
  return said.map((one, at) => {
    if (one.type === 'text') return one.text
    throw invalidRequest(
      'Only text is possible here; put media into a user message.',
      `${where}[${at}].type`,
    )
  })
}

/** One part; `where` is its JSON path. */
export function toPart(one: ContentPart, where: string, target: Target): Part {
  if (one.type === 'text') return withExtras({ text: one.text }, readExtraContent(one))
  if (one.type === 'refusal') return { text: one.refusal }
  return withExtras(toMediaPart(one, where, target), readExtraContent(one))
}

export function withExtras(part: Part, { thought, signature, videoMetadata }: ExtraContent): Part {
  return {
    ...part,
    ...(thought === true && { thought }),
    ...(signature !== undefined && { thoughtSignature: signature }),
    ...(videoMetadata !== undefined && { videoMetadata }),
  }
}

function toMediaPart(one: MediaPart, where: string, target: Target): Part {
  switch (one.type) {
    case 'image_url':
      return toUrlPart(one.image_url, 'image', `${where}.image_url`, target)
    case 'input_image': {
      const url = toUrl(one.image_url)
      const given = {
        ...url,
        detail: detailOf(one.image_url, 'detail' in one ? one.detail : undefined),
      }
      return toUrlPart(given, 'image', `${where}.image_url`, target)
    }
    case 'video_url':
    case 'input_video':
      return toUrlPart(one.video_url, 'video', `${where}.video_url`, target)
    case 'audio_url':
      return toUrlPart(one.audio_url, 'audio', `${where}.audio_url`, target)
    case 'input_audio': {
      const { data, format } = one.input_audio
      return toMedia(
        { source: data, kind: 'audio', hint: format, bare: true },
        `${where}.input_audio.data`,
        target.provider,
      )
    }
    case 'file': {
      const { file_data, file_id, filename, mime_type, format } = one.file
      const source = file_data ?? file_id
      if (source === undefined) {
        throw invalidRequest('Give file_data or file_id.', `${where}.file`)
      }
      const param = `${where}.file.${file_data === undefined ? 'file_id' : 'file_data'}`
      const bare = file_data !== undefined
      return toMedia(
        { source, kind: 'file', hint: mime_type ?? format, filename, bare },
        param,
        target.provider,
      )
    }
  }
}

/** The string form as the object that it stands for. */
function toUrl(given: z.output<typeof urlOrString>): z.output<typeof url> {
  if (typeof given === 'object') return given
  return { url: given, detail: undefined, format: undefined, mime_type: undefined }
}

function toUrlPart(
  given: z.output<typeof urlOrString>,
  kind: 'image' | 'video' | 'audio',
  where: string,
  target: Target,
): Part {
  const {
    url: source,
    detail,
    format,
    mime_type,
  } = typeof given === 'string' ? { url: given } : given
  const param = typeof given === 'string' ? where : `${where}.url`
  const media = toMedia({ source, kind, hint: mime_type ?? format }, param, target.provider)
  const level = toResolution(detail)
  return level !== undefined && target.can.mediaResolution === 'part'
    ? { ...media, mediaResolution: { level } }
    : media
}

const resolutions: Record<string, string> = {
  low: 'MEDIA_RESOLUTION_LOW',
  medium: 'MEDIA_RESOLUTION_MEDIUM',
  high: 'MEDIA_RESOLUTION_HIGH',
  ultra_high: 'MEDIA_RESOLUTION_ULTRA_HIGH',
}

/** `detail: 'low'` -> Gemini's word; `auto` and words that Gemini lacks say nothing. */
export function toResolution(detail: string | undefined): string | undefined {
  return detail === undefined ? undefined : lookUp(resolutions, detail.toLowerCase())
}

/** The `detail` of each picture and film in a content; `auto` where none is given. */
export function detailsOf(said: MessageContent | undefined): string[] {
  if (typeof said !== 'object') return []
  return said.flatMap((one) => {
    if (one.type === 'image_url' || one.type === 'input_image')
      return detailOf(one.image_url, 'detail' in one ? one.detail : undefined) ?? 'auto'
    if (one.type === 'video_url' || one.type === 'input_video')
      return detailOf(one.video_url) ?? 'auto'
    return []
  })
}

/** Beside the URL, or in one object with it. */
function detailOf(given: z.output<typeof urlOrString>, beside?: string): string | undefined {
  return beside ?? (typeof given === 'object' ? given.detail : undefined)
}
