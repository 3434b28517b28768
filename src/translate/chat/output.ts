import { z } from 'zod'
import { invalidRequest } from '../../errors.ts'
import type { Abilities } from '../abilities.ts'
import type { GenerationConfig } from '../gemini.ts'
import { lookUp } from '../json.ts'
import { optional } from '../parse.ts'

/** In what the answer comes: text, pictures, sound. */
export const output = {
  modalities: optional(z.array(z.string())),
  audio: optional(
    z.object({
      voice: optional(z.union([z.string(), z.object({ id: z.string() })])),
      format: optional(z.string()),
    }),
  ),
}

const fragment = z.object(output)

/** Throws 400 for sound in a coding that Gemini does not make. */
export function toOutputConfig(
  request: z.output<typeof fragment>,
  can: Abilities,
): GenerationConfig {
  const { modalities, audio, ...forgotten } = request
  forgotten satisfies Record<string, never>
  const asked = modalities?.map((modality) => modality.toUpperCase())
  const wanted = asked?.includes('AUDIO') === true || can.modalities?.includes('AUDIO') === true
  if (wanted && audio?.format !== undefined && !['wav', 'pcm16'].includes(audio.format)) {
    throw invalidRequest(
      `Gemini speaks wav and pcm16, not '${audio.format}'.`,
      'audio.format',
      'unsupported_value',
    )
  }
  const voice = typeof audio?.voice === 'object' ? audio.voice.id : audio?.voice
  return {
    // A model that speaks only, speaks only: text beside it is refused.
    responseModalities: can.modalities?.includes('AUDIO')
      ? can.modalities
      : toModalities(asked, can),
    speechConfig:
      wanted && voice !== undefined
        ? { voiceConfig: { prebuiltVoiceConfig: { voiceName: lookUp(voices, voice) ?? voice } } }
        : undefined,
  }
}

/** Text alone is what most models do anyway. */
function toModalities(asked: string[] | undefined, can: Abilities): string[] | undefined {
  if (asked === undefined || asked.length === 0) return can.modalities
  const plain = can.modalities === undefined && asked.every((modality) => modality === 'TEXT')
  return plain ? undefined : asked
}

/** OpenAI's voices -> Gemini's of a like character. */
const voices: Record<string, string> = {
  alloy: 'Kore',
  ash: 'Charon',
  ballad: 'Umbriel',
  cedar: 'Orus',
  coral: 'Leda',
  echo: 'Puck',
  fable: 'Fenrir',
  marin: 'Aoede',
  nova: 'Zephyr',
  onyx: 'Iapetus',
  sage: 'Sulafat',
  shimmer: 'Autonoe',
  verse: 'Algieba',
}
