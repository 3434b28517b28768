import { createHash } from 'node:crypto'
import type { Call } from '../call.ts'
import type { Part } from '../request.ts'
import type { ModalityTokenCount } from '../response.ts'
import { png } from './png.ts'
import { keywords, type Prompt } from './prompt.ts'

/** What an image or speech model makes of a prompt, besides text. */
export interface Made {
  text: string
  parts: Part[]
  tokens: ModalityTokenCount[]
}

/** The image or the speech a model answers with; undefined where it answers in text alone. */
export function madeFor({ request, model }: Call, prompt: Prompt): Made | undefined {
  const modalities = request.generationConfig?.responseModalities ?? []
  if (model.makes === 'speech') return speech(prompt)
  if (model.makes !== 'images') return undefined
  if (modalities.length > 0 && !modalities.includes('IMAGE')) return undefined
  const subject = keywords(prompt.text).slice(0, 3).join(', ') || 'nothing in particular'
  const tokenCount = model.generation >= 3 ? 1120 : 1290
  return {
    text: modalities.includes('TEXT') ? `Here is an image of ${subject}, as you asked.` : '',
    parts: [image(prompt.text)],
    tokens: [{ modality: 'IMAGE', tokenCount }],
  }
}

function image(text: string): Part {
  const [red = 0, green = 0, blue = 0] = createHash('sha256').update(text).digest()
  const data = png(16, 16, [red, green, blue]).toString('base64')
  return { inlineData: { mimeType: 'image/png', data } }
}

const rate = 24_000

/** Seconds of sound for one character of text, about as fast as one speaks. */
const pace = 0.05

// One part for each half second, which is how a stream brings it; a whole answer joins them.
function speech({ text }: Prompt): Made {
  const seconds = Math.min(Math.max(text.length * pace, 0.5), 10)
  const samples = tone(Math.round(seconds * rate))
  const length = rate
  const parts = Array.from({ length: Math.ceil(samples.length / length) }, (_, i) =>
    sound(samples.subarray(i * length, (i + 1) * length)),
  )
  return { text: '', parts, tokens: [{ modality: 'AUDIO', tokenCount: Math.ceil(seconds * 25) }] }
}

/** Parts of sound as the one part they are in a whole answer. */
export function joined(parts: Part[]): Part[] {
  const sounds = parts.flatMap(({ inlineData }) =>
    inlineData?.mimeType?.startsWith('audio/')
      ? [Buffer.from(inlineData.data ?? '', 'base64')]
      : [],
  )
  return sounds.length > 1 ? [sound(Buffer.concat(sounds))] : parts
}

function sound(samples: Buffer): Part {
  const mimeType = `audio/L16;codec=pcm;rate=${rate}`
  return { inlineData: { mimeType, data: samples.toString('base64') } }
}

// 16 bits, little-endian, mono: a quiet A.
function tone(count: number): Buffer {
  const samples = Int16Array.from({ length: count }, (_, i) =>
    Math.round(3000 * Math.sin((2 * Math.PI * 440 * i) / rate)),
  )
  const bytes = Buffer.alloc(count * 2)
  samples.forEach((sample, i) => bytes.writeInt16LE(sample, i * 2))
  return bytes
}
